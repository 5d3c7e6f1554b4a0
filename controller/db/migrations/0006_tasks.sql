-- 0006_tasks - what leasing reads in one narrow row (whose turn it is, which rule made the task, how often it was tried), who armed and
-- disarmed what, orders that a person's word makes for an agent, and the chain over a task's facts.

-- A task of a later class goes before one of an earlier class that came due this much later: nobody starves.
create function class_wait(class smallint) returns interval language sql immutable parallel safe as
$$ select make_interval(secs => case class when 0 then 0 when 1 then 60 else 300 end) $$;

alter table task_queue
    add column turn_at    timestamptz not null default now(),   -- due_at + class_wait(class): the order of leasing
    add column rule_id    uuid,                                 -- the rule that made it, null: a person
    add column made_at    timestamptz not null default clock_timestamp(), -- one that its rule made before it was armed last is not leased
    add column cancelling boolean not null default false,       -- its agent is being asked: not leased meanwhile
    add column tries      integer not null default 0;           -- grants so far: the pause before the next grows with them
update task_queue q set turn_at = q.due_at + class_wait(q.class), rule_id = t.rule_id, cancelling = t.cancel_requested_at is not null
from task t where t.tenant_id = q.tenant_id and t.id = q.task_id;
drop index task_queue_ready;
create index task_queue_turn on task_queue (site_id, turn_at, task_id) where state = 'queued';
-- Half-filled pages: a row changes state some five times while it lives here.
alter table task_queue set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- ============ arming, disarming, the kill switch ============

alter table rule_book add column killed_by text, add column killed_at timestamptz;
alter table rule add column stage_since timestamptz not null default now(), add column stage_by text not null default '',
    add column stage_reason text not null default '';
grant update (stage_since, stage_by, stage_reason) on rule to muster_api;
grant update (killed_by, killed_at) on rule_book to muster_api;

-- Every switch ever thrown: what a replay needs to know which rules were armed at a moment.
create table rule_switch (
    tenant_id uuid not null references tenant,
    id        uuid not null,
    at        timestamptz not null default now(),
    rule_id   uuid,                                     -- null: the whole tenant's automation
    act       text not null check (act in ('arm', 'disarm', 'stop', 'start')),
    revision  bigint not null,                          -- of the rule book, from here on
    who       text not null,
    reason    text not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, rule_id) references rule (tenant_id, id)
);
create index rule_switch_of_rule on rule_switch (tenant_id, rule_id, at);
alter table rule_switch enable row level security;
alter table rule_switch force row level security;
create policy owner_all_rows on rule_switch to muster_owner using (true) with check (true);
create policy engine_tenant on rule_switch to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy api_tenant on rule_switch to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on rule_switch to muster_engine;
grant select, insert on rule_switch to muster_api;

-- ============ edges ============

insert into task_edge (from_state, to_state, event, sentence) values
    ('leased', 'failed', 'refused', 'the agent can never carry it out'),
    ('queued', 'failed', 'refused', 'the agent can never carry it out');

-- ============ grants: which bytes were sent ============

-- SHA-256 of the signed order: an agent that could not read one says which one it refused.
alter table task_grant add column order_sha256 bytea check (length(order_sha256) = 32);
-- Room for the versions of a row that changes some eight times, beside it: no index is touched.
alter table task set (fillfactor = 50);
alter table task_grant set (fillfactor = 80);
-- The highest epoch of a site is asked for at every HELLO. Beside the grants it costs a lease one index entry; beside the machines it cost
-- one in each of machine's six indexes.
create index task_grant_of_site on task_grant (site_id, epoch desc);
drop index machine_by_site;
alter table machine set (fillfactor = 70);

-- ============ what a person settled; what the agent signed for ============

alter table task
    add column settled_by   text,      -- who said how it ended, null: the agent
    add column late_result  jsonb,     -- a RESULT that came after that
    add column cancel_answer text,     -- what its agent said last to a cancel, and at which epoch: it is not asked again at that one
    add column cancel_answer_epoch bigint,
    add column facts_journal uuid,     -- of which agent's journal facts_chain is
    add column facts_chain  bytea check (length(facts_chain) = 32), -- docs/wire-format.md, facts_digest: over the fact records taken in so far
    add column facts_agree  boolean;   -- what RESULT signs for is what came; null: no RESULT yet
create index task_queue_cancelling on task_queue (tenant_id) where cancelling;

-- A person's word on its way to an agent: it is said again until the agent answers.
create table agent_order (
    tenant_id  uuid not null references tenant,
    id         uuid not null,
    site_id    uuid not null references site,
    machine_id uuid not null references machine,
    kind       text not null check (kind in ('settle', 'release')),
    task_id    uuid check (task_id is not null or kind = 'release'),
    epoch      bigint not null,
    outcome    text check (outcome is not null or kind = 'release'),
    who        text not null,
    reason     text not null,
    made_at    timestamptz not null default now(),
    sent_at    timestamptz,
    order_sha256 bytea check (length(order_sha256) = 32), -- as it was sent last
    ended_at   timestamptz,
    ended      text,                                      -- taken | superseded | refused: CODE
    primary key (tenant_id, id),
    foreign key (tenant_id, task_id) references task (tenant_id, id)
);
create index agent_order_of_bytes on agent_order (site_id, order_sha256) where order_sha256 is not null;
create index agent_order_ended on agent_order (ended_at) where ended is not null;
create index agent_order_open on agent_order (site_id, made_at) where ended is null;
create index agent_order_of_machine on agent_order (tenant_id, machine_id);
alter table agent_order enable row level security;
alter table agent_order force row level security;
create policy owner_all_rows on agent_order to muster_owner using (true) with check (true);
create policy engine_tenant on agent_order to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy api_tenant on agent_order to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy engine_all_agent_order on agent_order for select to muster_engine using (true); -- an order goes to a site, whoever's the machine is
grant select, insert, update on agent_order to muster_engine, muster_api;

-- ============ how long history is kept ============

create table history_retention (
    name   text primary key,
    months integer check (months between 1 and 1200), -- whole months behind this one; null: for ever
    -- An audit row may go only behind an exported checkpoint that covers it; there are no exports yet.
    constraint audit_is_kept check (months is null or name not in ('audit', 'audit_body'))
);
insert into history_retention (name) values ('alert'), ('decision'), ('task_event'), ('task_log'), ('audit'), ('audit_body');
insert into platform_table values ('history_retention', 'how long each history table is kept');
grant select, update (months) on history_retention to muster_api;
grant select on history_retention to muster_engine, muster_maintenance;

-- Drops the monthly partitions that are older than their table is kept; says which. Runs as the owner, called by muster_maintenance; the
-- caller audits what it says. The default partition and what is not one of make_partitions() is never touched. One table a call, the others
-- by the next ones: the parent's exclusive lock holds up everybody, so it is waited for a second, taken once, and let go with the statement.
create function drop_partitions() returns setof text language plpgsql security definer set search_path = public set lock_timeout = '1s' as $$
declare
    kept record;
    child text;
begin
    for kept in select r.name, to_char((date_trunc('month', now() at time zone 'UTC') - make_interval(months => r.months)), 'YYYYMM') as first
                from history_retention r where r.months is not null and r.name not in ('audit', 'audit_body') order by r.name loop
        for child in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                     where i.inhparent = to_regclass(kept.name) and c.relname ~ ('^' || kept.name || '_[0-9]{6}$')
                       and right(c.relname, 6) < kept.first order by 1 loop
            execute format('drop table %I', child);
            return next child;
            return;
        end loop;
    end loop;
end $$;
revoke all on function drop_partitions() from public;
grant execute on function drop_partitions() to muster_maintenance;

-- A person's word that ended a month ago: its agent says nothing of it any more, and the audit log has it. Says how many went.
create function drop_agent_orders() returns bigint language sql security definer set search_path = public as $$
    with gone as (delete from agent_order where ended is not null and ended_at < now() - interval '30 days' returning 1)
    select count(*) from gone;
$$;
revoke all on function drop_agent_orders() from public;
grant execute on function drop_agent_orders() to muster_maintenance;
