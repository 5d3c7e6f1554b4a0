-- name: idempotency_lock
select pg_try_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || $3, 0))

-- name: idempotency_find
select body_sha256, status, response, location from idempotency_key
where tenant_id = $1 and principal = $2 and key = $3 and created_at > now() - interval '24 hours'

-- name: idempotency_keep
insert into idempotency_key (tenant_id, principal, key, body_sha256, status, response, location)
values ($1, $2, $3, $4, $5::integer, $6, $7)
on conflict (tenant_id, principal, key) do update
set body_sha256 = excluded.body_sha256, status = excluded.status, response = excluded.response, location = excluded.location, created_at = now()

-- name: idempotency_forget
delete from idempotency_key where tenant_id = $1 and principal = $2 and created_at <= now() - interval '24 hours'
