-- name: published_manifest_insert
insert into key_manifest (version, envelope) values ($1, $2) on conflict (version) do nothing

-- name: published_manifest_notify
select pg_notify('muster_agent', 'manifest')

-- name: published_manifest_same
select envelope = $2 from key_manifest where version = $1
