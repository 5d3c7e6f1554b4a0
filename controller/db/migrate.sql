-- Statements of migrate.c.

-- name: migration_table
create table if not exists schema_migration (
    number     integer primary key,
    name       text not null,
    sha256     bytea not null check (length(sha256) = 32),
    applied_at timestamptz not null default now(),
    -- Number of the last migration that the oldest program knows which still works with this one.
    serves_from integer not null
);
grant select on schema_migration to muster_engine, muster_api, muster_maintenance;

-- name: migration_lock
-- One number of ours: two 'musterd migrate' at once wait for each other.
select pg_advisory_xact_lock(7311838592147251301);

-- name: migration_table_exists
select to_regclass('public.schema_migration') is not null;

-- name: migrations_applied
select number, name, sha256, serves_from from schema_migration order by number;

-- name: migration_applied
insert into schema_migration (number, name, sha256, serves_from) values ($1, $2, $3, $4);
