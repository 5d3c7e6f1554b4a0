-- 0019_task_reports - who is to be told what of a task, as its rule asked when it acted. Nothing delivers it; it is kept with the task.
-- serves from: 0018

alter table task add column reports jsonb check (jsonb_typeof(reports) = 'array'); -- [{"to", "event", "include"}]; null: nobody
