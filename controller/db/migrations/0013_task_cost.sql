-- 0013_task_cost - what a task costs in PostgreSQL without being worth it: references that others imply, indexes that nobody reads.
-- serves from: 0012

-- A row-by-row lookup with a lock each, of what the composite references state more narrowly:
--   tenant_id, machine_id: (tenant_id, holding_id, machine_id) is a row of machine_holding, whose tenant_id and machine_id refer to theirs;
--   image_version_id: (tenant_id, grant_id, image_version_id) is a row of image_grant, whose image_version_id refers to its own.
-- All five columns are not null, so a composite reference holds for every row; holdings and grants are never deleted, nor what they refer to.
alter table task
    drop constraint task_tenant_id_fkey,
    drop constraint task_machine_id_fkey,
    drop constraint task_image_version_id_fkey;

-- Asked before the function is called, which then only has to refuse.
drop trigger task_start_guard on task;
create trigger task_start_guard before insert on task for each row
    when (new.state not in ('scheduled', 'queued', 'pending_approval', 'limited')) execute function refuse_foreign_start();
drop trigger task_edge_guard on task;
create trigger task_edge_guard before update of state on task for each row
    when (new.state is distinct from old.state) execute function refuse_foreign_edge();

-- Lists go by the id, which is ordered by time; a decision is looked up by its alert or its id, and its trigger decides once by the cursor.
drop index task_recent;
drop index decision_once;

-- One index of grants instead of two: whose task is this (site, epoch, task), and the highest epoch of a site. By tenant and task there is
-- the primary key.
create index task_grant_of_fact on task_grant (site_id, epoch desc, task_id);
drop index task_grant_of_site;
drop index task_grant_by_task;

-- As 0012 has them, by the primary key of grants.
create or replace function limit_taken(of_tenant uuid, of_rule text, of_entry smallint, of_group text, but uuid)
returns setof uuid language sql stable rows 2 as $$
    select l.task_id
    from task_limit l join task_queue q on q.tenant_id = l.tenant_id and q.task_id = l.task_id
    where l.tenant_id = of_tenant and l.rule = of_rule and l.entry = of_entry and l.grp = of_group and l.place = 'takes'
      and l.task_id is distinct from but
      and (q.state in ('leased', 'accepted', 'running', 'unknown')
           or exists (select from task_grant g where g.tenant_id = l.tenant_id and g.task_id = l.task_id and g.ended is null))
$$;
create or replace function limit_full(of_tenant uuid, of_task uuid) returns smallint language sql stable as $$
    select l.entry from task_limit l
    where l.tenant_id = of_tenant and l.task_id = of_task
      and not exists (select from task_grant g where g.tenant_id = of_tenant and g.task_id = of_task and g.ended is null)
      and (select count(*) from limit_taken(l.tenant_id, l.rule, l.entry, l.grp, of_task)) >= l.max
    order by l.entry limit 1
$$;
