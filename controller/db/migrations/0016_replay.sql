-- 0016_replay - recorded alerts in the order in which they were decided, for a replay: a cursor, so that nobody holds them all.
-- serves from: 0015

-- Those that rules were shown. What a rule may look into comes only with the types that some rule looks at: the rest costs no reading.
create function replay_open(tenant uuid, since timestamptz, until timestamptz, types text[]) returns void language plpgsql as $$
declare
    recorded refcursor := 'recorded_alerts';
begin
    open recorded for
        select a.id, a.engine_time, a.event_id, a.type, a.status, a.severity, a.event_time, a.machine_id, coalesce(a.machine_document_version, 0),
               case when a.type = any (types) then a.event end,
               case when a.type = any (types) then a.raw end
        from alert a
        -- An alert's id is made before it is decided, at most some minutes.
        where a.tenant_id = tenant and a.id >= uuid_floor(since - interval '1 hour') and a.engine_time >= since and a.engine_time < until
          and a.type is not null and a.machine_id is not null
          and a.disposition not in ('undecodable', 'too_large', 'duplicate', 'unknown_machine')
          and (a.disposition <> 'too_old' or a.status = 'resolved')
          and (a.disposition <> 'rejected' or a.sqlstate is null)
        order by a.order_no;
end $$;
revoke all on function replay_open(uuid, timestamptz, timestamptz, text[]) from public;
grant execute on function replay_open(uuid, timestamptz, timestamptz, text[]) to muster_api;
