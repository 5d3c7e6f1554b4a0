-- Many tasks of one transaction (tables task_grant, task_event, machine.held_because).

-- name: book_grants
-- Whose tasks are these? Across tenants (policy engine_all_task_grant).
select k.n, g.tenant_id
from unnest($1::uuid[], $2::uuid[], $3::bigint[]) with ordinality as k (task_id, site_id, epoch, n)
join task_grant g on g.task_id = k.task_id and g.epoch = k.epoch and g.site_id = k.site_id;

-- name: book_events
insert into task_event (tenant_id, id, task_id, epoch, at, kind, name, state, detail, evidence, duration_ms, attempt, agent_id, sequence)
select $1, e.id, e.task_id, nullif(e.epoch, 0), e.at, e.kind, e.name, e.state, e.detail, e.evidence, nullif(e.duration_ms, 0), nullif(e.attempt, 0),
       e.agent_id, nullif(e.sequence, 0)
from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[],
            $12::bigint[], $13::uuid[], $14::bigint[])
    as e (id, task_id, epoch, at, kind, name, state, detail, evidence, duration_ms, attempt, agent_id, sequence);

-- name: book_holds
-- What a person's hold says stays; a task takes back only its own.
update machine m set held_because = h.because, held_by_task = case when h.because is not null then h.task_id end
from unnest($1::uuid[], $2::uuid[], $3::text[]) as h (machine_id, task_id, because)
where m.id = h.machine_id and case when h.because is null then m.held_by_task = h.task_id else m.held_because is null or m.held_by_task = h.task_id end;
