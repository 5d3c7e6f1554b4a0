-- The state of a task (tables task, task_queue, task_event).

-- name: task_lock_queue
select 1 from task_queue where tenant_id = $1 and task_id = any($2::uuid[]) order by task_id for update;

-- name: task_lock
select t.id, t.machine_id, t.site_id, t.state, t.epoch, t.expires_at, clock_timestamp(), t.cancel_requested_at,
       exists (select from task_grant g where g.tenant_id = t.tenant_id and g.task_id = t.id and g.ended is null),
       t.settled_by is not null,
       exists (select from task_queue b where b.machine_id = t.machine_id and b.task_id <> t.id and b.state in ('leased', 'accepted', 'running', 'unknown')),
       t.facts_journal, t.facts_chain
from task t where t.tenant_id = $1 and t.id = any($2::uuid[])
order by t.id
for no key update of t;

-- name: task_change
-- 1 tenant, 2 task, 3 old, 4 new, 5 final, 6 at, 7 epoch or 0, 8 controller, 9 lease seconds, 10 first pause in seconds, 11 event id, 12 event name, 13 why, 14 agent, 15 sequence.
-- The pause before the next try doubles with each grant, to a minute.
-- An accepted task may start until expires_at; a running one has deadline_s from now.
with pause as (
    select now() + make_interval(secs => least(60, $10 * 2 ^ (greatest(q.tries, 1) - 1))) as until
    from task_queue q where q.tenant_id = $1 and q.task_id = $2),
changed as (
    update task set state = $4, state_since = now(), epoch = coalesce(nullif($7, 0), epoch),
        started_at = case when $4 = 'running' then coalesce(started_at, $6) else started_at end,
        ended_at = case when $5 then coalesce(ended_at, $6) end
    where tenant_id = $1 and id = $2 and state = $3
    returning tenant_id, id, epoch, deadline_s, expires_at),
queued as (
    update task_queue q set state = $4, epoch = changed.epoch,
        leased_by = case $4 when 'leased' then $8 when 'queued' then null else leased_by end,
        lease_until = case when $4 = 'leased' then now() + make_interval(secs => $9) end,
        sent_at = case when $4 in ('leased', 'queued') then null else sent_at end,
        due_at = case when $4 = 'queued' and $3 not in ('scheduled', 'limited') then greatest(due_at, pause.until) else due_at end,
        turn_at = case when $4 = 'queued' and $3 not in ('scheduled', 'limited') then greatest(due_at, pause.until) + class_wait(class) else turn_at end,
        deadline_at = case when $4 = 'accepted' then greatest(now(), changed.expires_at) + make_interval(secs => changed.deadline_s)
                           when $4 = 'running' then now() + make_interval(secs => changed.deadline_s)
                           when $4 = 'unknown' then deadline_at end
    from changed, pause where q.tenant_id = changed.tenant_id and q.task_id = changed.id and not $5),
ended as (
    delete from task_queue q using changed where q.tenant_id = changed.tenant_id and q.task_id = changed.id and $5),
placed as (
    update task_limit l set place = case when $5 then 'ended' else 'free' end
    from changed where l.tenant_id = changed.tenant_id and l.task_id = changed.id and ($5 or $3 = 'limited'))
insert into task_event (tenant_id, id, task_id, epoch, at, kind, name, detail, agent_id, sequence)
select tenant_id, $11, id, epoch, $6, 'state', $12, $13, $14, nullif($15, 0) from changed;

-- name: task_write
-- Many at once, one row each: 1 tenant, then columns of what is new, null: as it is. The way forward only: pauses and leases are
-- task_change's. A row whose state is not what it was is not written, nor counted.
with c as (
    select * from unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                         $11::bytea[], $12::bigint[], $13::timestamptz[], $14::uuid[], $15::bytea[], $16::bigint[])
        as c (id, was, state, started_at, restore, verdict, stopped_at, cause, remedy, report_sha256, log_size, ended_at,
              facts_journal, facts_chain, facts_agree)),
r as (
    select c.*, c.state is not null and c.state not in ('accepted', 'running') as final from c),
changed as (
    update task t set state = coalesce(r.state, t.state), state_since = case when r.state is null then t.state_since else now() end,
        started_at = coalesce(t.started_at, r.started_at), restore = coalesce(r.restore, t.restore),
        ended_at = case when r.final then coalesce(r.ended_at, now()) else t.ended_at end,
        verdict = case when r.final then nullif(r.verdict, '') else t.verdict end,
        stopped_at = case when r.final then nullif(r.stopped_at, '') else t.stopped_at end,
        cause = case when r.final then nullif(r.cause, '') else t.cause end,
        remedy = case when r.final then nullif(r.remedy, '') else t.remedy end,
        report_sha256 = case when r.final then r.report_sha256 else t.report_sha256 end,
        log_size = case when r.final then r.log_size else t.log_size end,
        facts_journal = coalesce(r.facts_journal, t.facts_journal), facts_chain = coalesce(r.facts_chain, t.facts_chain),
        facts_agree = case r.facts_agree when 0 then false when 1 then true else t.facts_agree end
    from r where t.tenant_id = $1 and t.id = r.id and t.state = r.was
    returning t.tenant_id, t.id, t.epoch, t.deadline_s, t.expires_at, r.state as became, r.final),
queued as (
    update task_queue q set state = changed.became, epoch = changed.epoch, lease_until = null,
        deadline_at = case when changed.became = 'accepted' then greatest(now(), changed.expires_at) else now() end
                      + make_interval(secs => changed.deadline_s)
    from changed where q.tenant_id = $1 and q.task_id = changed.id and changed.became is not null and not changed.final),
ended as (
    delete from task_queue q using changed where q.tenant_id = $1 and q.task_id = changed.id and changed.final
    returning q.task_id, q.limits),
placed as (
    update task_limit l set place = 'ended' from ended where ended.limits > 0 and l.tenant_id = $1 and l.task_id = ended.task_id)
select count(*) from changed;

-- name: task_lease
-- Many at once: 1 tenant, 2 tasks, 3 machines, 4 event ids, 5 sites, 6 agents, 7 controller, 8 lease seconds, 9 event name, 10 why.
-- Behind the machines' locks: another's lease that committed meanwhile shows here. Epoch, grant, state and event are one statement.
with picked as (
    select * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[]) as p (task_id, machine_id, event_id, site_id, agent_id)),
raised as (
    update machine m set epoch = greatest(m.epoch, s.epoch_floor) + 1
    from picked p, site s
    where m.id = p.machine_id and s.id = m.site_id
      and not exists (select from task_queue b where b.machine_id = m.id and b.state in ('leased', 'accepted', 'running', 'unknown') offset 0)
    returning p.task_id, p.machine_id, p.event_id, m.epoch, p.site_id, p.agent_id),
changed as (
    update task t set state = 'leased', state_since = now(), epoch = r.epoch
    from raised r where t.tenant_id = $1 and t.id = r.task_id and t.state = 'queued'),
queued as (
    update task_queue q set state = 'leased', epoch = r.epoch, tries = q.tries + 1, leased_by = $7,
        lease_until = now() + make_interval(secs => $8), sent_at = null, deadline_at = null
    from raised r where q.tenant_id = $1 and q.task_id = r.task_id),
granted as (
    insert into task_grant (tenant_id, task_id, epoch, site_id, agent_id, machine_id, controller_id)
    select $1, task_id, epoch, site_id, agent_id, machine_id, $7 from raised),
told as (
    insert into task_event (tenant_id, id, task_id, epoch, at, kind, name, detail)
    select $1, event_id, task_id, epoch, now(), 'state', $9, $10 from raised)
select task_id, machine_id, epoch, site_id, agent_id from raised;

-- name: task_park
-- Many of one tenant whose queue rows are locked, to `limited`: 1 tenant, 2 tasks, 3 the entries that are full, 4 event ids, 5 event name, 6 why.
with p as (
    select * from unnest($2::uuid[], $3::bigint[], $4::uuid[]) as p (task_id, entry, event_id)),
changed as (
    update task t set state = 'limited', state_since = now()
    from p where t.tenant_id = $1 and t.id = p.task_id and t.state = 'queued'
    returning t.id, p.entry, p.event_id),
queued as (
    update task_queue q set state = 'limited' from changed where q.tenant_id = $1 and q.task_id = changed.id),
placed as (
    update task_limit l set place = 'waits' from changed where l.tenant_id = $1 and l.task_id = changed.id and l.entry = changed.entry),
told as (
    insert into task_event (tenant_id, id, task_id, at, kind, name, detail) select $1, event_id, id, now(), 'state', $5, $6 from changed)
select id from changed;

-- name: task_note
insert into task_event (tenant_id, id, task_id, epoch, at, kind, name, detail, agent_id, sequence)
values ($1, $2, $3, nullif($4, 0), $5, 'note', $6, $7, $8, nullif($9, 0));
