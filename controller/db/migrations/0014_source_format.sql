-- 0014_source_format - how the messages of a source become events: a format that is part of muster, or a mapping of the tenant's own, of which
-- every version is kept; and records that hold several events.
-- serves from: 0013

alter table source drop constraint source_format_check;
alter table source add constraint source_format_check check (format ~ '^[a-z0-9][a-z0-9.-]{0,62}$');
alter table source add column mapping_version integer check (mapping_version > 0);
comment on column source.mapping_version is 'of table source_mapping; null: the format is muster''s own, or one that is part of it';

create table source_mapping (
    tenant_id uuid not null,
    source_id uuid not null,
    version   integer not null check (version > 0),  -- metadata.version of the document
    name      text not null,                         -- metadata.name
    document  text not null check (length(document) <= 262144),
    digest    bytea not null check (length(digest) = 32),
    made_by   text not null,
    made_at   timestamptz not null default now(),
    primary key (tenant_id, source_id, version),
    foreign key (tenant_id, source_id) references source (tenant_id, id)
);

alter table alert add column item integer not null default 0;
comment on column alert.item is 'which of its record''s events, from 0; the first has the record''s bytes in raw';

do $$
declare t text := 'source_mapping';
begin
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_all_rows on %I to muster_owner using (true) with check (true)', t);
    execute format('create policy engine_tenant on %I to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
    execute format('create policy api_tenant on %I to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
end $$;
create policy engine_all_source_mapping on source_mapping for select to muster_engine using (true); -- intake reads every tenant's sources
grant select on source_mapping to muster_engine;
grant select, insert on source_mapping to muster_api;
grant update (format, mapping_version) on source to muster_api;
