-- ticket_view.sql - tickets as people read and close them (table ticket).

-- name: ticket_view_list
-- 2 before which id, 3 state, 4 queue, 5 machine: null is any.
select json_build_object('id', t.id, 'state', t.state, 'queue', t.queue, 'priority', t.priority, 'title', t.title, 'machine', m.name,
                         'rule', json_build_object('name', r.name, 'version', t.rule_version), 'reason', t.reason, 'alert', t.alert_id,
                         'opened_at', t.opened_at, 'closed_at', t.closed_at, 'closed_by', t.closed_by, 'close_reason', t.close_reason), t.id::text
from ticket t
join rule r on r.tenant_id = t.tenant_id and r.id = t.rule_id
left join machine m on m.id = t.machine_id
where t.tenant_id = $1
  and ($2::uuid is null or t.id < $2)
  and ($3::text is null or t.state = $3)
  and ($4::text is null or t.queue = $4)
  and ($5::uuid is null or t.machine_id = $5)
order by t.id desc limit $6

-- name: ticket_view_find
select t.id, t.state from ticket t where t.tenant_id = $1 and t.id::text like $2 limit 2

-- name: ticket_view_show
-- Its task is the one that its decision made and that did not run; there is none where the rule must not act.
select json_build_object('id', t.id, 'state', t.state, 'queue', t.queue, 'priority', t.priority, 'title', t.title,
                         'machine', m.name, 'machine_id', t.machine_id, 'rule', json_build_object('name', r.name, 'version', t.rule_version),
                         'reason', t.reason,
                         'alert', (select json_build_object('id', a.id, 'event_id', a.event_id, 'type', a.type, 'severity', a.severity)
                                   from alert a where a.tenant_id = t.tenant_id and a.id = t.alert_id),
                         'decision', t.decision_id,
                         'task', (select d.task_id from decision d where d.tenant_id = t.tenant_id and d.id = t.decision_id),
                         'opened_at', t.opened_at, 'closed_at', t.closed_at, 'closed_by', t.closed_by, 'close_reason', t.close_reason)
from ticket t
join rule r on r.tenant_id = t.tenant_id and r.id = t.rule_id
left join machine m on m.id = t.machine_id
where t.tenant_id = $1 and t.id = $2

-- name: ticket_view_close
update ticket set state = 'closed', closed_at = now(), closed_by = $3, close_reason = $4
where tenant_id = $1 and id = $2 and state = 'open'
