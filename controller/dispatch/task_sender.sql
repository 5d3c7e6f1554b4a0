-- What a signed order is made of. Read as muster_engine in a transaction of the task's tenant.

-- name: order_tasks
-- Of leases, by task and epoch; whose lease is gone is left out. Each by its id ("offset 0"), however few tasks the planner believes in.
select t.id, m.id, m.name, m.smbios_uuid, m.serial, m.memory_mib, m.cpus,
       b.id, b.driver, b.address, b.port, b.username, b.cipher_suite, b.password,
       v.id, i.name, v.version, v.digest, v.document,
       t.params, t.after, t.schedule_time, t.expires_at, t.deadline_s,
       r.name, t.rule_version, t.decision_id, t.alert_id, t.profile, t.checks, t.asks
from unnest($1::uuid[], $2::bigint[]) as w (task_id, epoch)
cross join lateral (select * from task where id = w.task_id offset 0) t
join machine m on m.id = t.machine_id
join bmc_account b on b.machine_id = m.id
join image_version v on v.id = t.image_version_id
join image i on i.id = v.image_id
left join rule r on r.tenant_id = t.tenant_id and r.id = t.rule_id
where t.epoch = w.epoch and t.state = 'leased'

-- name: order_macs
select machine_id, mac from machine_nic where machine_id = any($1::uuid[]) order by machine_id, position

-- name: order_files
select image_version_id, role, name, sha256, size from image_file where image_version_id = any($1::uuid[]) order by image_version_id, role desc

-- name: order_tenants_cancelling
select distinct tenant_id from task_queue where cancelling

-- name: order_cancels
-- What was answered stands as long as the epoch does; but an agent that was finding out itself is asked again.
select id, site_id, epoch, coalesce(cancel_reason, '') from task
where cancel_requested_at is not null and state in ('queued', 'leased', 'accepted', 'running', 'unknown') and epoch is not null
  and (cancel_answer_epoch is distinct from epoch or cancel_answer = 'unknown')
