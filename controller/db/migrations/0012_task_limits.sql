-- 0012_task_limits - how many tasks of one value of a rule's limit agents have at a time. A task that finds its limit full becomes
-- `limited`, so that it stands in nobody's way, and is queued again when there is room.

create table task_limit (
    tenant_id uuid not null,
    task_id   uuid not null,
    rule      text not null,                            -- its id in the tenant: versions of it share their limits
    entry     smallint not null check (entry >= 1),     -- of the rule's limits, from 1
    grp       text not null,                            -- the value of 'by'; a long one is cut and has its digest behind it
    max       integer not null check (max >= 0),        -- of a percentage: what it came to when the task was made
    -- free: neither of these. waits: this is the limit that was found full. takes: it was leased, and has not ended; whether it counts
    -- its state says, and its grants.
    place     text not null default 'free' check (place in ('free', 'waits', 'takes', 'ended')),
    primary key (tenant_id, task_id, entry),
    foreign key (tenant_id, task_id) references task (tenant_id, id)
);
create index task_limit_taken on task_limit (tenant_id, rule, entry, grp) where place = 'takes';
create index task_limit_waiting on task_limit (tenant_id, rule, entry, grp, task_id) where place = 'waits';
alter table task_limit set (fillfactor = 70);
alter table task_limit enable row level security;
alter table task_limit force row level security;
create policy owner_all_rows on task_limit to muster_owner using (true) with check (true);
create policy engine_tenant on task_limit to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy api_tenant on task_limit to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy engine_all_task_limit on task_limit for select to muster_engine using (true); -- leasing and timers serve every tenant
grant select, insert, update (place) on task_limit to muster_engine;
grant select, update (place) on task_limit to muster_api;

-- How it runs its image (docs/image-format.md, "Profiles"): null where the rule does not say.
alter table task
    add column profile text,
    add column checks  jsonb check (jsonb_typeof(checks) = 'array');

-- What is asked again before it is handed out (docs/task-states.md, "Asked again"), and the ticket that is opened when it is not carried out.
alter table task
    add column asks      boolean not null default false,
    add column window_was jsonb, -- window.* when its rule acted: {"sum", "count", "first_us", "last_us"}; null: no window
    add column otherwise jsonb check (jsonb_typeof(otherwise) = 'object');
-- Whether the fault of a task is over: resolved alerts of its machine since.
create index alert_resolved on alert (tenant_id, machine_id, id) where status = 'resolved';

-- How many limits it has: leasing looks at task_limit only where there are some.
alter table task_queue add column limits smallint not null default 0;

insert into task_edge (from_state, to_state, event, sentence) values
    ('queued', 'limited', 'limit_full', 'a limit of its rule is full'),
    ('leased', 'cancelled', 'not_met', 'what its rule asked for does not hold any more');

-- The tasks that count against a limit: an agent has them, or may have them by a grant that has not ended. One that has ended has no row
-- in task_queue.
create function limit_taken(of_tenant uuid, of_rule text, of_entry smallint, of_group text, but uuid)
returns setof uuid language sql stable rows 2 as $$
    select l.task_id
    from task_limit l join task_queue q on q.tenant_id = l.tenant_id and q.task_id = l.task_id
    where l.tenant_id = of_tenant and l.rule = of_rule and l.entry = of_entry and l.grp = of_group and l.place = 'takes'
      and l.task_id is distinct from but
      and (q.state in ('leased', 'accepted', 'running', 'unknown')
           or exists (select from task_grant g where g.task_id = l.task_id and g.ended is null))
$$;

-- The first limit of a task that has no room for it, null: none. One that an agent may have already takes its room itself.
create function limit_full(of_tenant uuid, of_task uuid) returns smallint language sql stable as $$
    select l.entry from task_limit l
    where l.tenant_id = of_tenant and l.task_id = of_task
      and not exists (select from task_grant g where g.task_id = of_task and g.ended is null)
      and (select count(*) from limit_taken(l.tenant_id, l.rule, l.entry, l.grp, of_task)) >= l.max
    order by l.entry limit 1
$$;

-- What a task waits for at a limit, for people.
create function limit_words(of_tenant uuid, of_task uuid, of_entry smallint) returns text language sql stable as $$
    select 'room under limit ' || l.entry || ' of rule ' || l.rule || ': at most ' || l.max || ' at a time of '
           || case when l.grp = '' then 'those without a value' else '"' || l.grp || '"' end
           || coalesce((select ', now ' || string_agg(m.name || ' since ' || to_char(t.state_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ', '
                                                      order by t.state_since)
                               || case when count(*) < max(x.n) then ' and ' || max(x.n) - count(*) || ' more' else '' end
                        from (select o.task_id, count(*) over () as n
                              from limit_taken(l.tenant_id, l.rule, l.entry, l.grp, of_task) as o (task_id) order by 1 limit 3) x
                        join task t on t.tenant_id = l.tenant_id and t.id = x.task_id
                        join machine m on m.id = t.machine_id), '')
    from task_limit l where l.tenant_id = of_tenant and l.task_id = of_task and l.entry = of_entry
$$;

-- As 0009 has it, and what stands in the way of a task with limits.
create or replace view task_waiting with (security_invoker = true) as
select t.tenant_id, t.id as task_id,
       case t.state
        when 'scheduled' then 'its time, ' || to_char(t.schedule_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        when 'pending_approval' then 'an approver'
        when 'limited' then coalesce((select limit_words(l.tenant_id, l.task_id, l.entry) from task_limit l
                                      where l.tenant_id = t.tenant_id and l.task_id = t.id and l.place = 'waits' limit 1),
                                     'room in a limit that is full')
        when 'queued' then case
            when exists (select from task_queue q where q.machine_id = t.machine_id and q.task_id <> t.id
                                                    and q.state in ('leased', 'accepted', 'running', 'unknown'))
                then 'machine ' || m.name || ', which another task is using'
            when m.held_because is not null then 'machine ' || m.name || ' to be released: '
                 || case when m.held_by_task is null or exists (select from task h where h.tenant_id = t.tenant_id and h.id = m.held_by_task)
                         then m.held_because else 'the platform has to look at it' end
            when t.rule_id is not null and p.because is not null
                then 'automation of ' || case when p.site_id is null then 'the whole fleet' else 'site ' || s.name end
                     || ' to be started again by the platform: ' || p.because
            when t.rule_id is not null and k.killed_because is not null then 'automation to be started again (muster automation start): ' || k.killed_because
            when t.rule_id is not null and k.braked_because is not null then 'the storm brake to be released (muster automation release): ' || k.braked_because
            when t.rule_id is not null and r.stage <> 'active' then 'rule ' || r.name || ' to be armed again, ' || r.stage
                 || case when r.stage_by <> '' then ' by ' || r.stage_by || ': ' || r.stage_reason else '' end
            when (select q.made_at < r.armed_since from task_queue q where q.tenant_id = t.tenant_id and q.task_id = t.id)
                then 'nothing but its end: it was made before rule ' || r.name || ' was armed again'
            when limit_full(t.tenant_id, t.id) is not null then limit_words(t.tenant_id, t.id, limit_full(t.tenant_id, t.id))
            when s.quarantined_because is not null then 'site ' || s.name || ', which is in quarantine: ' || s.quarantined_because
            when e.expires_at is null then 'the agent of site ' || s.name || ', which has never connected'
            when e.expires_at <= now() then 'the agent of site ' || s.name || ', silent since '
                                            || to_char(e.last_seen_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            else 'the agent of site ' || s.name || ' to take it' end
        when 'leased' then 'the agent of site ' || s.name || ' to accept it'
        when 'accepted' then 'the agent of site ' || s.name || ' to begin, within 60 s'
        when 'running' then coalesce((select 'machine ' || m.name || '; last step: ' || x.name || ' ' || x.state
                                      from task_event x where x.tenant_id = t.tenant_id and x.task_id = t.id and x.kind = 'step'
                                      order by x.id desc limit 1), 'machine ' || m.name)
        when 'unknown' then 'the agent''s own record of it, or a person who looks at machine ' || m.name end as waiting_on
from task t
join machine m on m.id = t.machine_id
join site s on s.id = t.site_id
left join agent a on a.site_id = s.id and a.state = 'active'
left join agent_session e on e.agent_id = a.id
left join rule r on r.tenant_id = t.tenant_id and r.id = t.rule_id
left join rule_book k on k.tenant_id = t.tenant_id
left join lateral (select x.site_id, x.because from automation_stop x where x.ended_at is null and (x.site_id is null or x.site_id = t.site_id)
                   order by x.site_id nulls first limit 1) p on true;
