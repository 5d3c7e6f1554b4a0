-- Exclusive against leasing, which reads the book under the shared lock: after the commit no task of an older book is leased.
-- name: rule_book_lock
select pg_advisory_xact_lock(hashtextextended('rule book ' || $1::uuid::text, 0))

-- name: rule_ensure
insert into rule (tenant_id, id, name, current_version) values ($1, $2, $3, $4::integer) on conflict (tenant_id, name) do nothing

-- name: rule_find
select r.id, r.current_version, r.stage, v.digest
from rule r left join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id and v.version = r.current_version
where r.tenant_id = $1 and r.name = $2

-- name: rule_version_insert
insert into rule_version (tenant_id, rule_id, version, source, digest, pushed_by) values ($1, $2, $3::integer, $4, $5, $6)

-- name: rule_set
update rule set current_version = $3::integer, stage = case when $4 then 'active' else stage end where tenant_id = $1 and id = $2

-- name: rule_book_raise
insert into rule_book (tenant_id, revision) values ($1, 1)
on conflict (tenant_id) do update set revision = rule_book.revision + 1

-- name: rule_list
select json_build_object('id', r.id, 'name', r.name, 'stage', r.stage, 'version', r.current_version, 'digest', encode(v.digest, 'hex'),
           'pushed_by', v.pushed_by, 'pushed_at', v.pushed_at, 'source', case when $3::text is not null then v.source end,
           'versions', (select json_agg(x.version order by x.version) from rule_version x where x.tenant_id = r.tenant_id and x.rule_id = r.id),
           'created_at', r.created_at), r.name
from rule r
join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id and v.version = r.current_version
where r.tenant_id = $1 and ($2::text is null or r.name > $2) and ($3::text is null or r.name = $3)
order by r.name limit $4
