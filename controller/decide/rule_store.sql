-- Exclusive against intake and leasing, which read the book under the shared lock: after the commit nothing is decided by an older book, and no
-- task of one is leased.
-- name: rule_book_lock
select pg_advisory_xact_lock(hashtextextended('rule book ' || $1::uuid::text, 0))

-- name: rule_ensure
insert into rule (tenant_id, id, name, current_version) values ($1, $2, $3, $4::integer) on conflict (tenant_id, name) do nothing

-- name: rule_find
-- The digest of the version that comes, when it is kept already; and whether any version is.
select r.id, r.current_version, v.digest,
       exists (select from rule_version x where x.tenant_id = r.tenant_id and x.rule_id = r.id and x.version = r.current_version)
from rule r left join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id and v.version = $3::integer
where r.tenant_id = $1 and r.name = $2

-- name: rule_version_insert
insert into rule_version (tenant_id, rule_id, version, source, digest, pushed_by) values ($1, $2, $3::integer, $4, $5, $6)

-- name: rule_push
-- What is armed stays armed. A deprecated rule of which there is a new version is a draft again.
update rule set current_version = $3::integer, stage = case when stage = 'deprecated' then 'draft' else stage end
where tenant_id = $1 and id = $2

-- name: rule_book_raise
insert into rule_book (tenant_id, revision) values ($1, 1)
on conflict (tenant_id) do update set revision = rule_book.revision + 1

-- name: rule_list
-- 4: one version of the one rule; 0: the newest.
select json_build_object('id', r.id, 'name', r.name, 'stage', r.stage, 'version', v.version,
           'active_version', r.active_version, 'shadow_version', r.shadow_version, 'digest', encode(v.digest, 'hex'),
           'stage_since', r.stage_since, 'stage_by', nullif(r.stage_by, ''),
           'stage_reason', nullif(r.stage_reason, ''), 'pushed_by', v.pushed_by, 'pushed_at', v.pushed_at, 'source', case when $3::text is not null then v.source end,
           'versions', (select json_agg(x.version order by x.version) from rule_version x where x.tenant_id = r.tenant_id and x.rule_id = r.id),
           'created_at', r.created_at), r.name
from rule r
join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id and v.version = case when $4::bigint = 0 then r.current_version else $4::bigint end
where r.tenant_id = $1 and ($2::text is null or r.name > $2) and ($3::text is null or r.name = $3)
order by r.name limit $5

-- name: rule_history
-- What was pushed, and every step, the newest first; the key is the moment and an id that tells two of one moment apart.
select json_build_object('at', h.at, 'act', h.act, 'version', h.version, 'who', h.who, 'reason', h.reason, 'digest', encode(h.digest, 'hex'),
           'replay', h.replay_id, 'waived', h.waived), h.key
from (select v.pushed_at as at, 'push' as act, v.version, v.pushed_by as who, null as reason, v.digest, null::uuid as replay_id, null::boolean as waived,
             to_char(extract(epoch from v.pushed_at) * 1000000, 'FM00000000000000000') || ' v' || to_char(v.version, 'FM0000000000') as key
      from rule r join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id
      where r.tenant_id = $1 and r.name = $2
      union all
      select x.at, x.act, x.version, x.who, x.reason, null, x.replay_id, case when x.act = 'arm' and x.version is not null then x.replay_id is null end,
             to_char(extract(epoch from x.at) * 1000000, 'FM00000000000000000') || ' x' || x.id::text
      from rule r join rule_switch x on x.tenant_id = r.tenant_id and x.rule_id = r.id
      where r.tenant_id = $1 and r.name = $2) h
where $3::text is null or h.key < $3 collate "C"
order by h.key collate "C" desc limit $4

-- name: rule_two_texts
-- 3, 4: from and to; 0 for the newest, and to compare it with what is armed, else with the version before it.
with r as (select tenant_id, id, active_version, case when $4::bigint = 0 then current_version else $4::bigint end as upto
           from rule where tenant_id = $1 and name = $2),
w as (select r.*, case when $3::bigint <> 0 then $3::bigint when r.active_version <> r.upto then r.active_version
                       else (select max(x.version) from rule_version x where x.tenant_id = r.tenant_id and x.rule_id = r.id and x.version < r.upto) end as since
      from r)
select w.since, w.upto, a.source, b.source
from w left join rule_version a on a.tenant_id = w.tenant_id and a.rule_id = w.id and a.version = w.since
left join rule_version b on b.tenant_id = w.tenant_id and b.rule_id = w.id and b.version = w.upto
