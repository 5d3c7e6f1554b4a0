-- machine_cache.sql - table fleet_revision.

-- A tenant without a row never held a machine: revision 0.
-- name: fleet_revision
select coalesce(max(revision), 0) from fleet_revision where tenant_id = $1
