-- Positions of an agent's two streams (table agent_stream). Moved only from where the batch begins, in the transaction
-- that holds its effects: no record counts twice, whoever hands it over. And only by the session's owner: its row is held until the
-- commit, so that a controller that was stopped for a while and has lost the fence discards what it had received.

-- name: event_facts_moved
with owned as (select 1 from agent_session where agent_id = $1 and fence = $5 for share)
update agent_stream set facts_committed = $4
where agent_id = $1 and journal_id = $2 and facts_committed = $3 and exists (select from owned)

-- name: event_bulk_moved
with owned as (select 1 from agent_session where agent_id = $1 and fence = $5 for share)
update agent_stream set bulk_committed = $4
where agent_id = $1 and journal_id = $2 and bulk_committed = $3 and exists (select from owned)
