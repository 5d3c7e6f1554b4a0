-- Making and cancelling a task (tables task, task_queue, task_event).

-- name: task_create
-- Many of tenant 1, a column an array. An id that exists already (of whichever tenant) changes nothing.
-- Behind the columns of task: 22 event ids, 23 how many limits; 24 profiles, 25 checks; 26 what
-- asks, 27 tickets, 28 windows, 29 reports.
with made as (
    insert into task (tenant_id, id, state, class, holding_id, machine_id, site_id, grant_id, image_version_id, params, after,
                      schedule_time, expires_at, deadline_s, reason, ticket, labels, requested_by, alert_id, decision_id, rule_id, rule_version,
                      profile, checks, asks, otherwise, window_was, reports)
    select $1, a.id, case when a.schedule_time <= now() then 'queued' else 'scheduled' end, a.class, a.holding_id, a.machine_id, a.site_id,
           a.grant_id, a.image_version_id, a.params::jsonb, a.after, a.schedule_time, a.expires_at, a.deadline_s, a.reason, a.ticket,
           a.labels::jsonb, a.requested_by, a.alert_id, a.decision_id, a.rule_id, nullif(a.rule_version, 0),
           a.profile, a.checks::jsonb, a.asks <> 0, a.otherwise::jsonb, a.window_was::jsonb, a.reports::jsonb
    from unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[],
                $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[],
                $18::uuid[], $19::uuid[], $20::uuid[], $21::bigint[], $24::text[], $25::text[], $26::bigint[], $27::text[], $28::text[], $29::text[])
         as a (id, class, holding_id, machine_id, site_id, grant_id, image_version_id, params, after,
               schedule_time, expires_at, deadline_s, reason, ticket, labels, requested_by,
               alert_id, decision_id, rule_id, rule_version, profile, checks, asks, otherwise, window_was, reports)
    on conflict do nothing
    returning tenant_id, id, site_id, machine_id, class, state, schedule_time, expires_at, rule_id, requested_by),
queued as (
    insert into task_queue (tenant_id, task_id, site_id, machine_id, class, state, due_at, turn_at, expires_at, rule_id, limits)
    select tenant_id, id, site_id, machine_id, class, state, schedule_time, schedule_time + class_wait(class), expires_at, rule_id, l.limits
    from made join unnest($2::uuid[], $23::bigint[]) as l (task_id, limits) on l.task_id = made.id),
told as (
    insert into task_event (tenant_id, id, task_id, at, kind, name, detail)
    select made.tenant_id, e.id, made.id, now(), 'state', '-> ' || made.state, made.requested_by
    from made join unnest($2::uuid[], $22::uuid[]) as e (task_id, id) on e.task_id = made.id)
select id from made;

-- name: task_notify
-- A hint for the controllers' timers: a task of these sites may be ready. The same words twice in a transaction are sent once.
select pg_notify('muster_task', site::text) from unnest($1::uuid[]) as site;

-- name: task_ask_cancel
with asked as (
    update task set cancel_requested_at = coalesce(cancel_requested_at, now()), cancel_reason = coalesce(cancel_reason, $3),
        cancel_answer = null, cancel_answer_epoch = null
    where tenant_id = $1 and id = $2)
update task_queue set cancelling = true where tenant_id = $1 and task_id = $2;
