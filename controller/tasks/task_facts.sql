-- What agents say, as far as it is done at once (tables task, task_grant); the rest: task_book.sql, task_state.sql.

-- name: facts_find_order
-- Rare, and looked for among what is on its way to the site now: no index is kept for it.
select g.tenant_id, g.task_id, g.epoch from task_queue q
join task_grant g on g.tenant_id = q.tenant_id and g.task_id = q.task_id and g.epoch = q.epoch
where q.site_id = $2 and q.state = 'leased' and g.order_sha256 = $1;

-- name: facts_given_up
update task set cause = $3, remedy = $4 where tenant_id = $1 and id = $2;

-- name: facts_end_grant
update task_grant set ended = $4 where tenant_id = $1 and task_id = $2 and epoch = $3 and ended is null;

-- name: facts_end_grants
-- What an agent declined, released or does not hold at an epoch it holds by no lower one, and will take by none.
update task_grant set ended = $4 where tenant_id = $1 and task_id = $2 and epoch <= $3 and ended is null;

-- name: facts_rivals
-- Other tasks of the machine that count as under way, of whichever tenant.
select tenant_id, task_id, state from task_queue
where machine_id = $1 and task_id <> $2 and state in ('leased', 'accepted', 'running', 'unknown');

-- name: facts_cancel_answer
-- No row: it has said so before.
update task set cancel_answer = $4, cancel_answer_epoch = $3
where tenant_id = $1 and id = $2 and (cancel_answer_epoch is distinct from $3 or cancel_answer is distinct from $4);

-- name: facts_late_result
-- Once. Whether the machine was put back is the agent's to say, whoever settled the task.
update task set restore = $5, late_result = jsonb_build_object('outcome', $3::text, 'verdict', nullif($4::text, ''), 'restore', $5::text,
    'cause', nullif($6::text, ''), 'came_at', now())
where tenant_id = $1 and id = $2 and late_result is null;

