-- Positions of an agent's two streams (table agent_stream). Moved only from where the batch begins, in the transaction
-- that holds its effects: no record counts twice, whoever hands it over.

-- name: event_facts_moved
update agent_stream set facts_committed = $4 where agent_id = $1 and journal_id = $2 and facts_committed = $3

-- name: event_bulk_moved
update agent_stream set bulk_committed = $4 where agent_id = $1 and journal_id = $2 and bulk_committed = $3
