-- name: bootstrap_live
select exists (select from token t join principal p on p.tenant_id = t.tenant_id and p.id = t.principal_id
               where t.tenant_id = $1 and p.name = 'admin' and t.revoked_at is null and t.expires_at > now())
