-- replay.sql - recorded alerts and decisions (tables alert, decision), and what a replay leaves (table rule_replay).

-- name: replay_limits
-- Sorting is the longest of its statements; it ends with the transaction.
select set_config('statement_timeout', $1, true), set_config('work_mem', '32MB', true)

-- name: replay_open
select replay_open($1, $2, $3, $4)

-- name: replay_fetch
fetch 500 from recorded_alerts

-- name: replay_decisions
select d.alert_id, d.task_id, d.trigger_kind = 'timer', d.shadow, d.trigger, r.name, d.rule_version, coalesce(d.machine_document_version, 0),
       d.until_at, d.evaluated_at, d.ending, d.words
from unnest($2::uuid[]) as u(id)
cross join lateral (select x.* from decision x where x.tenant_id = $1 and x.alert_id = u.id offset 0) d
join rule r on r.tenant_id = $1 and r.id = d.rule_id

-- name: replay_document_then
-- As it was told then, to who held it.
select version, document from machine_document
where tenant_id = $1 and machine_id = $2 and made_at <= $3 order by version desc limit 1

-- name: replay_task
select t.ended_at, t.state, i.name
from task t join image_version v on v.id = t.image_version_id join image i on i.id = v.image_id
where t.tenant_id = $1 and t.id = $2 and t.ended_at is not null

-- name: replay_insert
insert into rule_replay (tenant_id, id, rule_name, version, digest, since, until, alerts, would_act, summary, made_by)
values ($1, $2, $3, $4::integer, $5, $6, $7, $8, $9, $10, $11)
