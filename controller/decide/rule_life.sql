-- rule_life.sql - steps in the life of a rule (tables rule, rule_switch, rule_replay).

-- name: rule_life_find
-- The version asked for; its replay of the last day, and when it was replayed at all.
select r.id, coalesce(r.active_version, 0), coalesce(r.shadow_version, 0), r.stage, v.version, v.source,
       (select p.id from rule_replay p where p.tenant_id = r.tenant_id and p.digest = v.digest and p.rule_name = r.name
                                         and p.made_at > clock_timestamp() - interval '1 day' order by p.made_at desc limit 1),
       (select to_char(max(p.made_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from rule_replay p
        where p.tenant_id = r.tenant_id and p.digest = v.digest and p.rule_name = r.name)
from rule r
left join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id
                        and v.version = case when $3::bigint = 0 then r.current_version else $3::bigint end
where r.tenant_id = $1 and r.name = $2

-- name: rule_life_set
-- The moment is one under the lock: what was made before it by the rule as it was armed before is told by it (task_queue.made_at). The
-- stage's words stay when only a shadow comes or goes beside what is armed.
update rule set active_version = nullif($3::integer, 0), shadow_version = nullif($4::integer, 0),
    armed_since = case when $3 > 0 then coalesce(armed_since, clock_timestamp()) end,
    stage = $5,
    stage_since = case when $8 then clock_timestamp() else stage_since end, stage_by = case when $8 then $6 else stage_by end,
    stage_reason = case when $8 then $7 else stage_reason end
where tenant_id = $1 and id = $2

-- name: rule_life_note
insert into rule_switch (tenant_id, id, rule_id, act, revision, who, reason, version, replay_id)
select $1, $2, $3, $4, revision, $5, $6, nullif($7::integer, 0), $8::uuid from rule_book where tenant_id = $1
