-- name: tenant_insert
insert into tenant (id, name, title) values ($1, $2, $3)

-- name: tenant_find
select id from tenant where name = $1

-- name: tenant_list
select json_build_object('id', id, 'name', name, 'title', title, 'created_at', created_at), name
from tenant where ($1::text is null or name > $1) and ($3::text is null or name = $3) order by name limit $2
