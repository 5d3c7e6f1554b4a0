-- task_drop.sql - a leased task that is not sent.

-- name: drop_lock
select 1 from task_queue
where tenant_id = $1 and task_id = $2 and epoch = $3 and leased_by = $4 and state = 'leased'
for update;

-- name: drop_grant
-- No agent ever saw this epoch. True: one may still hold the task by an older one.
with ended as (
    update task_grant set ended = 'not_sent' where tenant_id = $1 and task_id = $2 and epoch = $3 and ended is null)
select exists (select from task_grant where tenant_id = $1 and task_id = $2 and epoch <> $3 and ended is null);

-- name: drop_ask
update task set cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, $3)
where tenant_id = $1 and id = $2;

-- name: drop_cancelling
update task_queue set cancelling = true where tenant_id = $1 and task_id = $2;

-- name: drop_cause
update task set cause = $3 where tenant_id = $1 and id = $2;
