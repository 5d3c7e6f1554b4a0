-- task_ticket.sql - table ticket, as tasks open tickets that do not run.

-- name: task_ticket_open
-- Of those that have one: 1 tenant, 2 tasks, 3 the tickets' ids, 4 why.
insert into ticket (tenant_id, id, queue, priority, title, machine_id, rule_id, rule_version, decision_id, alert_id, reason)
select t.tenant_id, o.id, t.otherwise ->> 'queue', (t.otherwise ->> 'priority')::bigint, t.otherwise ->> 'title', t.machine_id,
       t.rule_id, t.rule_version, t.decision_id, t.alert_id, $4
from unnest($2::uuid[], $3::uuid[]) as o (task_id, id)
join task t on t.tenant_id = $1 and t.id = o.task_id
where t.otherwise is not null;
