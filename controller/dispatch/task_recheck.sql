-- task_recheck.sql - what a task was decided by.

-- name: recheck_tasks
select t.id, t.rule_id, t.rule_version, t.alert_id, t.machine_id, t.window_was
from unnest($2::uuid[]) with ordinality as w (id, n)
join task t on t.tenant_id = $1 and t.id = w.id
where t.rule_id is not null
order by w.n

-- name: recheck_rule
select r.name, v.source from rule_version v join rule r on r.tenant_id = v.tenant_id and r.id = v.rule_id
where v.tenant_id = $1 and v.rule_id = $2 and v.version = $3

-- name: recheck_alerts
-- Of this machine since alert 3, the newest first; what came twice counts once.
select id from alert
where tenant_id = $1 and machine_id = $2 and status = 'resolved' and id > $3 and disposition <> 'duplicate'
order by id desc limit $4

-- name: recheck_alerts_firing
-- The same of those that fire: asked for only behind one that is resolved.
select id from alert
where tenant_id = $1 and machine_id = $2 and status = 'firing' and id > $3 and disposition <> 'duplicate'
order by id desc limit $4
