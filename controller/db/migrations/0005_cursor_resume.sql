-- 0005_cursor_resume - what the intake needs to be told, and to be fast.
--
-- How far each partition's log reaches, so that lag can be told, and a person's word on where a halted one goes on.
alter table kafka_cursor
    add column log_start   bigint,
    add column log_end     bigint,
    add column log_seen_at timestamptz,
    -- Where the next owner begins; it knows the log's ends and takes this back as it does.
    add column begin_at    text check (begin_at in ('earliest', 'latest'));
grant update (next, last_offset, last_digest, last_timestamp_ms, halted_because, begin_at, updated_at) on kafka_cursor to muster_api;

-- An event's source and id as the first 16 bytes of their SHA-256: a row and an index of one width, whatever a monitor calls its events.
alter table alert_identity drop constraint alert_identity_pkey;
alter table alert_identity drop constraint alert_identity_event_id_check;
alter table alert_identity alter column event_id type uuid using encode(substr(sha256(convert_to(event_id, 'UTF8')), 1, 16), 'hex')::uuid;
alter table alert_identity rename column event_id to event_digest;
alter table alert_identity add primary key (tenant_id, source_id, event_digest);
-- Rows come in the order of their time, and are looked for by it once a day.
drop index alert_identity_age;
create index alert_identity_age on alert_identity using brin (seen_at);
comment on column alert.event is 'the normalised event, JSON, where the message is of another shape than ours; else it stands in raw';

-- What an alert's machine is looked up by, and what is told of it, is remembered between batches as long as the tenant's number here is the
-- same. It rises in the transaction that changes one of these.
create table fleet_revision (
    tenant_id uuid primary key references tenant,
    revision  bigint not null default 1
);
alter table fleet_revision enable row level security;
alter table fleet_revision force row level security;
create policy owner_all_rows on fleet_revision to muster_owner using (true) with check (true);
create policy engine_tenant on fleet_revision to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy api_tenant on fleet_revision to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on fleet_revision to muster_engine, muster_api;
insert into fleet_revision (tenant_id) select distinct tenant_id from machine_holding;

-- In one order, so that two who change many machines wait for each other and no more.
create function raise_fleet_revision(tenants uuid[]) returns void language sql set search_path = public as $$
    insert into fleet_revision (tenant_id) select distinct t from unnest(tenants) t order by t
    on conflict (tenant_id) do update set revision = fleet_revision.revision + 1;
$$;
revoke all on function raise_fleet_revision(uuid[]) from public;
create function holding_changed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform raise_fleet_revision(array(select distinct tenant_id from changed));
    return null;
end $$;
create function machine_key_changed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform raise_fleet_revision(array(select h.tenant_id from machine_holding h join changed c using (machine_id) where h.until is null));
    return null;
end $$;
create function machine_told_changed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform raise_fleet_revision(array(select tenant_id from machine_holding where machine_id = new.id and until is null));
    return null;
end $$;
create function site_told_changed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform raise_fleet_revision(array(select h.tenant_id from machine_holding h join machine m on m.id = h.machine_id
                                       where m.site_id = new.id and h.until is null));
    return null;
end $$;
create trigger fleet_revision_insert after insert on machine_holding referencing new table as changed for each statement execute function holding_changed();
create trigger fleet_revision_update after update on machine_holding referencing new table as changed for each statement execute function holding_changed();
create trigger fleet_revision_delete after delete on machine_holding referencing old table as changed for each statement execute function holding_changed();
create trigger fleet_revision_insert after insert on machine_nic referencing new table as changed for each statement execute function machine_key_changed();
create trigger fleet_revision_update after update on machine_nic referencing new table as changed for each statement execute function machine_key_changed();
create trigger fleet_revision_delete after delete on machine_nic referencing old table as changed for each statement execute function machine_key_changed();
-- Of the columns that are told: leasing writes others, thousands of times a second.
create trigger fleet_revision_update after update of site_id, name, serial, asset_tag, rack, class, document_version on machine
    for each row execute function machine_told_changed();
create trigger fleet_revision_update after update of name on site for each row execute function site_told_changed();
