-- Tasks that a lost journal may have held (tables task_queue, task_grant).

-- name: lost_tasks
-- Across tenants (policies engine_all_task_queue, engine_all_task_grant). An order that was never signed reached nobody. Those that count as
-- under way go first: they have their machines. What is unknown already stays so, whatever the new journal says.
select q.tenant_id, q.task_id from task_queue q
where q.site_id = $1 and q.state in ('queued', 'leased', 'accepted', 'running', 'unknown')
  and exists (select from task_grant g where g.tenant_id = q.tenant_id and g.task_id = q.task_id and g.ended is null and g.order_sha256 is not null)
order by q.state = 'queued', q.tenant_id, q.task_id

-- name: lost_ask
with asked as (
    update task set cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, $3)
    where tenant_id = $1 and id = $2)
update task_queue set cancelling = true where tenant_id = $1 and task_id = $2

-- name: lost_grants
update task_grant set ended = 'lost' where tenant_id = $1 and task_id = $2 and ended is null
