-- Tasks that a person settles, machines that a person releases (tables task, task_queue, machine.held_because).

-- name: settle_open
select task_id from task_queue
where tenant_id = $1 and machine_id = $2 and state in ('leased', 'accepted', 'running', 'unknown');

-- name: settle_task
-- Nobody saw it put back.
update task set restore = case restore when 'pending' then 'failed' else restore end, cause = 'settled by a person: ' || $3, settled_by = $4
where tenant_id = $1 and id = $2;

-- name: settle_hold
-- Though its STARTED never came, the agent may have touched the machine. What a person's hold says stays.
update machine set held_because = 'nobody saw it put back: task ' || $2::text || ' was settled by a person', held_by_task = $2::uuid
where id = $1 and (held_because is null or held_by_task = $2::uuid);

-- name: settle_free
update machine set held_because = null, held_by_task = null where id = $1 and held_because is not null;
