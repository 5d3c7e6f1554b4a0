-- A machine that a person releases (tables task, task_queue, machine.held_because).

-- name: release_open
select task_id from task_queue
where tenant_id = $1 and machine_id = $2 and state in ('leased', 'accepted', 'running', 'unknown');

-- name: release_settled
-- Nobody saw it put back.
update task set restore = case restore when 'pending' then 'failed' else restore end, cause = 'settled by a person: ' || $3
where tenant_id = $1 and id = $2;

-- name: release_machine
update machine set held_because = null, held_by_task = null where id = $1 and held_because is not null;
