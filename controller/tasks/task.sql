-- Making and cancelling a task (tables task, task_queue, task_event).

-- name: task_create
-- An id that exists already (of whichever tenant) changes nothing.
with made as (
    insert into task (tenant_id, id, state, class, holding_id, machine_id, site_id, grant_id, image_version_id, params, after,
                      schedule_time, expires_at, deadline_s, reason, ticket, labels, requested_by, alert_id, decision_id, rule_id, rule_version)
    values ($1, $2, case when $11 <= now() then 'queued' else 'scheduled' end, $3, $4, $5, $6, $7, $8, $9, $10,
            $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, nullif($21, 0))
    on conflict do nothing
    returning tenant_id, id, site_id, machine_id, class, state, schedule_time, expires_at, rule_id),
queued as (
    insert into task_queue (tenant_id, task_id, site_id, machine_id, class, state, due_at, turn_at, expires_at, rule_id)
    select tenant_id, id, site_id, machine_id, class, state, schedule_time, schedule_time + class_wait(class), expires_at, rule_id from made)
insert into task_event (tenant_id, id, task_id, at, kind, name, detail)
select tenant_id, $22, id, now(), 'state', '-> ' || state, $23 from made;

-- name: task_notify
-- A hint for the controllers' timers: a task of this site may be ready.
select pg_notify('muster_task', $1::text);

-- name: task_ask_cancel
with asked as (
    update task set cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, $3),
        cancel_answer = null, cancel_answer_epoch = null
    where tenant_id = $1 and id = $2)
update task_queue set cancelling = true where tenant_id = $1 and task_id = $2;
