-- The queue: leases and what is due (tables task_queue, task_grant, machine.epoch).

-- name: queue_candidates
-- Across tenants (policy engine_all_task_queue); nothing is locked yet.
select q.tenant_id, q.task_id, q.machine_id
from task_queue q
join machine m on m.id = q.machine_id
join site s on s.id = q.site_id
where q.site_id = $1 and q.state = 'queued' and q.due_at <= now() and q.expires_at > now()
  and m.held_because is null and s.quarantined_because is null
  and not exists (select from task_queue b where b.machine_id = q.machine_id and b.state in ('leased', 'accepted', 'running', 'unknown'))
order by q.class, q.due_at, q.task_id
limit $2;

-- name: queue_claim
-- Two controllers never wait for each other.
select 1
from task_queue q
join machine m on m.id = q.machine_id
where q.tenant_id = $1 and q.task_id = $2 and q.state = 'queued' and m.held_because is null
for update of q skip locked for no key update of m skip locked;

-- name: queue_raise_epoch
-- Behind the machine's lock: another's lease that committed meanwhile shows here.
update machine m set epoch = greatest(m.epoch, s.epoch_floor) + 1
from site s
where m.id = $1 and s.id = m.site_id
  and not exists (select from task_queue b where b.machine_id = m.id and b.state in ('leased', 'accepted', 'running', 'unknown'))
returning m.epoch;

-- name: queue_grant
insert into task_grant (tenant_id, task_id, epoch, site_id, agent_id, machine_id, controller_id) values ($1, $2, $3, $4, $5, $6, $7);

-- name: queue_sent
update task_queue set sent_at = now()
where tenant_id = $1 and task_id = $2 and epoch = $3 and leased_by = $4 and state = 'leased' and lease_until > now();

-- name: queue_holds_lease
select 1 from task_queue
where tenant_id = $1 and task_id = $2 and epoch = $3 and leased_by = $4 and state = 'leased' and lease_until > now()
for update;

-- name: queue_end_grant
update task_grant set ended = $4 where tenant_id = $1 and task_id = $2 and epoch = $3 and ended is null;

-- name: queue_due
-- What a row waits for that has come, by the database's clock; the oldest first. An overdue task that an agent may hold is asked after once
-- (then it has a deadline_at) and becomes unknown when the answer stays away.
select tenant_id, task_id, what from (
    select q.tenant_id, q.task_id, q.expires_at,
        case when q.state = 'scheduled' and q.expires_at > now() and q.due_at <= now() then 'due'
             when q.state in ('scheduled', 'pending_approval', 'limited') and q.expires_at <= now() then 'expire'
             when q.state = 'leased' and q.lease_until <= now() then 'lapse'
             when q.state in ('accepted', 'running') and q.deadline_at + make_interval(secs => $1) <= now() then 'silent'
             when q.state = 'queued' and q.expires_at <= now() then
                 case when not exists (select from task_grant g where g.task_id = q.task_id and g.ended is null) then 'expire'
                      when q.deadline_at is null then 'ask'
                      when q.deadline_at + make_interval(secs => $1) <= now() then 'silent' end
        end as what
    from task_queue q
    where ($2::uuid is null or q.task_id = $2)) rows
where what is not null
order by expires_at limit 200;

-- name: queue_ask
-- Cancelled after its last start moment: the answer NOT_HELD ends it as expired.
with asked as (
    update task set cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, 'its last start moment passed')
    where tenant_id = $1 and id = $2
    returning tenant_id, id, deadline_s)
update task_queue q set deadline_at = q.expires_at + make_interval(secs => asked.deadline_s)
from asked where q.tenant_id = asked.tenant_id and q.task_id = asked.id;

-- name: queue_notify
select pg_notify('muster_task', $1::text);
