-- rule_due.sql - states whose time has come (tables rule_state, rule_state_count). Kinds: rules/engine/rule_states.h.

-- name: rule_due_tenants
select distinct tenant_id from rule_state where due_at <= $1

-- name: rule_due_next
select min(due_at) from rule_state where due_at > $1

-- name: rule_due_plan
-- As for a batch of alerts: a plan made while a table was empty would read all of it later.
select set_config('enable_seqscan', 'off', true)

-- name: rule_due_try
-- Another controller is at it: it need not be waited for.
select pg_try_advisory_xact_lock(hashtextextended('rule due ' || $1::uuid::text, 0))

-- name: rule_due_list
select rule, kind, key, value, due_at from rule_state
where tenant_id = $1 and due_at <= $2 order by due_at, rule, kind, key limit $3

-- name: rule_due_drop
delete from rule_state where tenant_id = $1 and rule = $2 and kind = $3 and key = $4
