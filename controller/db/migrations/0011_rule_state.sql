-- 0011_rule_state - what rules remember between alerts, what each of them made of an alert, and the tickets that they open instead of a task.
-- serves from: 0009

-- One row a state of a rule (rules/engine/rule_states.h): written in the transaction of the alert, or of the clock, that changed it. Who
-- reads or writes states of a tenant holds the locks of their buckets (controller/decide/rule_keeper.h).
create table rule_state (
    tenant_id  uuid not null references tenant,
    rule       text collate "C" not null, -- the rule's id, "id~shadow" while it is a shadow
    kind       smallint not null check (kind between 1 and 6),
    key        bytea not null check (length(key) <= 1100),
    value      bytea not null check (length(value) <= 5184),
    due_at     timestamptz,          -- of what is carried out then: holds, and what was expected
    over_at    timestamptz,          -- of the others, which are not looked at any more then: a column that an index knows would cost each
                                     -- update all of the table's indexes
    touched_at timestamptz not null, -- put last
    primary key (tenant_id, rule, kind, key)
);
create index rule_state_due on rule_state (due_at) where due_at is not null;
-- A state is rewritten in place with every alert of its key.
alter table rule_state set (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- How many keys of windows a rule has: max_keys bounds them.
create table rule_state_count (
    tenant_id uuid not null references tenant,
    rule      text not null,
    keys      bigint not null,
    primary key (tenant_id, rule)
);

create table ticket (
    tenant_id    uuid not null references tenant,
    id           uuid not null,
    queue        text not null,
    priority     bigint not null,
    title        text not null,
    machine_id   uuid references machine,
    rule_id      uuid not null,
    rule_version integer not null,
    decision_id  uuid not null,
    alert_id     uuid not null,
    reason       text not null,
    state        text not null default 'open' check (state in ('open', 'closed')),
    opened_at    timestamptz not null default now(),
    closed_at    timestamptz,
    closed_by    text,
    close_reason text,
    primary key (tenant_id, id),
    foreign key (tenant_id, rule_id, rule_version) references rule_version (tenant_id, rule_id, version),
    check ((state = 'closed') = (closed_at is not null and closed_by is not null))
);
create index ticket_open on ticket (tenant_id, id desc) where state = 'open';
create index ticket_of_machine on ticket (tenant_id, machine_id, id desc);
create index ticket_of_alert on ticket (tenant_id, alert_id);

alter table decision
    add column trigger_kind text not null default 'alert' check (trigger_kind in ('alert', 'timer')),
    add column ending       text not null default '',   -- rules/engine/rule_finding.h
    add column until_at     timestamptz,
    add column words        text not null default '',   -- why, as the rule has it
    add column machine_document_version bigint,         -- as it was seen
    add column evaluated_at timestamptz,                -- 'now' of the expressions
    add column shadow       boolean not null default false;
update decision set ending = case outcome when 'boot' then 'acts' else outcome end;

do $$
declare t text;
begin
    foreach t in array array['rule_state', 'rule_state_count', 'ticket'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy owner_all_rows on %I to muster_owner using (true) with check (true)', t);
        execute format('create policy engine_tenant on %I to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('create policy api_tenant on %I to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
    end loop;
end $$;
create policy engine_all_rule_state on rule_state for select to muster_engine using (true); -- the clock looks for what is due, whoever's it is
grant select, insert, update, delete on rule_state, rule_state_count to muster_engine;
grant select, insert on ticket to muster_engine;
grant select on rule_state, rule_state_count, ticket to muster_api;
grant update (state, closed_at, closed_by, close_reason) on ticket to muster_api;
