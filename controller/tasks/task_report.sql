-- A machine's report and log as they arrive in chunks (tables task_report_chunk, task_report, task_log).

-- name: report_known
-- 1: this one is whole. 0: another was whole before. No row: none.
select sha256 = $3 from task_report where tenant_id = $1 and task_id = $2;

-- name: report_was_refused
select 1 from task_event where tenant_id = $1 and task_id = $2 and kind = 'note' and name = 'report refused' limit 1;

-- name: report_drop_others
delete from task_report_chunk where tenant_id = $1 and task_id = $2 and (sha256 <> $3 or size <> $4);

-- name: report_drop
delete from task_report_chunk where tenant_id = $1 and task_id = $2;

-- name: report_chunk
insert into task_report_chunk (tenant_id, task_id, "offset", size, sha256, data) values ($1, $2, $3, $4, $5, $6) on conflict do nothing;

-- name: report_received
select coalesce(sum(length(data)), 0)::bigint from task_report_chunk where tenant_id = $1 and task_id = $2;

-- name: report_chunks
select "offset", data from task_report_chunk where tenant_id = $1 and task_id = $2 order by "offset";

-- name: report_whole
insert into task_report (tenant_id, task_id, sha256, body) values ($1, $2, $3, $4) on conflict do nothing;

-- name: log_chunk
insert into task_log (tenant_id, id, task_id, source, "offset", data)
select $1, $2, $3, $4, $5, $6
where not exists (select from task_log where tenant_id = $1 and task_id = $3 and source = $4 and "offset" = $5);
