-- automation.sql - switches over all rules of a tenant (rule_book), a site or the fleet (automation_stop).

-- name: automation_fleet_lock
-- Exclusive against leasing, which reads the stops under the shared lock.
select pg_advisory_xact_lock(hashtextextended('automation stops', 0))

-- name: automation_tenant_stopped
-- A tenant without a row never pushed a rule; its automation can be stopped all the same.
select 1 from rule_book where tenant_id = $1 and killed_because is not null

-- name: automation_tenant_switch
insert into rule_book (tenant_id, revision, killed_because, killed_by, killed_at)
values ($1, 1, $2, $3, case when $2::text is not null then now() end)
on conflict (tenant_id) do update set revision = rule_book.revision + 1, killed_because = excluded.killed_because,
    killed_by = case when $2::text is not null then $3 end, killed_at = excluded.killed_at

-- name: automation_note
insert into rule_switch (tenant_id, id, act, revision, who, reason, braked)
select $1, $2, $3, revision, $4, $5, $6 from rule_book where tenant_id = $1

-- name: automation_stop
-- Says nothing when it stands already.
insert into automation_stop (id, site_id, because, who) select $1, $2, $3, $4
where not exists (select from automation_stop where ended_at is null and site_id is not distinct from $2::uuid)

-- name: automation_start
update automation_stop set ended_at = clock_timestamp(), ended_because = $2, ended_by = $3
where ended_at is null and site_id is not distinct from $1::uuid

-- name: automation_set_brake
insert into rule_book (tenant_id, revision, brake_max, brake_per_s) values ($1, 1, nullif($2::integer, 0), $3::integer)
on conflict (tenant_id) do update set revision = rule_book.revision + 1, brake_max = excluded.brake_max, brake_per_s = excluded.brake_per_s,
    brake_counts = '{}'

-- name: automation_release
update rule_book set revision = revision + 1, braked_at = null, braked_because = null, brake_counts = '{}'
where tenant_id = $1 and braked_at is not null

-- name: automation_show
select json_build_object('stopped', k.killed_because is not null, 'reason', k.killed_because, 'by', k.killed_by, 'since', k.killed_at,
           'revision', coalesce(k.revision, 0),
           'stops', (select coalesce(json_agg(json_build_object('scope', case when p.site_id is null then 'fleet' else 'site' end, 'site', s.name,
                                                                'reason', p.because, 'by', p.who, 'by_brake', p.by_brake, 'since', p.since) order by s.name nulls first), '[]')
                     from automation_stop p left join site s on s.id = p.site_id
                     where p.ended_at is null
                       and (p.site_id is null or exists (select from machine_holding h join machine m on m.id = h.machine_id
                                                         where h.tenant_id = $1 and h.until is null and m.site_id = p.site_id))),
           'brake', json_build_object('max', case when k.tenant_id is null then 50 else k.brake_max end, 'per_s', coalesce(k.brake_per_s, 600),
                                      'engaged', k.braked_at is not null, 'since', k.braked_at, 'reason', k.braked_because),
           'armed', (select count(*) from rule r where r.tenant_id = $1 and r.stage = 'active'),
           'rules', (select count(*) from rule r where r.tenant_id = $1),
           'waiting', (select count(*) from task_queue q where q.tenant_id = $1 and q.state = 'queued' and q.rule_id is not null)), ''
from (select 1) as one left join rule_book k on k.tenant_id = $1

-- name: automation_show_stops
-- Of the platform: brakes are the fleet's, what a site has that nobody set one for (its name is null), and those of sites that were set.
select json_build_object(
    'stops', (select coalesce(json_agg(json_build_object('scope', case when p.site_id is null then 'fleet' else 'site' end, 'site', s.name,
                                                         'reason', p.because, 'by', p.who, 'by_brake', p.by_brake, 'since', p.since)
                                       order by s.name nulls first), '[]')
              from automation_stop p left join site s on s.id = p.site_id where p.ended_at is null),
    'brakes', (select json_agg(json_build_object('scope', w.scope, 'site', w.name, 'max', b.max, 'per_s', b.per_s) order by w.scope, w.name nulls first)
               from (select 'fleet' as scope, null as name, '00000000-0000-0000-0000-000000000000'::uuid as id
                     union all select 'site', null, null
                     union all select 'site', s.name, s.id from platform_brake k join site s on s.id = k.site_id) w, lateral platform_brake_of(w.id) b)), ''
