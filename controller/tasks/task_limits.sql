-- The limits of tasks (table task_limit): who has room, and who waits for it.

-- name: limits_write
-- Many of one tenant, a row each: 1 tenant, 2 tasks, 3 rules, 4 entries, 5 groups, 6 what they may have.
insert into task_limit (tenant_id, task_id, rule, entry, grp, max)
select $1, l.task_id, l.rule, l.entry,
       case when octet_length(l.grp) > 256 then left(l.grp, 60) || ' ' || encode(sha256(convert_to(l.grp, 'UTF8')), 'hex') else l.grp end, l.max
from unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::bigint[]) as l (task_id, rule, entry, grp, max);

-- name: limits_lock
-- The groups of these tasks, each locked until the transaction's end: who counts one lets nobody else lease of it. None is waited for:
-- tasks of those that another is leasing of are left for the next time.
with l as (
    select distinct hashtextextended(concat_ws(' ', 'limit', tenant_id, entry, rule, grp), 0) as key
    from task_limit where tenant_id = $1 and task_id = any($2::uuid[]))
select key from l where not pg_try_advisory_xact_lock(key);

-- name: limits_room
-- Behind the locks. Each limit of each task, in the order of the tasks: the number of its group, whether another has its lock, what counts
-- against it, and how many wait that were made before, but for those that are void since their rule was disarmed. A task that an agent may
-- hold already counts there itself.
with l as (
    select l.task_id, l.entry, l.rule, l.grp, l.max, dense_rank() over (order by l.entry, l.rule, l.grp) as number,
           hashtextextended(concat_ws(' ', 'limit', l.tenant_id, l.entry, l.rule, l.grp), 0) = any($3::bigint[]) as foreign_lock
    from task_limit l where l.tenant_id = $1 and l.task_id = any($2::uuid[])),
g as (
    select number, (select count(*) from limit_taken($1, rule, entry, grp, null)) as taken
    from (select distinct number, rule, entry, grp from l) d)
select l.task_id, l.entry, l.max, l.number, l.foreign_lock, g.taken,
       (select count(*) from (select from task_limit w join task_queue v on v.tenant_id = w.tenant_id and v.task_id = w.task_id
                              where w.tenant_id = $1 and w.rule = l.rule and w.entry = l.entry and w.grp = l.grp and w.place = 'waits'
                                and w.task_id < l.task_id
                                and (v.rule_id is null
                                     or exists (select from rule r where r.tenant_id = v.tenant_id and r.id = v.rule_id and r.armed_since <= v.made_at))
                              limit l.max) before),
       exists (select from task_grant t where t.tenant_id = $1 and t.task_id = l.task_id and t.ended is null),
       q.tries = 0
from l join g using (number) join task_queue q on q.tenant_id = $1 and q.task_id = l.task_id
order by l.task_id, l.entry;

-- name: limits_take
update task_limit set place = 'takes' where tenant_id = $1 and task_id = any($2::uuid[]);

-- name: limits_free
-- Across tenants (policy engine_all_task_limit): of each group for which tasks wait, as many as there is room for, those that were made
-- first, without those that are void. From one group to the next in the order of the index.
with recursive waiting (tenant_id, rule, entry, grp) as (
    (select tenant_id, rule, entry, grp from task_limit where place = 'waits' order by tenant_id, rule, entry, grp limit 1)
    union all
    select n.* from waiting w cross join lateral (
        select l.tenant_id, l.rule, l.entry, l.grp from task_limit l
        where l.place = 'waits' and (l.tenant_id, l.rule, l.entry, l.grp) > (w.tenant_id, w.rule, w.entry, w.grp)
        order by l.tenant_id, l.rule, l.entry, l.grp limit 1) n)
select w.tenant_id, f.task_id from waiting w cross join lateral (
    select l.task_id from task_limit l join task_queue v on v.tenant_id = l.tenant_id and v.task_id = l.task_id
    where l.tenant_id = w.tenant_id and l.rule = w.rule and l.entry = w.entry and l.grp = w.grp and l.place = 'waits'
      and (v.rule_id is null or exists (select from rule r where r.tenant_id = v.tenant_id and r.id = v.rule_id and r.armed_since <= v.made_at))
    order by l.task_id
    limit (select greatest(0, max(m.max) - (select count(*) from limit_taken(w.tenant_id, w.rule, w.entry, w.grp, null)))
           from (select x.max from task_limit x
                 where x.tenant_id = w.tenant_id and x.rule = w.rule and x.entry = w.entry and x.grp = w.grp and x.place = 'waits'
                 order by x.task_id limit 1) m)) f
limit 1000;

-- name: limits_notify
select pg_notify('muster_task', $1::text);
