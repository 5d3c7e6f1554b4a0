-- 0016_replay - recorded alerts in the order in which they were decided, and what was decided about them, for a replay: cursors, so that nobody holds them all.
-- serves from: 0015

-- Alerts that rules were shown. What a rule may look into comes only with the types that some rule looks at: the rest costs no reading. Their
-- keys are sorted, not they themselves: a million of them would fill a disk with what is sorted.
-- What was decided about them, by timers until 'until', comes in the order in which the alerts came; of a draft's replay shadows are no part.
create function replay_open(tenant uuid, since timestamptz, until timestamptz, types text[], drafted boolean) returns void language plpgsql as $$
declare
    alerts refcursor := 'recorded_alerts';
    decisions refcursor := 'recorded_decisions';
begin
    open alerts for
        select a.id, a.engine_time, a.event_id, a.type, a.status, a.severity, a.event_time, a.machine_id, coalesce(a.machine_document_version, 0),
               case when a.type = any (types) then a.event end,
               case when a.type = any (types) then a.raw end
        from (select a.order_no, a.id
              from alert a
              -- An alert's id is made before it is decided, at most some minutes.
              where a.tenant_id = tenant and a.id >= uuid_floor(since - interval '1 hour') and a.engine_time >= since and a.engine_time < until
                and a.type is not null and a.machine_id is not null
                and a.disposition not in ('undecodable', 'too_large', 'duplicate', 'unknown_machine')
                and (a.disposition <> 'too_old' or a.status = 'resolved')
                and (a.disposition <> 'rejected' or a.sqlstate is null)
              order by a.order_no) k
        cross join lateral (select x.* from alert x where x.id = k.id offset 0) a
        order by k.order_no;
    open decisions for
        select d.alert_id, d.task_id, d.trigger, d.shadow, r.name, d.rule_version, d.document_version, d.until_at, d.evaluated_at, d.ending, d.words, d.came
        from (select d.alert_id, d.task_id, case d.trigger_kind when 'timer' then d.trigger end as trigger, d.shadow, d.rule_id, d.rule_version,
                     coalesce(d.machine_document_version, 0) as document_version, d.until_at, d.evaluated_at, d.ending, d.words,
                     -- An alert is decided at the moment at which it comes.
                     case d.trigger_kind when 'timer' then (select a.engine_time from alert a where a.tenant_id = tenant and a.id = d.alert_id)
                                         else d.evaluated_at end as came
              from decision d
              where d.tenant_id = tenant and d.id >= uuid_floor(since - interval '1 hour') and d.evaluated_at >= since and d.evaluated_at < until
                and not (d.shadow and drafted)
              offset 0) d
        join rule r on r.tenant_id = tenant and r.id = d.rule_id
        where d.came >= since
        order by d.came;
end $$;
revoke all on function replay_open(uuid, timestamptz, timestamptz, text[], boolean) from public;
grant execute on function replay_open(uuid, timestamptz, timestamptz, text[], boolean) to muster_api;
