-- Audit rows (tables audit, audit_body).

-- name: audit_append
with entry as (
    insert into audit (tenant_id, id, at, who, action, object, outcome, leaf_hash)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning tenant_id, id)
insert into audit_body (tenant_id, id, salt, body) select tenant_id, id, $9, $10 from entry;

-- name: audit_append_many
with entry as (
    select * from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bytea[], $10::text[])
        as e (id, at, who, action, object, outcome, leaf_hash, salt, body)),
row as (
    insert into audit (tenant_id, id, at, who, action, object, outcome, leaf_hash)
    select $1, id, at, who, action, object, outcome, leaf_hash from entry)
insert into audit_body (tenant_id, id, salt, body) select $1, id, salt, body from entry;
