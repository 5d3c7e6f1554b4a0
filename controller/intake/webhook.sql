-- webhook.sql - what the engine reads of a source whose messages come by HTTP.

-- name: webhook_source
select name, kind, state, format, mapping_version from source where tenant_id = $1 and id = $2
