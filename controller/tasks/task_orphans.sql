-- Leases of before a session (tables task_queue, task_grant).

-- name: orphans_of_site
-- Across tenants (policies engine_all_task_queue, engine_all_task_grant); asked again behind the lock, with the task.
select q.tenant_id, q.task_id
from task_queue q
join task_grant g on g.tenant_id = q.tenant_id and g.task_id = q.task_id and g.epoch = q.epoch
where q.site_id = $1 and q.state = 'leased' and g.granted_at < $2 and ($3::uuid is null or q.task_id = $3)
limit 1000
