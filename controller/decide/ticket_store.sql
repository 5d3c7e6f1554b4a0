-- ticket_store.sql - table ticket, as rules open tickets.

-- name: ticket_insert
insert into ticket (tenant_id, id, machine_id, rule_id, decision_id, alert_id, rule_version, priority, queue, title, reason)
select $1, u.id, u.machine_id, u.rule_id, u.decision_id, u.alert_id, u.rule_version, u.priority, u.queue, u.title, u.reason
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[])
     as u(id, machine_id, rule_id, decision_id, alert_id, rule_version, priority, queue, title, reason)
