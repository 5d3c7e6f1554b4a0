-- name: timers_keep_partitions
select keep_partitions((now() at time zone 'UTC')::date, 3)

-- name: timers_drop_partitions
-- One row: which, and how many: one table a call.
select count(*), coalesce(string_agg(name, ', ' order by name), '') from drop_partitions() as name

-- name: timers_drop_agent_orders
select drop_agent_orders()

-- name: timers_drop_machine_documents
select drop_machine_documents()

-- name: timers_drop_alert_identities
-- From one page on: where to go on, 0 at the end; how many went.
select next_page, gone from drop_alert_identities($1)

-- name: timers_default_partitions
select count(*) from default_partition_rows() where has_rows

-- name: timers_unattended
-- What waits for a person: brakes that are engaged; switches that stand, of tenants, sites and the fleet; tasks of which nobody knows
-- how they ended; machines that are held behind a task, not by one under way; sites that are believed no more.
select (select count(*) from rule_book where braked_at is not null) + (select count(*) from automation_stop where ended_at is null and by_brake),
       (select count(*) from rule_book where killed_because is not null) + (select count(*) from automation_stop where ended_at is null and not by_brake),
       (select count(*) from task_queue where state = 'unknown'),
       (select count(*) from machine m where m.held_because is not null
        and not exists (select from task_queue q where q.machine_id = m.id and q.state in ('leased', 'accepted', 'running', 'unknown'))),
       (select count(*) from site where quarantined_because is not null)
