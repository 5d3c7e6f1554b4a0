-- name: token_insert
insert into token (tenant_id, id, principal_id, secret_hash, label, expires_at) values ($1, $2, $3, $4, $5, $6)

-- name: token_find
select t.tenant_id, t.id, t.principal_id, p.name, p.role, n.name, t.expires_at, t.revoked_at is not null
from token t
join principal p on p.tenant_id = t.tenant_id and p.id = t.principal_id
join tenant n on n.id = t.tenant_id
where t.secret_hash = $1

-- name: token_revoke
update token set revoked_at = coalesce(revoked_at, now()) where tenant_id = $1 and id = $2

-- name: token_list
select json_build_object('id', t.id, 'principal', p.name, 'role', p.role, 'tenant', n.name, 'label', t.label,
           'state', case when t.revoked_at is not null then 'revoked' when t.expires_at <= now() then 'expired' else 'active' end,
           'created_at', t.created_at, 'expires_at', t.expires_at, 'revoked_at', t.revoked_at), t.id::text
from token t
join principal p on p.tenant_id = t.tenant_id and p.id = t.principal_id
join tenant n on n.id = t.tenant_id
where t.tenant_id = $1 and ($2::uuid is null or t.id < $2) and ($4::uuid is null or t.id = $4)
order by t.id desc limit $3
