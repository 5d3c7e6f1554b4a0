-- name: principal_find
select id, role from principal where tenant_id = $1 and name = $2

-- name: principal_insert
insert into principal (tenant_id, id, name, role) values ($1, $2, $3, $4)
on conflict (tenant_id, name) do nothing
