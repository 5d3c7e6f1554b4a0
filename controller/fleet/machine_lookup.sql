-- machine_lookup.sql - machines by what messages call them, among those that a tenant holds now.

-- name: machine_lookup
with claim as (
    select c.i, c.mac, c.serial, c.tag, c.name,
           (select n.machine_id from machine_nic n where n.mac = c.mac::macaddr) as by_mac,
           (select m.id from machine m where m.serial = c.serial) as by_serial,
           (select m.id from machine m where m.asset_tag = c.tag) as by_tag,
           (select m.id from machine m where m.name = lower(c.name)) as by_name
    from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) as c(i, mac, serial, tag, name)
)
select c.i, h.id, m.id, m.site_id, m.document_version, m.name, m.class, s.name, m.rack, d.document
from claim c
join machine m on m.id = coalesce(c.by_mac, c.by_serial, c.by_tag, c.by_name)
join machine_holding h on h.machine_id = m.id and h.tenant_id = $1 and h.until is null
join site s on s.id = m.site_id
join machine_document d on d.tenant_id = $1 and d.machine_id = m.id and d.version = m.document_version
where (c.mac is null or c.by_mac = m.id)
  and (c.serial is null or c.by_serial = m.id)
  and (c.tag is null or c.by_tag = m.id)
  and (c.name is null or c.by_name = m.id)
