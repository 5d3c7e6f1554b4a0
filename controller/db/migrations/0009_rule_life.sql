-- 0009_rule_life - which versions of a rule decide and which only look on, what stops them (a person's switch over a site or the whole
-- fleet, the storm brake), and replays, which arming asks for.

-- ============ versions: what is pushed is not what is armed ============

alter table rule
    add column active_version integer,         -- decides; null: none does
    add column shadow_version integer,         -- goes through all of it and does nothing; null: none
    add column armed_since    timestamptz,     -- without a break, whichever version: a task that the rule asked for before is not leased
    add constraint rule_active foreign key (tenant_id, id, active_version) references rule_version (tenant_id, rule_id, version),
    add constraint rule_shadow foreign key (tenant_id, id, shadow_version) references rule_version (tenant_id, rule_id, version);
update rule set active_version = current_version, armed_since = stage_since where stage = 'active';
update rule set shadow_version = current_version where stage = 'shadow';
alter table rule
    add constraint rule_stage check (case when active_version is not null then stage = 'active'
                                          when shadow_version is not null then stage = 'shadow'
                                          else stage in ('draft', 'deprecated') end),
    add constraint rule_armed check ((active_version is null) = (armed_since is null)),
    add constraint rule_two_versions check (active_version <> shadow_version);
grant update (active_version, shadow_version, armed_since) on rule to muster_api;

-- ============ switches ============

alter table rule_switch drop constraint rule_switch_act_check;
alter table rule_switch
    add constraint rule_switch_act_check check (act in ('arm', 'disarm', 'shadow', 'unshadow', 'deprecate', 'stop', 'start', 'brake', 'release', 'set')),
    add column version integer,                -- of arm and shadow
    add column replay_id uuid,                 -- of arm: the replay that allowed it; null with a version: it was waived
    add column braked  text;                   -- of set: what the brake was set to
grant insert on rule_switch to muster_engine;  -- the brake engages by itself

-- Over a site's or the whole fleet's automation, whoever's the rules. Rows stay: those without an end stand now.
create table automation_stop (
    id       uuid primary key,
    site_id  uuid references site,             -- null: the whole fleet
    because  text not null,
    who      text not null,
    since    timestamptz not null default now(),
    ended_at timestamptz,
    ended_by text,
    ended_because text
);
create unique index automation_stop_stands on automation_stop (coalesce(site_id, '00000000-0000-0000-0000-000000000000')) where ended_at is null;
insert into platform_table values ('automation_stop', 'when the automation of a site or of the whole fleet is switched off');
grant select on automation_stop to muster_engine, muster_api;
grant insert, update (ended_at, ended_by, ended_because) on automation_stop to muster_api;

-- ============ the storm brake ============

-- No more than brake_max boots by a tenant's rules in brake_per_s, else it engages and a person releases it.
alter table rule_book
    add column brake_max    integer default 50 check (brake_max between 1 and 1000000), -- null: it is switched off
    add column brake_per_s  integer not null default 600 check (brake_per_s between 60 and 86400),
    add column braked_at    timestamptz,
    add column braked_because text,
    add column brake_counts integer[] not null default '{}',   -- boots in each sixtieth of brake_per_s, the newest last
    add column brake_slot   bigint not null default 0,         -- which sixtieth since 1970 the newest is
    add constraint rule_book_braked check ((braked_at is null) = (braked_because is null));
grant update (brake_max, brake_per_s, braked_at, braked_because, brake_counts, brake_slot) on rule_book to muster_api;
grant update (revision, braked_at, braked_because, brake_counts, brake_slot) on rule_book to muster_engine;

-- ============ replays ============

create table rule_replay (
    tenant_id uuid not null references tenant,
    id        uuid not null,
    rule_name text not null,                   -- metadata.id of what was replayed: it may never have been pushed
    version   integer not null,
    digest    bytea not null check (length(digest) = 32),
    since     timestamptz not null,
    until     timestamptz not null,
    alerts    bigint not null,                 -- that were gone through
    would_act bigint not null,
    summary   jsonb not null,
    made_by   text not null,
    made_at   timestamptz not null default now(),
    primary key (tenant_id, id)
);
create index rule_replay_of_text on rule_replay (tenant_id, digest, made_at desc);
alter table rule_replay enable row level security;
alter table rule_replay force row level security;
create policy owner_all_rows on rule_replay to muster_owner using (true) with check (true);
create policy engine_tenant on rule_replay to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy api_tenant on rule_replay to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on rule_replay to muster_engine;
grant select, insert on rule_replay to muster_api;

-- ============ for what a task waits ============

create or replace view task_waiting with (security_invoker = true) as
select t.tenant_id, t.id as task_id,
       case t.state
        when 'scheduled' then 'its time, ' || to_char(t.schedule_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        when 'pending_approval' then 'an approver'
        when 'limited' then 'room in a limit that is full'
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
