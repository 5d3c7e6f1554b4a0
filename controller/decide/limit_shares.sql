-- limit_shares.sql - what a percentage of machines is counted in.

-- name: limit_shares_machines
select d.document
from machine_holding h
join machine m on m.id = h.machine_id
join machine_document d on d.tenant_id = h.tenant_id and d.machine_id = m.id and d.version = m.document_version
where h.tenant_id = $1 and h.until is null
