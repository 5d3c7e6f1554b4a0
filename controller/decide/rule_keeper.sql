-- rule_keeper.sql - tables rule_state, rule_state_count.

-- name: rule_state_lock
-- In the order given, which is that of the buckets.
select count(pg_advisory_xact_lock(hashtextextended('rule state ' || $1::uuid::text || ' ' || b, 0))) from unnest($2::bigint[]) as b

-- name: rule_state_load
-- Each by its key, however many a rule has. In the order in which they were put.
select s.rule, s.kind, s.key, s.value, coalesce(s.due_at, s.over_at)
from unnest($2::text[], $3::bigint[], $4::bytea[]) as n(rule, kind, key)
cross join lateral (select x.* from rule_state x where x.tenant_id = $1 and x.rule = n.rule and x.kind = n.kind and x.key = n.key offset 0) s
where s.over_at is null or s.over_at > $5
order by s.touched_at

-- name: rule_state_load_kinds
select s.rule, s.kind, s.key, s.value, coalesce(s.due_at, s.over_at)
from unnest($2::text[], $3::bigint[]) as n(rule, kind)
cross join lateral (select x.* from rule_state x where x.tenant_id = $1 and x.rule = n.rule and x.kind = n.kind offset 0) s
where s.over_at is null or s.over_at > $4
order by s.touched_at

-- name: rule_state_drop
with gone as (
    delete from rule_state s using unnest($2::text[], $3::bigint[], $4::bytea[]) as n(rule, kind, key)
    where s.tenant_id = $1 and s.rule = n.rule and s.kind = n.kind and s.key = n.key
    returning s.rule, s.kind)
update rule_state_count c set keys = c.keys - g.n
from (select rule, count(*) as n from gone where kind = 3 group by rule) g where c.tenant_id = $1 and c.rule = g.rule

-- name: rule_state_put
-- How many keys the rules have now whose windows got a new one. A row that was there has an xmax: it was locked to be changed.
with put as (
    insert into rule_state (tenant_id, rule, kind, key, value, due_at, over_at, touched_at)
    select $1, n.rule, n.kind, n.key, n.value, case when n.kind in (2, 6) then n.until end, case when n.kind not in (2, 6) then n.until end, $7
    from unnest($2::text[], $3::bigint[], $4::bytea[], $5::bytea[], $6::timestamptz[]) as n(rule, kind, key, value, until)
    on conflict (tenant_id, rule, kind, key) do update
        set value = excluded.value, due_at = excluded.due_at, over_at = excluded.over_at, touched_at = excluded.touched_at
    returning rule, kind, xmax = 0 as fresh)
insert into rule_state_count (tenant_id, rule, keys)
select $1, rule, count(*) from put where kind = 3 and fresh group by rule order by rule
on conflict (tenant_id, rule) do update set keys = rule_state_count.keys + excluded.keys
returning rule, keys

-- name: rule_state_evict
-- Those that were quiet for the longest time.
with gone as (
    delete from rule_state where tenant_id = $1 and rule = $2 and kind = 3 and key in (
        select key from rule_state where tenant_id = $1 and rule = $2 and kind = 3 order by touched_at limit $3)
    returning 1)
update rule_state_count set keys = keys - (select count(*) from gone) where tenant_id = $1 and rule = $2
