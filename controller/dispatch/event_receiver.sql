-- Positions of agents' two streams (table agent_stream). Moved only from where a batch begins, in the transaction that holds its effects:
-- no record counts twice, whoever hands it over. And only by the session's owner: its row is held until the commit, so that a controller
-- that was stopped for a while and has lost the fence discards what it had received.

-- name: event_positions
-- 1 agents, 2 journals, 3 fences. Whose session is another's by now, or whose journal is another one, is left out.
with owned as (
    select s.agent_id from agent_session s join unnest($1::uuid[], $3::bigint[]) as m (agent_id, fence) on s.agent_id = m.agent_id and s.fence = m.fence
    order by s.agent_id for share of s)
select st.agent_id, st.facts_committed, st.bulk_committed
from agent_stream st join unnest($1::uuid[], $2::uuid[]) as m (agent_id, journal_id) on st.agent_id = m.agent_id and st.journal_id = m.journal_id
where st.agent_id in (select agent_id from owned)
order by st.agent_id for no key update of st

-- name: event_moved
update agent_stream st set facts_committed = m.facts, bulk_committed = m.bulk
from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as m (agent_id, facts, bulk) where st.agent_id = m.agent_id
