-- alert_recall.sql - alerts by their ids.

-- name: alert_recall
select u.n - 1, a.machine_id, a.event_id, a.type, a.status, a.severity, a.event_time, a.event, a.raw, a.cluster_id, a.topic, a.partition,
       a."offset", a.item, a.record_timestamp, a.raw_sha256
from unnest($2::uuid[]) with ordinality as u(id, n)
cross join lateral (select x.* from alert x where x.tenant_id = $1 and x.id = u.id offset 0) a
