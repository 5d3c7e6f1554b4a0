-- alert_source.sql - what the engine reads of table source; the policy engine_all_source lets it see every tenant's.

-- name: alert_sources
select tenant_id, id, name, topic from source where state = 'active' and kind = 'kafka' order by topic
