-- 0020_platform_brakes - a storm brake over each site and one over the whole fleet, whoever's the rules: a site's power fault alarms the
-- machines of many tenants, none of which gets near a brake of its own.
-- serves from: 0019

-- No more than 'max' boots by rules in per_s, else the site's or the fleet's automation is stopped (automation_stop) until a person lets it go on.
create table platform_brake (
    site_id uuid primary key,                  -- a site; all zeros: the whole fleet
    max     integer check (max between 1 and 1000000), -- null: it is switched off
    per_s   integer not null check (per_s between 60 and 86400),
    who     text not null,
    reason  text not null,
    set_at  timestamptz not null default now()
);

-- What is in force, of a site that nobody set one for too.
create function platform_brake_of(whose uuid, out max integer, out per_s integer) language sql stable as
$$ select case when b.site_id is not null then b.max when whose = '00000000-0000-0000-0000-000000000000' then 500 else 100 end, coalesce(b.per_s, 600)
   from (select 1) as one left join platform_brake b on b.site_id = whose $$;

-- Boots that rules asked for, in several rows a site so that transactions that count do not wait for each other.
create table platform_brake_boots (
    site_id uuid not null,                     -- as above
    part    integer not null check (part between 0 and 15),
    slot    bigint not null,                   -- which sixtieth of per_s since 1970 the newest count is of
    counts  integer[] not null,                -- boots in each sixtieth, the newest last
    primary key (site_id, part)
);

alter table automation_stop add column by_brake boolean not null default false; -- by the storm brake, not a person

insert into platform_table values ('platform_brake', 'how many boots by rules, of any tenant, stop the automation of a site or the fleet'),
    ('platform_brake_boots', 'how many boots rules of all tenants asked for at a site or in the fleet');
grant select on platform_brake to muster_engine, muster_api;
grant insert, update on platform_brake to muster_api;
grant select, insert, update on platform_brake_boots to muster_engine;
grant select, delete on platform_brake_boots to muster_api;
grant insert on automation_stop to muster_engine; -- the brake engages by itself
