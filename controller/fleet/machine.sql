-- name: machine_insert
insert into machine (id, site_id, name, smbios_uuid) values ($1, $2, $3, $4)

-- name: machine_facts_read
select jsonb_strip_nulls(jsonb_build_object('serial', serial, 'asset_tag', asset_tag, 'rack', rack, 'class', class,
                                            'memory_mib', memory_mib, 'cpus', cpus))
       || attributes || jsonb_build_object('labels', labels)
from machine where id = $1 for no key update

-- name: machine_facts_write
update machine set serial = $2, asset_tag = $3, rack = $4, class = coalesce($5, 'server'), memory_mib = nullif($6, 0)::integer,
       cpus = nullif($7, 0)::integer, attributes = $8, labels = $9
where id = $1

-- name: machine_nic_insert
insert into machine_nic (mac, machine_id, position) values ($1, $2, $3::smallint)

-- name: bmc_account_insert
insert into bmc_account (id, machine_id, driver, address, port, username, cipher_suite, password)
values ($1, $2, $3, $4, $5::integer, $6, $7::integer, $8)

-- name: bmc_account_of
select id from bmc_account where machine_id = $1

-- name: bmc_account_update
update bmc_account set driver = $3, address = $4, port = $5::integer, username = $6, cipher_suite = $7::integer, password = $8
where id = $1 and machine_id = $2

-- name: machine_hold
insert into machine_holding (tenant_id, id, machine_id) values ($1, $2, $3)

-- Two rows are enough to know that several match.
-- name: machine_find
select m.id, m.site_id, m.name, h.id, n.mac
from machine m
left join machine_holding h on h.machine_id = m.id and h.until is null and h.tenant_id = $1
left join machine_nic n on n.machine_id = m.id and n.position = 0
where ($1::uuid is null or h.id is not null)
  and (m.name = $2 or m.serial = $2 or m.asset_tag = $2
       or m.id = (select machine_id from machine_nic where mac = $3)
       or (length($2) >= 8 and m.id::text like $4))
order by m.name limit 2

-- name: machine_list
select json_build_object('id', m.id, 'name', m.name, 'site', s.name,
           'macs', (select json_agg(n.mac::text order by n.position) from machine_nic n where n.machine_id = m.id),
           'uuid', m.smbios_uuid, 'serial', m.serial, 'asset_tag', m.asset_tag, 'rack', m.rack, 'class', m.class,
           'model', m.attributes -> 'model', 'lifecycle', m.attributes -> 'lifecycle', 'cluster', m.attributes -> 'cluster',
           'service', m.attributes -> 'service', 'maintenance_calendar', m.attributes -> 'maintenance_calendar', 'labels', m.labels,
           'firmware', m.attributes -> 'firmware', 'controllers', m.attributes -> 'controllers', 'document_version', m.document_version,
           'memory_mib', m.memory_mib, 'cpus', m.cpus, 'held_because', case when own.yes then m.held_because when m.held_because is not null then 'the platform has to release it' end,
           'held_by_task', case when own.yes then m.held_by_task end,
           'epoch', m.epoch, 'holding_since', h.since,
           'bmc', case when $6 then (select json_build_object('driver', b.driver, 'address', b.address, 'port', b.port,
                                                             'username', b.username, 'cipher_suite', b.cipher_suite)
                                     from bmc_account b where b.machine_id = m.id) end,
           'created_at', m.created_at), m.name
from machine m
join site s on s.id = m.site_id
left join machine_holding h on h.machine_id = m.id and h.until is null and h.tenant_id = $1
-- A former holder's task is not this tenant's to see.
cross join lateral (select $1::uuid is null or m.held_by_task is null
                           or exists (select from task t where t.tenant_id = $1 and t.id = m.held_by_task) as yes) own
where ($1::uuid is null or h.id is not null)
  and ($2::text is null or s.name = $2)
  and ($3::text is null or m.name > $3)
  and ($5::uuid is null or m.id = $5)
order by m.name limit $4
