-- 0021_void_tasks - a task of a rule that was disarmed waits for nothing: it is not handed out when the rule is armed again either. It said that it
-- waits for that. As 0012 has it otherwise.
-- serves from: 0020

create or replace view task_waiting with (security_invoker = true) as
select t.tenant_id, t.id as task_id,
       case t.state
        when 'scheduled' then 'its time, ' || to_char(t.schedule_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        when 'pending_approval' then 'an approver'
        when 'limited' then case
            when t.rule_id is not null and r.stage <> 'active' then 'nothing but its end: rule ' || r.name || ' is not armed any more, ' || r.stage
                 || case when r.stage_by <> '' then ' by ' || r.stage_by || ': ' || r.stage_reason else '' end
            when (select q.made_at < r.armed_since from task_queue q where q.tenant_id = t.tenant_id and q.task_id = t.id)
                then 'nothing but its end: it was made before rule ' || r.name || ' was armed again'
            else coalesce((select limit_words(l.tenant_id, l.task_id, l.entry) from task_limit l
                           where l.tenant_id = t.tenant_id and l.task_id = t.id and l.place = 'waits' limit 1),
                          'room in a limit that is full') end
        when 'queued' then case
            when t.rule_id is not null and r.stage <> 'active' then 'nothing but its end: rule ' || r.name || ' is not armed any more, ' || r.stage
                 || case when r.stage_by <> '' then ' by ' || r.stage_by || ': ' || r.stage_reason else '' end
            when (select q.made_at < r.armed_since from task_queue q where q.tenant_id = t.tenant_id and q.task_id = t.id)
                then 'nothing but its end: it was made before rule ' || r.name || ' was armed again'
            when exists (select from task_queue q where q.machine_id = t.machine_id and q.task_id <> t.id
                                                    and q.state in ('leased', 'accepted', 'running', 'unknown'))
                then 'machine ' || m.name || ', which another task is using'
            when m.held_because is not null then 'machine ' || m.name || ' to be released: '
                 || case when m.held_by_task is null or exists (select from task h where h.tenant_id = t.tenant_id and h.id = m.held_by_task)
                         then m.held_because else 'the platform has to look at it' end
            when t.rule_id is not null and p.because is not null
                then 'automation of ' || case when p.site_id is null then 'the whole fleet' else 'site ' || s.name end
                     || ' to be started again by the platform: ' || p.because
            when t.rule_id is not null and k.killed_because is not null then 'automation to be started again (muster automation start): ' || k.killed_because
            when t.rule_id is not null and k.braked_because is not null then 'the storm brake to be released (muster automation release): ' || k.braked_because
            when limit_full(t.tenant_id, t.id) is not null then limit_words(t.tenant_id, t.id, limit_full(t.tenant_id, t.id))
            when s.quarantined_because is not null then 'site ' || s.name || ', which is in quarantine: ' || s.quarantined_because
            when e.expires_at is null then 'the agent of site ' || s.name || ', which has never connected'
            when e.expires_at <= now() then 'the agent of site ' || s.name || ', silent since '
                                            || to_char(e.last_seen_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            else 'the agent of site ' || s.name || ' to take it' end
        when 'leased' then 'the agent of site ' || s.name || ' to accept it'
        when 'accepted' then 'the agent of site ' || s.name || ' to begin, within 60 s'
        when 'running' then coalesce((select 'machine ' || m.name || '; last step: ' || x.name || ' ' || x.state
                                      from task_event x where x.tenant_id = t.tenant_id and x.task_id = t.id and x.kind = 'step'
                                      order by x.id desc limit 1), 'machine ' || m.name)
        when 'unknown' then 'the agent''s own record of it, or a person who looks at machine ' || m.name end as waiting_on
from task t
join machine m on m.id = t.machine_id
join site s on s.id = t.site_id
left join agent a on a.site_id = s.id and a.state = 'active'
left join agent_session e on e.agent_id = a.id
left join rule r on r.tenant_id = t.tenant_id and r.id = t.rule_id
left join rule_book k on k.tenant_id = t.tenant_id
left join lateral (select x.site_id, x.because from automation_stop x where x.ended_at is null and (x.site_id is null or x.site_id = t.site_id)
                   order by x.site_id nulls first limit 1) p on true;
