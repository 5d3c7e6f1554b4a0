-- 0001_foundation - tenants, the fleet, alerts, decisions, tasks, agents and the audit, with the roles' rights from the first day.
--
-- Conventions, checked against the catalog by tests/integration/tenant-walls:
--   Tenant table: has tenant_id NOT NULL, row-level security enabled and forced, primary key starts with or is accompanied by
--   unique (tenant_id, id), references to tenant tables are composite (tenant_id, ...).
--   Platform table: named in platform_table with the reason; has no tenant_id, or holds one only as a plain fact.
--   History table: append-only (no UPDATE or DELETE right for engine and api), range-partitioned on our own UUIDv7 ids; nothing refers into it.
--   muster_engine and muster_api see the tenant that the transaction names: set_config('muster.tenant', <uuid>, true).
--   What the engine may see across tenants is written down as policies named engine_all_* below, each with its reason.

create table platform_table (
    name text primary key,
    why  text not null
);

create function current_tenant() returns uuid language sql stable parallel safe as
$$ select nullif(current_setting('muster.tenant', true), '')::uuid $$;

-- ============ platform: who is there ============

create table tenant (
    id         uuid primary key,
    name       text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    title      text not null default '',
    created_at timestamptz not null default now()
);
insert into tenant (id, name, title) values ('00000000-0000-7000-8000-000000000001', 'platform', 'owner of acts of the platform itself');

create table site (
    id                  uuid primary key,
    name                text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    time_zone           text not null default 'UTC',
    chainload_always    boolean not null default false,
    epoch_floor         bigint not null default 0 check (epoch_floor >= 0),
    quarantined_because text,
    created_at          timestamptz not null default now()
);

create table agent (
    id          uuid primary key,
    site_id     uuid not null references site,
    name        text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    state       text not null default 'active' check (state in ('active', 'revoked')),
    curve_key   bytea not null unique check (length(curve_key) = 32),
    sign_key    bytea not null unique check (length(sign_key) = 32),
    seal_key    bytea not null unique check (length(seal_key) = 32),
    created_at  timestamptz not null default now(),
    revoked_at  timestamptz
);
-- One live agent a site.
create unique index agent_of_site on agent (site_id) where state = 'active';

-- What an agent's journal has handed over; journal_id changes only by a person's act.
create table agent_stream (
    agent_id        uuid primary key references agent,
    journal_id      uuid not null,
    facts_committed bigint not null default 0,
    bulk_committed  bigint not null default 0
);

-- Whose the session is. 'fence' rises with every owner; a controller that finds another fence has lost it.
create table agent_session (
    agent_id      uuid primary key references agent,
    controller_id uuid not null,
    fence         bigint not null,
    session_id    uuid not null,
    boot_id       uuid not null,
    nonce         bytea not null check (length(nonce) = 32),
    software      text not null default '',
    features      text[] not null default '{}',
    opened_at     timestamptz not null default now(),
    expires_at    timestamptz not null,
    last_seen_at  timestamptz not null default now()
);

create table machine (
    id              uuid primary key,
    site_id         uuid not null references site,
    name            text not null unique check (name ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    smbios_uuid     uuid unique,
    serial          text unique,
    asset_tag       text unique,
    rack            text,
    class           text not null default 'server',
    memory_mib      integer check (memory_mib > 0),
    cpus            integer check (cpus > 0),
    epoch           bigint not null default 0 check (epoch >= 0),
    -- Set while restore is pending, failed, or a person holds it: no lease until released.
    held_because    text,
    held_by_task    uuid,
    document_version bigint not null default 1,
    created_at      timestamptz not null default now()
);
create table machine_nic (
    mac        macaddr primary key,
    machine_id uuid not null references machine,
    position   smallint not null default 0, -- 0: the boot NIC
    unique (machine_id, position)
);
create table bmc_account (
    id           uuid primary key,
    machine_id   uuid not null unique references machine,
    driver       text not null check (driver in ('ipmi', 'noop')),
    address      text not null default '',
    port         integer not null default 623 check (port between 1 and 65535),
    username     text not null default '',
    cipher_suite integer not null default 17 check (cipher_suite between 0 and 17),
    -- AES-256-GCM: version, key id, nonce, ciphertext, tag; associated data is the row's identity (controller/access/secret.h).
    password     bytea
);

create table image (
    id         uuid primary key,
    name       text not null unique check (name ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    title      text not null default '',
    created_at timestamptz not null default now()
);
create table image_version (
    id         uuid primary key,
    image_id   uuid not null references image,
    version    text not null check (version ~ '^v?[0-9]+([.][0-9]+)*([.+-][0-9A-Za-z.+-]*)?$' and length(version) <= 64),
    digest     bytea not null unique check (length(digest) = 32), -- SHA-256 of 'document'
    document   text not null,      -- canonical JSON: arguments, firmware, checks, profile, deadline, files by digest
    state      text not null default 'active' check (state in ('active', 'revoked')),
    created_at timestamptz not null default now(),
    unique (image_id, version)
);
create table image_file (
    image_version_id uuid not null references image_version,
    role             text not null check (role in ('kernel', 'initrd')),
    name             text not null,
    sha256           bytea not null check (length(sha256) = 32),
    size             bigint not null check (size > 0),
    primary key (image_version_id, role)
);
create index image_file_by_digest on image_file (sha256);

-- Signed key manifests as the root key's holder gave them to us; the newest is sent in WELCOME.
create table key_manifest (
    version    bigint primary key,
    envelope   bytea not null,
    created_at timestamptz not null default now()
);

-- Consumer position: the truth about what was read. Fenced by epoch.
create table kafka_cursor (
    cluster_id     text not null,
    topic          text not null,
    partition      integer not null,
    epoch          bigint not null default 0,
    next           bigint not null default 0,
    last_offset    bigint,
    last_digest    bytea,
    last_timestamp_ms bigint,
    halted_because text,
    updated_at     timestamptz not null default now(),
    primary key (cluster_id, topic, partition)
);

create table task_edge (
    from_state text not null,
    to_state   text not null,
    event      text not null,
    sentence   text not null,
    primary key (from_state, to_state, event)
);

create table controller (
    id         uuid primary key,
    name       text not null,
    software   text not null,
    seen_at    timestamptz not null default now()
);

insert into platform_table values
    ('platform_table', 'this list'), ('schema_migration', 'what was applied'), ('tenant', 'the list of tenants itself'),
    ('site', 'sites serve many tenants'), ('agent', 'one a site'), ('agent_stream', 'one an agent'), ('agent_session', 'one an agent'),
    ('machine', 'held by tenants through machine_holding'), ('machine_nic', 'part of machine'), ('bmc_account', 'part of machine; never shown to tenants'),
    ('image', 'granted to tenants through image_grant'), ('image_version', 'part of image'), ('image_file', 'part of image'),
    ('key_manifest', 'keys of the platform'), ('kafka_cursor', 'position of a consumer'), ('task_edge', 'the table of allowed edges'),
    ('controller', 'the controllers that run');

-- ============ tenant: who may, and what they hold ============

create table principal (
    tenant_id  uuid not null references tenant,
    id         uuid not null,
    name       text not null,
    role       text not null check (role in ('platform-admin', 'tenant-operator')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create table token (
    tenant_id    uuid not null,
    id           uuid not null,
    principal_id uuid not null,
    secret_hash  bytea not null unique check (length(secret_hash) = 32), -- SHA-256 of 32 random bytes
    label        text not null default '',
    created_at   timestamptz not null default now(),
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, principal_id) references principal (tenant_id, id)
);
-- Closed, never deleted.
create table machine_holding (
    tenant_id  uuid not null references tenant,
    id         uuid not null,
    machine_id uuid not null references machine,
    since      timestamptz not null default now(),
    until      timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, id, machine_id)
);
create unique index machine_held_once on machine_holding (machine_id) where until is null;
create table image_grant (
    tenant_id        uuid not null references tenant,
    id               uuid not null,
    image_version_id uuid not null references image_version,
    since            timestamptz not null default now(),
    until            timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, id, image_version_id)
);
create unique index image_granted_once on image_grant (tenant_id, image_version_id) where until is null;

-- A Kafka topic that belongs to one tenant; nothing inside a message can say otherwise.
create table source (
    tenant_id  uuid not null references tenant,
    id         uuid not null,
    name       text not null check (name ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    kind       text not null default 'kafka' check (kind in ('kafka')),
    topic      text not null unique check (topic ~ '^[A-Za-z0-9._-]{1,249}$'),
    format     text not null default 'muster' check (format in ('muster')),
    state      text not null default 'active' check (state in ('active', 'paused')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

create table rule (
    tenant_id  uuid not null references tenant,
    id         uuid not null,
    name       text not null,                -- metadata.id of the document
    stage      text not null default 'draft' check (stage in ('draft', 'shadow', 'active', 'deprecated')),
    current_version integer not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);
create table rule_version (
    tenant_id  uuid not null,
    rule_id    uuid not null,
    version    integer not null check (version > 0),
    source     text not null,                -- the YAML as pushed
    digest     bytea not null check (length(digest) = 32),
    pushed_by  text not null,
    pushed_at  timestamptz not null default now(),
    primary key (tenant_id, rule_id, version),
    foreign key (tenant_id, rule_id) references rule (tenant_id, id)
);
-- Revision of a tenant's rule book and its kill switch; arm, disarm and push raise it.
create table rule_book (
    tenant_id  uuid primary key references tenant,
    revision   bigint not null default 1,
    killed_because text
);

-- Duplicates of (source, event id) within the horizon.
create table alert_identity (
    tenant_id uuid not null,
    source_id uuid not null,
    event_id  text not null check (length(event_id) <= 512),
    alert_id  uuid not null,
    seen_at   timestamptz not null default now(),
    primary key (tenant_id, source_id, event_id),
    foreign key (tenant_id, source_id) references source (tenant_id, id)
);
create index alert_identity_age on alert_identity (seen_at);

-- ============ tenant: history ============

create table alert (
    tenant_id   uuid not null,
    id          uuid not null,
    source_id   uuid not null,
    cluster_id  text not null, topic text not null, partition integer not null, "offset" bigint not null,
    record_timestamp timestamptz not null,
    engine_time timestamptz not null,
    order_no    bigint not null,
    -- acted | no_rule | outranked_only | duplicate | undecodable | unknown_machine | too_old | too_large | resolved | rejected | rule_error
    disposition text not null,
    reason      text not null default '',     -- the sentence a person reads
    event_id    text, type text, status text, severity text, event_time timestamptz,
    machine_id  uuid,                          -- as found at decision time
    machine_document_version bigint,
    event       text,                          -- normalised event, JSON; null when undecodable
    raw         bytea,                         -- the record's value (first 4 KiB when too large)
    raw_length  bigint not null,
    raw_sha256  bytea not null,
    sqlstate    text,
    primary key (id)
) partition by range (id);
create table alert_default partition of alert default;
create index alert_by_tenant on alert (tenant_id, id desc);
create sequence alert_order;

create table decision (
    tenant_id    uuid not null,
    id           uuid not null,
    alert_id     uuid not null,
    rule_id      uuid not null,
    rule_version integer not null,
    key          text not null,
    trigger      text not null,               -- cluster/topic/partition/offset
    outcome      text not null,               -- boot | outranked | refused
    reason       text not null default '',
    task_id      uuid,
    primary key (id)
) partition by range (id);
create table decision_default partition of decision default;
create index decision_by_alert on decision (tenant_id, alert_id);
-- Uniqueness of (rule version, key, trigger): the cursor makes a trigger be decided once; the derived task id catches the rest.
create index decision_once on decision (tenant_id, rule_id, rule_version, key, trigger);

-- ============ tenant: tasks ============

create table task (
    tenant_id        uuid not null references tenant,
    id               uuid not null,
    state            text not null,
    state_since      timestamptz not null default now(),
    class            smallint not null default 1,   -- 0 operator, 1 rule, 2 batch
    action           text not null default 'boot' check (action in ('boot')),
    holding_id       uuid not null,
    machine_id       uuid not null references machine,
    site_id          uuid not null references site,
    grant_id         uuid not null,                 -- image_grant
    image_version_id uuid not null references image_version,
    params           jsonb not null default '{}',
    after            text not null default 'as_found' check (after in ('as_found', 'power_off', 'local_disk', 'stay')),
    schedule_time    timestamptz not null,
    expires_at       timestamptz not null,
    deadline_s       integer not null check (deadline_s between 30 and 86400),
    reason           text not null default '', ticket text not null default '', labels jsonb not null default '{}',
    requested_by     text not null,                 -- principal name, or 'rule NAME vN'
    alert_id uuid, decision_id uuid, rule_id uuid, rule_version integer,
    epoch            bigint,                        -- of the last grant
    verdict          text check (verdict in ('passed', 'degraded', 'failed')),
    restore          text not null default 'none' check (restore in ('none', 'pending', 'done', 'failed')),
    stopped_at text, cause text, remedy text,
    cancel_requested_at timestamptz, cancel_reason text,
    report_sha256 bytea, log_size bigint not null default 0,
    created_at timestamptz not null default now(), started_at timestamptz, ended_at timestamptz,
    primary key (tenant_id, id),
    unique (id),
    foreign key (tenant_id, holding_id, machine_id) references machine_holding (tenant_id, id, machine_id),
    foreign key (tenant_id, grant_id, image_version_id) references image_grant (tenant_id, id, image_version_id)
);
create index task_recent on task (tenant_id, created_at desc, id);

-- One narrow row from a task's making to its end: what leasing reads, and the one-task-a-machine rule.
create table task_queue (
    tenant_id  uuid not null,
    task_id    uuid not null,
    site_id    uuid not null,
    machine_id uuid not null,
    class      smallint not null,
    state      text not null,
    due_at     timestamptz not null,
    expires_at timestamptz not null,
    epoch      bigint,
    leased_by  uuid,                                -- controller id
    lease_until timestamptz,
    sent_at    timestamptz,
    deadline_at timestamptz,                        -- from STARTED
    primary key (tenant_id, task_id),
    foreign key (tenant_id, task_id) references task (tenant_id, id)
);
create unique index one_task_a_machine on task_queue (machine_id) where state in ('leased', 'accepted', 'running', 'unknown');
create index task_queue_ready on task_queue (site_id, class, due_at, task_id) where state = 'queued';
create index task_queue_due on task_queue (due_at) where state in ('scheduled', 'limited', 'pending_approval');

-- Every epoch that was ever granted for a task: facts of any of them count.
create table task_grant (
    tenant_id  uuid not null,
    task_id    uuid not null,
    epoch      bigint not null,
    site_id    uuid not null,
    agent_id   uuid not null,
    machine_id uuid not null,
    controller_id uuid not null,
    granted_at timestamptz not null default now(),
    ended      text,                                -- declined | released | not_held | not_sent | lost: no agent holds it by this grant
    primary key (tenant_id, task_id, epoch),
    unique (machine_id, epoch),
    foreign key (tenant_id, task_id) references task (tenant_id, id)
);
create index task_grant_by_task on task_grant (task_id, epoch);

-- The timeline: one row per state change and per step.
create table task_event (
    tenant_id  uuid not null,
    id         uuid not null,
    task_id    uuid not null,
    epoch      bigint,
    at         timestamptz not null,                -- when it happened, by the part that saw it
    recorded_at timestamptz not null default now(),
    kind       text not null check (kind in ('state', 'step', 'note')),
    name       text not null,                       -- 'queued -> leased', 'bmc_on'
    state      text not null default '',            -- step: started | done | failed | seen
    detail     text not null default '',
    evidence   text not null default '',
    duration_ms bigint,
    attempt    integer,
    agent_id   uuid, sequence bigint,               -- journal record it came from
    primary key (id)
) partition by range (id);
create table task_event_default partition of task_event default;
create index task_event_by_task on task_event (tenant_id, task_id, id);

create table task_log (
    tenant_id uuid not null,
    id        uuid not null,
    task_id   uuid not null,
    source    text not null,                        -- image | agent
    "offset"  bigint not null,
    data      bytea not null,
    primary key (id)
) partition by range (id);
create table task_log_default partition of task_log default;
create index task_log_by_task on task_log (tenant_id, task_id, source, "offset");

-- Chunks until whole, then one row with the report; kept for ever unless retention says otherwise.
create table task_report_chunk (
    tenant_id uuid not null,
    task_id   uuid not null,
    "offset"  bigint not null,
    size      bigint not null,
    sha256    bytea not null,
    data      bytea not null,
    primary key (tenant_id, task_id, "offset"),
    foreign key (tenant_id, task_id) references task (tenant_id, id)
);
create table task_report (
    tenant_id uuid not null,
    task_id   uuid not null,
    sha256    bytea not null,
    body      text not null,
    received_at timestamptz not null default now(),
    primary key (tenant_id, task_id),
    foreign key (tenant_id, task_id) references task (tenant_id, id)
);

create table idempotency_key (
    tenant_id  uuid not null references tenant,
    principal  text not null,
    key        text not null check (length(key) between 1 and 255),
    body_sha256 bytea not null,
    status     integer,
    response   text,
    location   text,
    created_at timestamptz not null default now(),
    primary key (tenant_id, principal, key)
);

-- ============ tenant: audit ============

create table audit (
    tenant_id uuid not null,
    id        uuid not null,
    xid       xid8 not null default pg_current_xact_id(),
    at        timestamptz not null default now(),
    who       text not null,                        -- principal, 'rule NAME vN', 'agent NAME', 'musterd'
    action    text not null,                        -- task.create, token.create, order.refused ...
    object    text not null default '',             -- 'task 0191...'
    outcome   text not null check (outcome in ('ok', 'refused', 'failed')),
    leaf_hash bytea not null check (length(leaf_hash) = 32),
    primary key (id)
) partition by range (id);
create table audit_default partition of audit default;
create index audit_by_tenant on audit (tenant_id, id desc);
create table audit_body (
    tenant_id uuid not null,
    id        uuid not null,                        -- audit.id
    salt      bytea not null check (length(salt) = 16),
    body      text not null,                        -- JSON: why, from where, before/after
    primary key (id)
) partition by range (id);
create table audit_body_default partition of audit_body default;
create table audit_seal (
    tenant_id  uuid not null,
    seq        bigint not null,
    audit_id   uuid not null,
    chain_hash bytea not null check (length(chain_hash) = 32),
    primary key (tenant_id, seq)
);

-- ============ edges ============

insert into task_edge (from_state, to_state, event, sentence) values
    ('scheduled', 'queued', 'due', 'its time has come'),
    ('scheduled', 'cancelled', 'cancel', 'cancelled before its time'),
    ('scheduled', 'expired', 'expire', 'its last start moment passed'),
    ('pending_approval', 'queued', 'approved', 'approved'),
    ('pending_approval', 'scheduled', 'approved', 'approved, due later'),
    ('pending_approval', 'cancelled', 'cancel', 'cancelled or refused'),
    ('pending_approval', 'expired', 'expire', 'nobody approved in time'),
    ('limited', 'queued', 'limit_free', 'the limit has room again'),
    ('limited', 'cancelled', 'cancel', 'cancelled while held back'),
    ('limited', 'expired', 'expire', 'the limit stayed full until its last start moment'),
    ('queued', 'leased', 'lease', 'a controller took it to send'),
    ('queued', 'accepted', 'accepted', 'the agent had it already'),
    ('queued', 'running', 'started', 'the agent had started it already'),
    ('queued', 'cancelled', 'cancel', 'cancelled before it was sent'),
    ('queued', 'expired', 'expire', 'no agent took it before its last start moment'),
    ('queued', 'unknown', 'uncertain', 'the agent cannot tell whether it acted'),
    ('leased', 'queued', 'requeue', 'declined, or no answer within the lease'),
    ('leased', 'accepted', 'accepted', 'journalled at the agent'),
    ('leased', 'running', 'started', 'journalled and started'),
    ('leased', 'cancelled', 'cancel', 'the agent never held it'),
    ('leased', 'expired', 'expire', 'the agent does not hold it and its last start moment passed'),
    ('leased', 'unknown', 'uncertain', 'the agent cannot tell whether it acted'),
    ('accepted', 'queued', 'requeue', 'released by the agent, did not start in time'),
    ('accepted', 'running', 'started', 'the first intent was journalled'),
    ('accepted', 'cancelled', 'cancel', 'the agent dropped it before it started'),
    ('accepted', 'unknown', 'uncertain', 'the agent''s journal is lost, or silence beyond the deadline'),
    ('running', 'unknown', 'uncertain', 'the agent cannot tell, its journal is lost, or silence beyond the deadline'),
    ('unknown', 'running', 'started', 'the agent had started it after all');
insert into task_edge (from_state, to_state, event, sentence)
    select f, t, 'result', case when f = 'queued' then 'the agent had finished it already'
                                when f = 'unknown' then 'the agent''s result came after all' else 'finished' end
    from unnest(array['queued', 'leased', 'accepted', 'running', 'unknown']) f,
         unnest(array['succeeded', 'failed', 'cancelled', 'expired']) t;
insert into task_edge (from_state, to_state, event, sentence)
    select 'unknown', t, 'settle', 'settled by the journal, the BMC or a person'
    from unnest(array['succeeded', 'failed', 'cancelled', 'expired']) t;

create function refuse_foreign_edge() returns trigger language plpgsql as $$
begin
    if new.state is distinct from old.state
       and not exists (select from task_edge where from_state = old.state and to_state = new.state) then
        raise exception 'task % cannot go from % to %', old.id, old.state, new.state using errcode = 'MU001';
    end if;
    return new;
end $$;
create trigger task_edge_guard before update of state on task for each row execute function refuse_foreign_edge();
create function refuse_foreign_start() returns trigger language plpgsql as $$
begin
    if new.state not in ('scheduled', 'queued', 'pending_approval', 'limited') then
        raise exception 'a task cannot begin as %', new.state using errcode = 'MU001';
    end if;
    return new;
end $$;
create trigger task_start_guard before insert on task for each row execute function refuse_foreign_start();

-- ============ row-level security and rights ============

do $$
declare t text;
begin
    foreach t in array array['principal', 'token', 'machine_holding', 'image_grant', 'source', 'rule', 'rule_version', 'rule_book', 'alert_identity',
                             'alert', 'decision', 'task', 'task_queue', 'task_grant', 'task_event', 'task_log', 'task_report_chunk', 'task_report',
                             'idempotency_key', 'audit', 'audit_body', 'audit_seal'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        -- Migrations fill and rewrite rows of every tenant: the owner's all-rows policy, by name.
        execute format('create policy owner_all_rows on %I to muster_owner using (true) with check (true)', t);
        execute format('create policy engine_tenant on %I to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('create policy api_tenant on %I to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
    end loop;
end $$;

-- Read across tenants, each with its reason; writing stays within the tenant that the transaction names.
create policy engine_all_task_queue on task_queue for select to muster_engine using (true);   -- leasing serves a site, whoever's the task
create policy engine_all_task_grant on task_grant for select to muster_engine using (true);   -- a fact names a task; the grant names its tenant
create policy engine_all_source on source for select to muster_engine using (true);           -- intake learns which topics there are
create policy engine_all_rule on rule for select to muster_engine using (true);               -- the rule book of every tenant is held in memory
create policy engine_all_rule_version on rule_version for select to muster_engine using (true);
create policy engine_all_rule_book on rule_book for select to muster_engine using (true);
-- A token's hash is looked up before the tenant is known; the row found names it.
create policy api_all_token on token for select to muster_api using (current_tenant() is null);
create policy api_all_principal on principal for select to muster_api using (current_tenant() is null);

grant usage on schema public to muster_engine, muster_api, muster_maintenance;
grant select on platform_table, task_edge, tenant, site, agent, machine, machine_nic, image, image_version, image_file, key_manifest, controller
    to muster_engine, muster_api;
grant usage on sequence alert_order to muster_engine;
-- engine
grant select, insert, update on agent_stream, agent_session, kafka_cursor, controller to muster_engine;
grant select on bmc_account to muster_engine;
grant update (epoch, held_because, held_by_task) on machine to muster_engine;
grant update (epoch_floor, quarantined_because) on site to muster_engine;
grant select on source, rule, rule_version, rule_book, machine_holding, image_grant to muster_engine;
grant select, insert, delete on alert_identity to muster_engine;
grant select, insert on alert, decision, task_event, task_log, audit, audit_body, task_report to muster_engine;
grant select, insert, delete on task_report_chunk to muster_engine;
grant select, insert, update on task, task_grant to muster_engine;
grant select, insert, update, delete on task_queue to muster_engine;
grant select, insert on audit_seal to muster_engine;
-- api
grant select on agent_stream, agent_session, kafka_cursor to muster_api;
grant select (id, machine_id, driver, address, port, username, cipher_suite) on bmc_account to muster_api;
grant insert on bmc_account, tenant, site, agent, machine, machine_nic, image, image_version, image_file, key_manifest to muster_api;
grant update (driver, address, port, username, cipher_suite, password) on bmc_account to muster_api;
grant update (title) on tenant to muster_api;
grant update (time_zone, chainload_always, quarantined_because) on site to muster_api;
grant update (state, revoked_at) on agent to muster_api;
grant update (smbios_uuid, serial, asset_tag, rack, class, memory_mib, cpus, held_because, held_by_task, document_version) on machine to muster_api;
grant delete on machine_nic to muster_api;
grant update (state) on image_version to muster_api;
grant select, insert on principal, token, machine_holding, image_grant, source, rule, rule_version, rule_book to muster_api;
grant update (revoked_at) on token to muster_api;
grant update (until) on machine_holding, image_grant to muster_api;
grant update (state) on source to muster_api;
grant update (stage, current_version) on rule to muster_api;
grant update (revision, killed_because) on rule_book to muster_api;
grant select on alert, decision, task_event, task_log, task_report, task_grant, audit_seal to muster_api;
grant select, insert, update on task to muster_api;
grant select, insert, update, delete on task_queue to muster_api;
grant insert on task_event to muster_api;
grant select, insert on audit, audit_body to muster_api;
grant select, insert, update, delete on idempotency_key to muster_api;

-- ============ partitions ============

-- First UUIDv7 of a moment: the lower bound of a partition.
create function uuid_floor(at timestamptz) returns uuid language sql immutable as
$$ select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid $$;

-- Makes the monthly partitions of every history table from 'first' for 'months' months; existing ones stay. Returns how many were made.
-- Runs as the owner, called by muster_maintenance; each call that made one is audited by the caller.
create function make_partitions(first date, months integer) returns integer language plpgsql security definer set search_path = public as $$
declare
    parent text;
    start date;
    child text;
    made integer := 0;
begin
    for parent in select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where c.relkind = 'p' and n.nspname = 'public' order by 1 loop
        for i in 0 .. months - 1 loop
            start := (date_trunc('month', first) + make_interval(months => i))::date;
            child := parent || '_' || to_char(start, 'YYYYMM');
            if to_regclass(child) is null then
                execute format('create table %I partition of %I for values from (%L) to (%L)', child, parent,
                               uuid_floor(start::timestamp at time zone 'UTC'), uuid_floor((start + interval '1 month') at time zone 'UTC'));
                made := made + 1;
            end if;
        end loop;
    end loop;
    return made;
end $$;
revoke all on function make_partitions(date, integer) from public;
grant execute on function make_partitions(date, integer) to muster_maintenance;

-- Rows that no partition took: alarmed when not zero.
create function default_partition_rows() returns table (name text, has_rows boolean) language plpgsql security definer set search_path = public as $$
declare t text;
begin
    for t in select c.relname from pg_class c where c.relname like '%\_default' and c.relispartition order by 1 loop
        name := t;
        execute format('select exists (select from %I)', t) into has_rows;
        return next;
    end loop;
end $$;
revoke all on function default_partition_rows() from public;
grant execute on function default_partition_rows() to muster_maintenance, muster_engine;

select make_partitions((now() at time zone 'UTC')::date, 3);
