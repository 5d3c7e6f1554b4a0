-- 0004_several_controllers - what several controllers must know of each other's agents and duties.

-- Every run of an agent that was welcomed, so that a run which a later one has replaced is told from a restart: when it comes back, two
-- copies of one disk are alive, at whichever controllers. Forgotten after a week, and when a person releases the site.
create table agent_boot (
    agent_id uuid not null references agent,
    boot_id  uuid not null,
    seen_at  timestamptz not null default now(),
    primary key (agent_id, boot_id)
);

-- Who does what the clock brings. 'fence' rises with every owner; a row whose end has passed is anybody's.
create table timer_shard (
    shard         text primary key,
    controller_id uuid not null,
    fence         bigint not null default 1,
    expires_at    timestamptz not null
);

insert into platform_table values
    ('agent_boot', 'runs of agents, which are one a site'), ('timer_shard', 'duties of the controllers');

grant select, insert, update, delete on agent_boot to muster_engine;
grant select, insert, update on timer_shard to muster_engine;
grant select on timer_shard to muster_api;
