-- alert_explain.sql - the machine of an alert, as it was when the alert was decided.

-- name: alert_explain_document
select d.document, a.engine_time from alert a
join machine_document d on d.tenant_id = a.tenant_id and d.machine_id = a.machine_id and d.version = a.machine_document_version
where a.tenant_id = $1 and a.id = $2
