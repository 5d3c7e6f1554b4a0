-- The queue: leases and what is due (tables task_queue, task_grant, machine.epoch).

-- name: queue_sites
-- From one site to the next in the order of the index: what is asked is one row a site, however many tasks wait there.
with recursive next (site_id) as (
    (select site_id from task_queue where state = 'queued' order by site_id limit 1)
    union all
    select (select q.site_id from task_queue q where q.state = 'queued' and q.site_id > next.site_id order by q.site_id limit 1)
    from next where next.site_id is not null)
select site_id from next where site_id is not null;

-- name: queue_candidates
-- Across tenants (policy engine_all_task_queue); nothing is locked yet. A task whose limit is full is left out where it was tried before;
-- one that was not is let through once, to become `limited`. A site that a person released waits for its agent to begin anew. A held machine's tasks, and those of automation that is switched
-- off or braked, are left out here so that they take no place among the first $2 of their site. Each is asked by itself, in the order of the turns,
-- until there are enough ("offset 0" keeps it so): the cost is that of what is leased, not of what is queued or under way elsewhere.
select c.tenant_id, c.task_id, c.machine_id, s.n
from unnest($1::uuid[]) with ordinality as s (site_id, n),
lateral (select exists (select from automation_stop x where x.ended_at is null and (x.site_id is null or x.site_id = s.site_id)) as stopped offset 0) p,
lateral (
    select q.tenant_id, q.task_id, q.machine_id, q.turn_at
    from task_queue q
    where q.site_id = s.site_id and q.state = 'queued' and not q.cancelling and q.due_at <= now() and q.expires_at > now()
      and not exists (select from site t where t.id = s.site_id and (t.quarantined_because is not null or t.begin_anew))
      and exists (select from machine m where m.id = q.machine_id and m.held_because is null offset 0)
      and not exists (select from task_queue b where b.machine_id = q.machine_id and b.state in ('leased', 'accepted', 'running', 'unknown') offset 0)
      and (q.rule_id is null
           or not p.stopped
              and exists (select from rule r where r.tenant_id = q.tenant_id and r.id = q.rule_id and r.armed_since <= q.made_at
                          and not exists (select from rule_book k where k.tenant_id = r.tenant_id
                                          and (k.killed_because is not null or k.braked_because is not null)) offset 0))
      and (q.limits = 0 or q.tries = 0 or limit_full(q.tenant_id, q.task_id) is null)
    order by q.turn_at, q.task_id
    limit $2) c
order by s.n, c.turn_at, c.task_id;

-- name: queue_rule_books
-- Shared: who arms, disarms or stops waits for this transaction. It waits for none of them, nor for those that they wait for: the tenants
-- that are not returned come next time (none is while a site or the fleet is being stopped). What the books say is read behind it.
with stops as materialized (select pg_try_advisory_xact_lock_shared(hashtextextended('automation stops', 0)) as held)
select n from stops, unnest($1::uuid[]) with ordinality as m (tenant, n)
where stops.held and pg_try_advisory_xact_lock_shared(hashtextextended('rule book ' || tenant::text, 0)) order by n;

-- name: queue_claim
-- Of one tenant. Two controllers never wait for each other. The rule book as it is now that its lock is held.
select q.task_id, q.limits > 0
from task_queue q
join machine m on m.id = q.machine_id
where q.tenant_id = $1 and q.task_id = any($2::uuid[]) and q.state = 'queued' and not q.cancelling and m.held_because is null
  and (q.rule_id is null
       or exists (select from rule r where r.tenant_id = q.tenant_id and r.id = q.rule_id and r.armed_since <= q.made_at
                  and not exists (select from rule_book k where k.tenant_id = r.tenant_id
                                  and (k.killed_because is not null or k.braked_because is not null)) offset 0)
          and not exists (select from automation_stop x where x.ended_at is null and (x.site_id is null or x.site_id = q.site_id) offset 0))
for update of q skip locked for no key update of m skip locked;

-- name: queue_sent
-- Many of one tenant: 1 tenant, 2 tasks, 3 epochs, 4 what goes out, 5 controller. A switch that was thrown behind the lease is obeyed here.
with m as (
    select * from unnest($2::uuid[], $3::bigint[], $4::bytea[]) as m (task_id, epoch, sha256)),
sent as (
    update task_queue q set sent_at = now() from m
    where q.tenant_id = $1 and q.task_id = m.task_id and q.epoch = m.epoch and q.leased_by = $5 and q.state = 'leased' and q.lease_until > now()
      and (q.rule_id is null
           or exists (select from rule r where r.tenant_id = q.tenant_id and r.id = q.rule_id and r.armed_since <= q.made_at
                      and not exists (select from rule_book k where k.tenant_id = r.tenant_id
                                      and (k.killed_because is not null or k.braked_because is not null)) offset 0)
              and not exists (select from automation_stop x where x.ended_at is null and (x.site_id is null or x.site_id = q.site_id) offset 0))
    returning q.task_id, q.epoch, m.sha256),
noted as (
    update task_grant g set order_sha256 = sent.sha256 from sent where g.tenant_id = $1 and g.task_id = sent.task_id and g.epoch = sent.epoch)
select task_id from sent;

-- name: queue_holds_lease
select 1 from task_queue
where tenant_id = $1 and task_id = $2 and epoch = $3 and leased_by = $4 and state = 'leased' and lease_until > now()
for update;

-- name: queue_end_grant
update task_grant set ended = $4 where tenant_id = $1 and task_id = $2 and epoch = $3 and ended is null;

-- name: queue_due
-- What a row waits for that has come, by the database's clock; the oldest first. An overdue task that an agent may hold is asked after once
-- (then it has a deadline_at) and becomes unknown when the answer stays away and its machine has no other task that is under way or unknown.
select tenant_id, task_id, what from (
    select q.tenant_id, q.task_id, q.expires_at,
        case when q.state = 'scheduled' and q.expires_at > now() and q.due_at <= now() then 'due'
             when q.state in ('scheduled', 'pending_approval', 'limited') and q.expires_at <= now() then 'expire'
             when q.state = 'leased' and q.lease_until <= now() then 'lapse'
             when q.state in ('accepted', 'running') and q.deadline_at + make_interval(secs => $1) <= now() then 'silent'
             when q.state = 'queued' and q.expires_at <= now() then
                 case when not exists (select from task_grant g where g.tenant_id = q.tenant_id and g.task_id = q.task_id and g.ended is null) then 'expire'
                      when q.deadline_at is null then 'ask'
                      when q.deadline_at + make_interval(secs => $1) <= now()
                           and not exists (select from task_queue b where b.machine_id = q.machine_id and b.task_id <> q.task_id
                                           and b.state in ('leased', 'accepted', 'running', 'unknown')) then 'silent' end
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
update task_queue q set cancelling = true, deadline_at = q.expires_at + make_interval(secs => asked.deadline_s)
from asked where q.tenant_id = asked.tenant_id and q.task_id = asked.id;

-- name: queue_notify
select pg_notify('muster_task', $1::text);
