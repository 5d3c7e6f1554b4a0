-- A person's word on its way to an agent (table agent_order).

-- name: agent_order_settle
insert into agent_order (tenant_id, id, site_id, machine_id, kind, task_id, epoch, outcome, who, reason)
select t.tenant_id, $3, t.site_id, t.machine_id, 'settle', t.id, t.epoch, $4, $5, $6
from task t where t.tenant_id = $1 and t.id = $2 and t.epoch is not null;

-- name: agent_order_release
insert into agent_order (tenant_id, id, site_id, machine_id, kind, epoch, who, reason)
select $1, $3, m.site_id, m.id, 'release', m.epoch, $4, $5
from machine m where m.id = $2 and m.epoch > 0;

-- name: agent_order_supersede
update agent_order set ended = 'superseded', ended_at = now()
where tenant_id = $1 and machine_id = $2 and kind = 'release' and ended is null;

-- name: agent_order_notify
select pg_notify('muster_task', site_id::text) from machine where id = $1;

-- name: agent_order_due
select tenant_id, id, site_id, machine_id, task_id, epoch, outcome, reason
from agent_order o where ended is null and (sent_at is null or sent_at < now() - make_interval(secs => $1))
  and exists (select from agent a join agent_session s on s.agent_id = a.id where a.site_id = o.site_id and s.expires_at > now())
order by made_at, kind desc limit 200;

-- name: agent_order_sent
update agent_order set sent_at = now(), order_sha256 = $3 where tenant_id = $1 and id = $2 and ended is null;

-- name: agent_order_find
select tenant_id, id, kind, machine_id from agent_order where site_id = $1 and order_sha256 = $2;

-- name: agent_order_end
update agent_order set ended = $3, ended_at = now() where tenant_id = $1 and id = $2 and ended is null;
