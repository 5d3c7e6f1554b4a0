-- alert_store.sql - tables alert, alert_identity.

-- In the order given, which is one for every controller.
-- name: alert_claim
insert into alert_identity (tenant_id, source_id, event_digest, alert_id)
select $1, $2, u.event_digest, u.alert_id
from unnest($3::uuid[], $4::uuid[]) as u(event_digest, alert_id)
on conflict do nothing
returning alert_id

-- Duplicates: what is told again is known on (0018_alert_horizon).
-- name: alert_seen_again
update alert_identity i set seen_at = now()
from (select event_digest from alert_identity
      where tenant_id = $1 and source_id = $2 and event_digest = any($3::uuid[]) and seen_at < now() - interval '1 day'
      order by event_digest for no key update skip locked) u
where i.tenant_id = $1 and i.source_id = $2 and i.event_digest = u.event_digest

-- The order number: of the batch, drawn once, and of the record in it.
-- name: alert_insert
insert into alert (tenant_id, id, source_id, cluster_id, topic, partition, "offset", record_timestamp, engine_time, order_no,
                   disposition, reason, event_id, type, status, severity, event_time, machine_id, machine_document_version,
                   raw, raw_length, raw_sha256, sqlstate)
select $1, u.id, $2, $3, $4, $5, u."offset", u.record_timestamp, $6, (select nextval('alert_order') * 4096) + u.n,
       u.disposition, u.reason, u.event_id, u.type, u.status, u.severity, u.event_time, u.machine_id, nullif(u.document_version, 0),
       u.raw, u.raw_length, u.raw_sha256, u.sqlstate
from unnest($7::uuid[], $8::bigint[], $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
            $15::text[], $16::timestamptz[], $17::uuid[], $18::bigint[], $19::bytea[], $20::bigint[], $21::bytea[], $22::text[])
     with ordinality as u(id, "offset", record_timestamp, disposition, reason, event_id, type, status, severity, event_time,
                          machine_id, document_version, raw, raw_length, raw_sha256, sqlstate, n)

-- The same, with which of its record's it is, and its event where a mapping made it.
-- name: alert_insert_mapped
insert into alert (tenant_id, id, source_id, cluster_id, topic, partition, "offset", record_timestamp, engine_time, order_no,
                   disposition, reason, event_id, type, status, severity, event_time, machine_id, machine_document_version,
                   raw, raw_length, raw_sha256, sqlstate, item, event)
select $1, u.id, $2, $3, $4, $5, u."offset", u.record_timestamp, $6, (select nextval('alert_order') * 4096) + u.n,
       u.disposition, u.reason, u.event_id, u.type, u.status, u.severity, u.event_time, u.machine_id, nullif(u.document_version, 0),
       u.raw, u.raw_length, u.raw_sha256, u.sqlstate, u.item, u.event
from unnest($7::uuid[], $8::bigint[], $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
            $15::text[], $16::timestamptz[], $17::uuid[], $18::bigint[], $19::bytea[], $20::bigint[], $21::bytea[], $22::text[], $23::bigint[], $24::text[])
     with ordinality as u(id, "offset", record_timestamp, disposition, reason, event_id, type, status, severity, event_time,
                          machine_id, document_version, raw, raw_length, raw_sha256, sqlstate, item, event, n)
