-- alert_batch.sql - how a batch's statements are planned.

-- A plan lives as long as its connection, a foreign key's too: one made while a table was empty reads all of it for each row later,
-- until the next analyze. What a batch asks for has an index.
-- name: alert_batch_plan
select set_config('enable_seqscan', 'off', true)
