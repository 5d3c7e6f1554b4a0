-- rule_sweep.sql - states that are over (tables rule_state, rule_state_count). Kinds: rules/engine/rule_states.h.

-- name: sweep_next_tenant
select tenant_id from rule_state where tenant_id > $1 and over_at < $2 order by tenant_id limit 1

-- name: sweep_plan
-- A plan that was made while the table was small would read all of it for each page.
select set_config('enable_seqscan', 'off', true)

-- name: sweep_page
-- 1 tenant, 2 over before, 3 to 5 the place where the page before ended, 6 rows of a page. One row, the place where this one ends; none:
-- it was the last. What an alert has touched meanwhile stays.
with page as (
    select rule, kind, key, over_at from rule_state
    where tenant_id = $1 and (rule, kind, key) > ($3, $4::smallint, $5) order by rule, kind, key limit $6),
gone as (
    delete from rule_state s using page p
    where p.over_at < $2 and s.tenant_id = $1 and s.rule = p.rule and s.kind = p.kind and s.key = p.key and s.over_at < $2
    returning s.rule, s.kind),
counted as (
    update rule_state_count c set keys = c.keys - g.n
    from (select rule, count(*) as n from gone where kind = 3 group by rule order by rule) g where c.tenant_id = $1 and c.rule = g.rule)
select rule, kind, key from page order by rule, kind, key offset $6 - 1
