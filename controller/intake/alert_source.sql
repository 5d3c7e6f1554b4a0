-- alert_source.sql - what the engine reads of table source; the policy engine_all_source lets it see every tenant's.

-- name: alert_sources
select tenant_id, id, name, topic, format, mapping_version from source where state = 'active' and kind = 'kafka' order by topic

-- name: alert_source_mapping
select document from source_mapping where tenant_id = $1 and source_id = $2 and version = $3
