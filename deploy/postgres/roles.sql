-- roles.sql - the four logins of Muster and its database; run once per cluster by a superuser (psql -f roles.sql), safe to repeat.
-- No login is a superuser and none may pass row-level security by. Passwords are set apart from this file, e.g. with \password.
--   muster_owner        owns the schema; used by 'musterd migrate' alone
--   muster_maintenance  partitions and retention
--   muster_engine       intake, dispatch, timers
--   muster_api          the API; sees the tenant that a transaction names
\set ON_ERROR_STOP on
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', name)
FROM unnest(ARRAY['muster_owner', 'muster_maintenance', 'muster_engine', 'muster_api']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
SELECT 'CREATE DATABASE muster OWNER muster_owner ENCODING ''UTF8'' LC_COLLATE ''C.UTF-8'' LC_CTYPE ''C.UTF-8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'muster')
\gexec
REVOKE ALL ON DATABASE muster FROM PUBLIC;
GRANT CONNECT ON DATABASE muster TO muster_maintenance, muster_engine, muster_api;
