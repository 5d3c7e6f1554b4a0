-- alert_receipt.sql - table webhook_receipt.

-- Who comes second waits here for the first one's end.
-- name: alert_receipt_insert
insert into webhook_receipt (tenant_id, source_id, digest, received_at, alerts) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, source_id, digest) do update set received_at = excluded.received_at, alerts = excluded.alerts
where webhook_receipt.received_at < excluded.received_at - make_interval(secs => $6)
returning 1

-- name: alert_receipt_find
select received_at, alerts from webhook_receipt where tenant_id = $1 and source_id = $2 and digest = $3

-- Some of those that nobody repeats any more; another request's are passed over.
-- name: alert_receipt_forget
delete from webhook_receipt w
using (select tenant_id, source_id, digest from webhook_receipt
       where tenant_id = $1 and source_id = $2 and received_at < $3 order by received_at limit 100 for update skip locked) o
where w.tenant_id = o.tenant_id and w.source_id = o.source_id and w.digest = o.digest
