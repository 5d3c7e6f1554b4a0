-- machine_lookup.sql - machines by what messages call them, among those that a tenant holds now.

-- name: machine_lookup
-- Each machine by its key, however many there are ("offset 0" keeps it so): the planner cannot tell what coalesce() will find, and would
-- read the whole fleet once a batch instead.
with claim as materialized (
    select c.i, c.mac, c.serial, c.tag, c.name,
           (select n.machine_id from machine_nic n where n.mac = c.mac::macaddr) as by_mac,
           (select m.id from machine m where m.serial = c.serial) as by_serial,
           (select m.id from machine m where m.asset_tag = c.tag) as by_tag,
           (select m.id from machine m where m.name = lower(c.name)) as by_name
    from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) as c(i, mac, serial, tag, name)
)
select c.i, h.id, m.id, m.site_id, m.document_version, m.name, m.class, s.name, m.rack, d.document
from claim c
cross join lateral (select * from machine x where x.id = coalesce(c.by_mac, c.by_serial, c.by_tag, c.by_name) offset 0) m
cross join lateral (select * from machine_holding x where x.machine_id = m.id and x.tenant_id = $1 and x.until is null offset 0) h
cross join lateral (select * from site x where x.id = m.site_id offset 0) s
cross join lateral (select * from machine_document x where x.tenant_id = $1 and x.machine_id = m.id and x.version = m.document_version offset 0) d
where (c.mac is null or c.by_mac = m.id)
  and (c.serial is null or c.by_serial = m.id)
  and (c.tag is null or c.by_tag = m.id)
  and (c.name is null or c.by_name = m.id)

-- name: machine_lookup_ids
select u.n - 1, h.id, m.id, m.site_id, m.document_version, m.name, m.class, s.name, m.rack, d.document
from unnest($2::uuid[]) with ordinality as u(id, n)
join machine m on m.id = u.id
join machine_holding h on h.machine_id = m.id and h.tenant_id = $1 and h.until is null
join site s on s.id = m.site_id
join machine_document d on d.tenant_id = $1 and d.machine_id = m.id and d.version = m.document_version
