-- Audit rows (tables audit, audit_body).

-- name: audit_append
with entry as (
    insert into audit (tenant_id, id, at, who, action, object, outcome, leaf_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning tenant_id, id)
insert into audit_body (tenant_id, id, salt, body) select tenant_id, id, $9, $10 from entry;
