-- machine_document.sql - table machine_document: the triggers of migration 0010 write it, nobody else does.

-- name: machine_document_at
select w.i - 1, d.document
from unnest($2::uuid[], $3::bigint[]) with ordinality as w(machine, version, i)
cross join lateral (select x.document from machine_document x
                    where x.tenant_id = $1 and x.machine_id = w.machine and x.version = w.version offset 0) d

-- name: machine_document_now
select w.i - 1, d.version, d.document, h.id
from unnest($2::uuid[]) with ordinality as w(machine, i)
join machine m on m.id = w.machine
join machine_holding h on h.machine_id = m.id and h.tenant_id = $1 and h.until is null
join machine_document d on d.tenant_id = $1 and d.machine_id = m.id and d.version = m.document_version
order by w.i

-- name: machine_document_show
select json_build_object('name', m.name, 'version', d.version, 'made_at', d.made_at, 'in_force', d.version = m.document_version,
                         'document', d.document::json)
from machine_document d join machine m on m.id = d.machine_id
where d.tenant_id = $1 and d.machine_id = $2 and d.version = coalesce(nullif($3, 0), m.document_version)
