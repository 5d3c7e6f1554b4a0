-- Exclusive against intake and leasing, which read the book under the shared lock: after the commit nothing is decided by an older book, and no
-- task of one is leased.
-- name: rule_book_lock
select pg_advisory_xact_lock(hashtextextended('rule book ' || $1::uuid::text, 0))

-- name: rule_ensure
insert into rule (tenant_id, id, name, current_version) values ($1, $2, $3, $4::integer) on conflict (tenant_id, name) do nothing

-- name: rule_find
-- The digest of the version that comes, when it is kept already; and whether any version is.
select r.id, r.current_version, r.active_version, v.digest,
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
select json_build_object('id', r.id, 'name', r.name, 'stage', r.stage, 'version', r.current_version,
           'active_version', r.active_version, 'shadow_version', r.shadow_version, 'digest', encode(v.digest, 'hex'),
           'stage_since', r.stage_since, 'stage_by', nullif(r.stage_by, ''),
           'stage_reason', nullif(r.stage_reason, ''), 'pushed_by', v.pushed_by, 'pushed_at', v.pushed_at, 'source', case when $3::text is not null then v.source end,
           'versions', (select json_agg(x.version order by x.version) from rule_version x where x.tenant_id = r.tenant_id and x.rule_id = r.id),
           'created_at', r.created_at), r.name
from rule r
join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id and v.version = r.current_version
where r.tenant_id = $1 and ($2::text is null or r.name > $2) and ($3::text is null or r.name = $3)
order by r.name limit $4

-- name: rule_newest
select r.id, r.current_version, r.active_version, v.source
from rule r join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id and v.version = r.current_version
where r.tenant_id = $1 and r.name = $2

-- name: rule_arm
-- The moment is one under the lock: what was made before it by the rule as it was armed before is told by it (task_queue.made_at).
update rule set active_version = $3::integer, shadow_version = nullif(shadow_version, $3::integer), stage = 'active', stage_since = clock_timestamp(),
    armed_since = coalesce(armed_since, clock_timestamp()), stage_by = $4, stage_reason = $5
where tenant_id = $1 and id = $2

-- name: rule_disarm
update rule set active_version = null, shadow_version = null, armed_since = null, stage = 'draft', stage_since = clock_timestamp(), stage_by = $3,
    stage_reason = $4
where tenant_id = $1 and id = $2

-- name: rule_book_killed
-- A tenant without a row never pushed a rule; its automation can be stopped all the same.
select killed_because from rule_book where tenant_id = $1

-- name: rule_book_kill
insert into rule_book (tenant_id, revision, killed_because, killed_by, killed_at)
values ($1, 1, $2, $3, case when $2::text is not null then now() end)
on conflict (tenant_id) do update set revision = rule_book.revision + 1, killed_because = excluded.killed_because,
    killed_by = case when $2::text is not null then $3 end, killed_at = excluded.killed_at

-- name: rule_switch_insert
insert into rule_switch (tenant_id, id, rule_id, act, revision, who, reason, version)
select $1, $2, $3, $4, revision, $5, $6, nullif($7::integer, 0) from rule_book where tenant_id = $1

-- name: rule_book_show
select json_build_object('stopped', k.killed_because is not null, 'reason', k.killed_because, 'by', k.killed_by, 'since', k.killed_at,
           'revision', coalesce(k.revision, 0),
           'armed', (select count(*) from rule r where r.tenant_id = $1 and r.stage = 'active'),
           'rules', (select count(*) from rule r where r.tenant_id = $1),
           'waiting', (select count(*) from task_queue q where q.tenant_id = $1 and q.state = 'queued' and q.rule_id is not null)), ''
from (select 1) as one left join rule_book k on k.tenant_id = $1
