-- replay.sql - recorded alerts and decisions (tables alert, decision), and what a replay leaves (table rule_replay).

-- name: replay_limits
-- Sorting is the longest of its statements; it ends with the transaction.
select set_config('statement_timeout', $1, true), set_config('work_mem', '32MB', true)

-- name: replay_open
select replay_open($1, $2, $3, $4, $5)

-- name: replay_fetch_alerts
-- No more than a socket holds: the server is through with it before it is read.
fetch 100 from recorded_alerts

-- name: replay_fetch_decisions
fetch 2000 from recorded_decisions

-- name: replay_document_then
-- As it was told then, to who held it.
select version from machine_document
where tenant_id = $1 and machine_id = $2 and made_at <= $3 order by version desc limit 1

-- name: replay_task
-- As it was known to stand at that moment: an agent that was cut off tells of an end later.
select case when s.state in ('succeeded', 'failed', 'cancelled', 'expired') then t.ended_at end, s.state, i.name
from task t join image_version v on v.id = t.image_version_id join image i on i.id = v.image_id
cross join lateral (
    select coalesce((select split_part(e.name, '-> ', 2) from task_event e
                     where e.tenant_id = t.tenant_id and e.task_id = t.id and e.kind = 'state' and e.recorded_at <= $3
                     order by e.recorded_at desc, e.id desc limit 1), t.state) as state) s
where t.tenant_id = $1 and t.id = $2

-- name: replay_insert
insert into rule_replay (tenant_id, id, rule_name, version, digest, since, until, alerts, would_act, summary, made_by)
values ($1, $2, $3, $4::integer, $5, $6, $7, $8, $9, $10, $11)
