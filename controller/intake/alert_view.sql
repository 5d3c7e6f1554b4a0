-- name: alert_list
-- An event may have megabytes, and a list 1,000 alerts: there it is shown up to 16 KiB, of the one alert $5 whatever it is.
select json_build_object('id', a.id, 'source', s.name, 'topic', a.topic, 'partition', a.partition, 'offset', a."offset", 'item', a.item,
           'record_timestamp', a.record_timestamp, 'decided_at', a.engine_time, 'disposition', a.disposition, 'reason', a.reason,
           'event_id', a.event_id, 'type', a.type, 'status', a.status, 'severity', a.severity, 'event_time', a.event_time,
           'machine', m.name, 'machine_document_version', a.machine_document_version,
           'task_id', (select d.task_id from decision d where d.tenant_id = a.tenant_id and d.alert_id = a.id and d.task_id is not null limit 1),
           'event', case when $5::uuid is null and coalesce(octet_length(a.event), octet_length(a.raw)) > 16384 then null
                         when a.event is not null then a.event::json
                         -- A message of our own shape holds its event as it is.
                         when a.event_id is not null then convert_from(a.raw, 'UTF8')::json -> 'event' end,
            'raw_length', a.raw_length, 'raw_sha256', encode(a.raw_sha256, 'hex'),
           'decisions', (select json_agg(json_build_object('id', d.id, 'rule', r.name, 'rule_version', d.rule_version, 'shadow', d.shadow,
                                                           'trigger', d.trigger_kind, 'ending', d.ending, 'until', d.until_at, 'words', d.words,
                                                           'outcome', d.outcome, 'reason', d.reason, 'evaluated_at', d.evaluated_at,
                                                           'machine_document_version', d.machine_document_version, 'task', d.task_id,
                                                           'ticket', (select t.id from ticket t where t.tenant_id = d.tenant_id
                                                                      and t.alert_id = d.alert_id and t.decision_id = d.id)) order by d.id)
                         from decision d left join rule r on r.tenant_id = d.tenant_id and r.id = d.rule_id
                         where d.tenant_id = a.tenant_id and d.alert_id = a.id)), a.id::text
from alert a
left join source s on s.tenant_id = a.tenant_id and s.id = a.source_id
left join machine m on m.id = a.machine_id
where a.tenant_id = $1
  and ($2::uuid is null or a.id < $2)
  and ($3::text is null or a.disposition = $3)
  and ($4::uuid is null or a.machine_id = $4)
  and ($5::uuid is null or a.id = $5)
order by a.id desc limit $6
