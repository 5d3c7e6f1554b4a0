-- 0010_machine_document - what rules see of a machine (asset.* of docs/rule-language.md), in every version that a tenant's rules could have
-- decided by.
-- serves from: 0007
--
-- Invariant: while a machine is held, (its holder, its id, its document_version) is a row of machine_document and says what machine_told()
-- says. The triggers below keep it, in the transaction of whatever changes one of these; a change that changes nothing raises nothing.
-- Locks: a site's row, then its machines in the order of their ids, then fleet_revision. Who raises a version has locked the machine's row,
-- so versions and documents agree.

alter table machine
    add column labels     jsonb not null default '{}' check (jsonb_typeof(labels) = 'object'),
    -- What is not asked for by a column of its own. Of the machine: model, controllers, firmware. Of who holds it, as its labels are:
    -- lifecycle, cluster, service, maintenance_calendar.
    add column attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
    add constraint machine_attributes_known check
        (attributes - array['model', 'controllers', 'firmware', 'lifecycle', 'cluster', 'service', 'maintenance_calendar'] = '{}');
grant update (labels, attributes) on machine to muster_api;
revoke update (document_version) on machine from muster_api; -- the triggers' alone

create table machine_document (
    tenant_id  uuid not null references tenant, -- who held it: nobody else is told, also not the next holder
    machine_id uuid not null references machine,
    version    bigint not null,
    document   text not null,                   -- JSON, the members of asset.*
    made_at    timestamptz not null default clock_timestamp(),
    primary key (tenant_id, machine_id, version)
);
create index machine_document_age on machine_document using brin (made_at);
alter table machine_document enable row level security;
alter table machine_document force row level security;
create policy owner_all_rows on machine_document to muster_owner using (true) with check (true);
create policy engine_tenant on machine_document to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy api_tenant on machine_document to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on machine_document to muster_engine, muster_api;

-- What is not known is not there, but for the labels: a rule may ask whether a machine has one. jsonb puts members into one order, so
-- documents that say the same are the same text.
create function machine_told(machines uuid[]) returns table (machine_id uuid, version bigint, document text) language sql stable as $$
    select m.id, m.document_version,
           (m.attributes
            || jsonb_strip_nulls(jsonb_build_object('id', m.id, 'name', m.name, 'class', m.class, 'serial', m.serial, 'asset_tag', m.asset_tag,
                                                    'site', s.name, 'rack', m.rack, 'site_tz', s.time_zone))
            || jsonb_build_object('labels', m.labels))::text
    from machine m join site s on s.id = m.site_id where m.id = any (machines)
$$;
revoke all on function machine_told(uuid[]) from public;
grant execute on function machine_told(uuid[]) to muster_api;

-- The documents of those that are held, at the versions they have now.
create function keep_machine_documents(machines uuid[]) returns void language sql set search_path = public as $$
    insert into machine_document (tenant_id, machine_id, version, document)
    select h.tenant_id, t.machine_id, t.version, t.document
    from machine_told(machines) t join machine_holding h on h.machine_id = t.machine_id and h.until is null
    on conflict (tenant_id, machine_id, version) do nothing
$$;
revoke all on function keep_machine_documents(uuid[]) from public;

-- ============ which machines changed ============

-- Beside each of the last revisions: who remembers thousands of machines forgets those that changed, and keeps the others.
create table fleet_change (
    tenant_id uuid not null references tenant,
    revision  bigint not null,  -- of fleet_revision, from here on
    machines  uuid[],           -- null: any of them
    primary key (tenant_id, revision)
);
alter table fleet_change enable row level security;
alter table fleet_change force row level security;
create policy owner_all_rows on fleet_change to muster_owner using (true) with check (true);
create policy engine_tenant on fleet_change to muster_engine using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
create policy api_tenant on fleet_change to muster_api using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on fleet_change to muster_engine, muster_api;

-- In one order, so that two who change many machines wait for each other and no more. A tenant's row is locked until the commit: who sees a
-- revision sees the changes up to it. Of several tenants' machines none is told which are another's.
create function raise_fleet_revision(tenants uuid[], machines uuid[]) returns void language sql set search_path = public as $$
    with whose as (
        select distinct t as tenant_id from unnest(tenants) t order by 1
    ), raised as (
        insert into fleet_revision (tenant_id) select tenant_id from whose
        on conflict (tenant_id) do update set revision = fleet_revision.revision + 1
        returning tenant_id, revision
    ), gone as (
        delete from fleet_change c using raised r where c.tenant_id = r.tenant_id and c.revision <= r.revision - 256
    )
    insert into fleet_change (tenant_id, revision, machines)
    select tenant_id, revision, case when cardinality(machines) <= 64 and (select count(*) from whose) = 1 then machines end from raised;
$$;
revoke all on function raise_fleet_revision(uuid[], uuid[]) from public;

create or replace function machine_key_changed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform raise_fleet_revision(array(select h.tenant_id from machine_holding h join changed c using (machine_id) where h.until is null),
                                 array(select distinct machine_id from changed));
    return null;
end $$;

-- ============ a machine ============

create function machine_document_raise() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if new.site_id <> old.site_id then -- what the site is called, and its zone, stay as they are until this is committed
        perform from site where id = new.site_id for share;
    end if;
    new.document_version := old.document_version + 1;
    return new;
end $$;
create trigger machine_document_raise before update of site_id, name, serial, asset_tag, rack, class, labels, attributes on machine
    for each row when ((old.site_id, old.name, old.serial, old.asset_tag, old.rack, old.class, old.labels, old.attributes)
                       is distinct from (new.site_id, new.name, new.serial, new.asset_tag, new.rack, new.class, new.labels, new.attributes))
    execute function machine_document_raise();

-- Only what raised the version has changed what is told. Leasing writes other columns, thousands of times a second.
create or replace function machine_told_changed() returns trigger language plpgsql security definer set search_path = public as $$
begin
    perform keep_machine_documents(array[new.id]);
    perform raise_fleet_revision(array(select tenant_id from machine_holding where machine_id = new.id and until is null), array[new.id]);
    return null;
end $$;
drop trigger fleet_revision_update on machine;
create trigger machine_told_changed after update of site_id, name, serial, asset_tag, rack, class, labels, attributes on machine
    for each row when (old.document_version <> new.document_version) execute function machine_told_changed();

-- ============ its site ============

create or replace function site_told_changed() returns trigger language plpgsql security definer set search_path = public as $$
declare
    machines uuid[];
begin
    machines := array(select id from machine where site_id = new.id order by id for no key update);
    update machine set document_version = document_version + 1 where id = any (machines);
    perform keep_machine_documents(machines);
    perform raise_fleet_revision(array(select tenant_id from machine_holding where machine_id = any (machines) and until is null), null);
    return null;
end $$;
drop trigger fleet_revision_update on site;
create trigger site_told_changed after update of name, time_zone on site
    for each row when ((old.name, old.time_zone) is distinct from (new.name, new.time_zone)) execute function site_told_changed();

-- ============ who holds it ============

-- A holding that ends takes with it what its holder said of the machine; the next one begins with what the machine itself is.
create or replace function holding_changed() returns trigger language plpgsql security definer set search_path = public as $$
declare
    machines uuid[] := array(select id from machine where id in (select machine_id from changed) order by id for no key update);
begin
    if tg_op <> 'INSERT' then
        update machine m set labels = '{}', attributes = attributes - array['lifecycle', 'cluster', 'service', 'maintenance_calendar'],
                             document_version = document_version + 1
        where id = any (machines) and not exists (select from machine_holding h where h.machine_id = m.id and h.until is null);
    end if;
    perform keep_machine_documents(machines);
    perform raise_fleet_revision(array(select distinct tenant_id from changed), machines);
    return null;
end $$;
drop function raise_fleet_revision(uuid[]);

select keep_machine_documents(array(select machine_id from machine_holding where until is null));

-- ============ how long they are kept ============

-- Of each machine the documents that were replaced before the oldest alert that is kept could have been decided by them; alerts and
-- decisions that are kept for ever keep them for ever. Says how many went.
create function drop_machine_documents() returns bigint language plpgsql security definer set search_path = public as $$
declare
    horizon timestamptz;
    gone bigint;
begin
    select min(date_trunc('month', now() at time zone 'UTC') - make_interval(months => months)) at time zone 'UTC' - interval '1 day'
    into horizon from history_retention where name in ('alert', 'decision') having bool_and(months is not null);
    if horizon is null then
        return 0;
    end if;
    delete from machine_document d
    using (select tenant_id, machine_id, max(version) as version from machine_document where made_at < horizon group by 1, 2) kept
    where d.tenant_id = kept.tenant_id and d.machine_id = kept.machine_id
      and (d.version < kept.version
           or d.version = kept.version
              and not exists (select from machine_holding h where h.tenant_id = d.tenant_id and h.machine_id = d.machine_id
                                                              and coalesce(h.until, now()) >= horizon));
    get diagnostics gone = row_count;
    return gone;
end $$;
revoke all on function drop_machine_documents() from public;
grant execute on function drop_machine_documents() to muster_maintenance;
