-- name: image_ensure
insert into image (id, name, title) values ($1, $2, '') on conflict (name) do nothing

-- name: image_version_insert
insert into image_version (id, image_id, version, digest, document)
select $1, i.id, $3, $4, $5 from image i where i.name = $2
on conflict (image_id, version) do nothing

-- name: image_version_digest
select v.id, v.digest from image_version v join image i on i.id = v.image_id where i.name = $1 and v.version = $2

-- name: image_file_insert
insert into image_file (image_version_id, role, name, sha256, size) values ($1, $2, $3, $4, $5)

-- name: image_file_find
select f.sha256, f.size from image_file f
join image_version v on v.id = f.image_version_id
join image i on i.id = v.image_id
where i.name = $1 and v.version = $2 and f.role = $3

-- name: image_file_known
select size from image_file where sha256 = $1 limit 1

-- name: image_files
select role, name, sha256, size from image_file where image_version_id = $1 order by role

-- rank 0: a bare name, of which the newest counts; 1: name and version, of which there must be one.
-- name: image_version_find
select v.id, g.id, i.name, v.version, v.document, case when i.name = $2 then 0 else 1 end as rank
from image i
join image_version v on v.image_id = i.id and v.state = 'active'
left join image_grant g on g.image_version_id = v.id and g.until is null and g.tenant_id = $1
where ($1::uuid is null or g.id is not null)
  and (i.name = $2 or i.name || ':' || v.version = $2 or i.name || '-' || v.version = $2)
order by rank, v.id desc limit 2

-- name: image_grant
insert into image_grant (tenant_id, id, image_version_id) values ($1, $2, $3)
on conflict (tenant_id, image_version_id) where until is null do nothing

-- name: image_list
select json_build_object('id', v.id, 'name', i.name, 'version', v.version, 'image_id', i.name || ':' || v.version, 'state', v.state,
           'digest', encode(v.digest, 'hex'), 'firmware', v.document::json -> 'firmware', 'checks', v.document::json -> 'checks',
           'deadline_s', v.document::json -> 'deadline_s', 'params', v.document::json -> 'profile' -> 'params',
           'files', (select json_agg(json_build_object('role', f.role, 'name', f.name, 'sha256', encode(f.sha256, 'hex'), 'size', f.size) order by f.role)
                     from image_file f where f.image_version_id = v.id),
           'granted_since', g.since, 'created_at', v.created_at), v.id::text
from image_version v
join image i on i.id = v.image_id
left join image_grant g on g.image_version_id = v.id and g.until is null and g.tenant_id = $1
where ($1::uuid is null or g.id is not null) and ($2::uuid is null or v.id < $2) and ($4::uuid is null or v.id = $4)
order by v.id desc limit $3
