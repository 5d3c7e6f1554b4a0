-- name: task_view_list
select json_build_object('id', t.id, 'state', t.state, 'state_since', t.state_since, 'waiting_on', w.waiting_on,
           'machine', m.name, 'image_id', i.name || ':' || v.version,
           'schedule_time', t.schedule_time, 'expires_at', t.expires_at, 'reason', t.reason, 'ticket', t.ticket, 'labels', t.labels,
           'requested_by', t.requested_by, 'alert', t.alert_id, 'verdict', t.verdict, 'restore', t.restore, 'cause', t.cause,
           'created_at', t.created_at, 'started_at', t.started_at, 'ended_at', t.ended_at), t.id::text
from task t
join machine m on m.id = t.machine_id
join image_version v on v.id = t.image_version_id
join image i on i.id = v.image_id
join task_waiting w on w.tenant_id = t.tenant_id and w.task_id = t.id
where t.tenant_id = $1
  and ($2::uuid is null or t.id < $2)
  and ($3::text is null or t.state = $3 or ($3 = 'open' and t.ended_at is null and t.state not in ('succeeded', 'failed', 'cancelled', 'expired')))
  and ($4::uuid is null or t.machine_id = $4)
  and ($5::uuid is null or t.alert_id = $5)
order by t.id desc limit $6

-- name: task_view_find
select t.id, t.state, (select count(*) from task_event e where e.tenant_id = t.tenant_id and e.task_id = t.id), t.log_size,
       exists (select from task_report r where r.tenant_id = t.tenant_id and r.task_id = t.id),
       coalesce(t.ended_at < now() - interval '30 s', false)
from task t where t.tenant_id = $1 and t.id::text like $2 limit 2

-- name: task_view_show
select json_build_object('id', t.id, 'state', t.state, 'state_since', t.state_since,
           'waiting_on', w.waiting_on,
           'action', t.action, 'machine', m.name, 'machine_id', m.id, 'serial', m.serial,
           'target_mac', (select n.mac::text from machine_nic n where n.machine_id = m.id and n.position = 0),
           'site', s.name, 'agent', a.name,
           'image_id', i.name || ':' || v.version, 'image_digest', encode(v.digest, 'hex'), 'profile', t.profile, 'checks', t.checks,
           'params', t.params, 'after', t.after,
           'schedule_time', t.schedule_time, 'expires_at', t.expires_at, 'deadline_s', t.deadline_s,
           'reason', t.reason, 'ticket', t.ticket, 'labels', t.labels, 'requested_by', t.requested_by,
           'alert', (select json_build_object('id', x.id, 'event_id', x.event_id, 'type', x.type, 'severity', x.severity, 'topic', x.topic,
                         'partition', x.partition, 'offset', x."offset", 'record_timestamp', x.record_timestamp, 'disposition', x.disposition,
                         'reason', x.reason)
                     from alert x where x.tenant_id = t.tenant_id and x.id = t.alert_id),
           'rule', case when r.id is not null then json_build_object('name', r.name, 'version', t.rule_version, 'stage', r.stage) end,
           'decision', (select json_build_object('id', d.id, 'outcome', d.outcome, 'reason', d.reason)
                        from decision d where d.tenant_id = t.tenant_id and d.id = t.decision_id),
           'limits', (select coalesce(json_agg(json_build_object('entry', l.entry, 'group', l.grp, 'max', l.max,
                                                                 'taken', (select count(*) from limit_taken(l.tenant_id, l.rule, l.entry, l.grp, t.id)))
                                               order by l.entry), '[]')
                      from task_limit l where l.tenant_id = t.tenant_id and l.task_id = t.id),
           'epoch', t.epoch,
           'grants', (select json_agg(json_build_object('epoch', g.epoch, 'agent', ga.name, 'controller', c.name, 'granted_at', g.granted_at,
                                                        'ended', g.ended) order by g.epoch)
                      from task_grant g left join agent ga on ga.id = g.agent_id left join controller c on c.id = g.controller_id
                      where g.tenant_id = t.tenant_id and g.task_id = t.id),
           'reports', (select coalesce(json_agg(json_build_object('to', x.r ->> 'to', 'event', x.r ->> 'event', 'include', x.r -> 'include',
                                                                  'delivery', 'kept', 'why', 'there is no destination ' || (x.r ->> 'to') || ' that delivers')
                                                order by x.n), '[]')
                       from jsonb_array_elements(t.reports) with ordinality as x (r, n)),
           'verdict', t.verdict, 'restore', t.restore, 'stopped_at', t.stopped_at, 'cause', t.cause, 'remedy', t.remedy,
           'report_sha256', encode(t.report_sha256, 'hex'), 'log_size', t.log_size,
           'settled_by', t.settled_by, 'late_result', t.late_result, 'facts_agree', t.facts_agree,
           'steps', (select coalesce(json_agg(json_build_object('at', x.at, 'name', x.name, 'state', x.state, 'detail', x.detail, 'evidence', x.evidence,
                                                                'duration_ms', x.duration_ms, 'attempt', x.attempt, 'epoch', x.epoch) order by x.id), '[]')
                     from task_event x where x.tenant_id = t.tenant_id and x.task_id = t.id and x.kind = 'step'),
           'cancel_requested_at', t.cancel_requested_at, 'cancel_reason', t.cancel_reason,
           'created_at', t.created_at, 'started_at', t.started_at, 'ended_at', t.ended_at)
from task t
join machine m on m.id = t.machine_id
join site s on s.id = t.site_id
join image_version v on v.id = t.image_version_id
join image i on i.id = v.image_id
left join agent a on a.site_id = s.id and a.state = 'active'
left join rule r on r.tenant_id = t.tenant_id and r.id = t.rule_id
join task_waiting w on w.tenant_id = t.tenant_id and w.task_id = t.id
where t.tenant_id = $1 and t.id = $2

-- name: task_view_now
select now()

-- name: task_view_events
select json_build_object('id', e.id, 'at', e.at, 'recorded_at', e.recorded_at, 'kind', e.kind, 'name', e.name, 'state', e.state,
           'detail', e.detail, 'evidence', e.evidence, 'duration_ms', e.duration_ms, 'attempt', e.attempt, 'epoch', e.epoch), e.id::text
from task_event e where e.tenant_id = $1 and e.task_id = $2 order by e.id limit $3

-- name: task_view_log
select l."offset", l.data from task_log l
where l.tenant_id = $1 and l.task_id = $2 and l.source = $3 and l."offset" + length(l.data) > $4
order by l."offset" limit $5

-- name: task_view_report
select r.body from task_report r where r.tenant_id = $1 and r.task_id = $2

-- name: task_view_lock
select pg_advisory_xact_lock(hashtextextended('task of machine ' || $1::uuid::text, 0))

-- name: task_view_twin
select t.id from task t
join task_queue q on q.tenant_id = t.tenant_id and q.task_id = t.id
where t.tenant_id = $1 and t.machine_id = $2 and t.image_version_id = $3 and t.params = $4 and t.after = $5
  and (t.schedule_time = $6 or ($6::timestamptz is null and t.state <> 'scheduled'))
order by t.id limit 1
