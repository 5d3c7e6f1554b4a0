-- machine_cache.sql - tables fleet_revision and fleet_change: their triggers write them.

-- A tenant without a row never held a machine: revision 0.
-- name: fleet_revision
select coalesce(max(revision), 0) from fleet_revision where tenant_id = $1

-- name: fleet_changes
select c.revision, c.machines is null, m.id
from fleet_change c left join lateral unnest(c.machines) as m(id) on true
where c.tenant_id = $1 and c.revision > $2 and c.revision <= $3
order by c.revision
