-- 0015_webhook - sources whose messages come by HTTP: the secrets that senders hold, and what came, so that the same again is answered the same.
-- serves from: 0014

alter table source drop constraint source_kind_check;
alter table source add constraint source_kind_check check (kind in ('kafka', 'webhook'));
alter table source alter column topic drop not null;
alter table source add constraint source_topic_of_kafka check ((kind = 'kafka') = (topic is not null));

create table source_secret (
    tenant_id   uuid not null,
    id          uuid not null,
    source_id   uuid not null,
    secret_hash bytea not null unique check (length(secret_hash) = 32),
    label       text not null default '' check (length(label) <= 200),
    created_at  timestamptz not null default now(),
    revoked_at  timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, source_id) references source (tenant_id, id)
);
create index source_secret_of on source_secret (tenant_id, source_id);

-- A request that was kept, for as long as its sender may send it again.
create table webhook_receipt (
    tenant_id   uuid not null,
    source_id   uuid not null,
    digest      bytea not null check (length(digest) = 32),
    received_at timestamptz not null,
    alerts      integer not null,
    primary key (tenant_id, source_id, digest),
    foreign key (tenant_id, source_id) references source (tenant_id, id)
);
create index webhook_receipt_age on webhook_receipt (tenant_id, source_id, received_at);

do $$
declare t text;
begin
    foreach t in array array['source_secret', 'webhook_receipt'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy owner_all_rows on %I to muster_owner using (true) with check (true)', t);
        execute format('create policy engine_tenant on %I to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
        execute format('create policy api_tenant on %I to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
    end loop;
end $$;
-- A secret's hash is looked up before the tenant is known; the row found names it.
create policy api_all_source_secret on source_secret for select to muster_api using (current_tenant() is null);
grant select, insert on source_secret to muster_api;
grant update (revoked_at) on source_secret to muster_api;
grant select, insert, update, delete on webhook_receipt to muster_engine;
