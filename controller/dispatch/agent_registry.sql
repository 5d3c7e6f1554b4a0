-- Agents, their keys, streams and sessions (tables agent, agent_stream, agent_session, controller, key_manifest; of site
-- the epoch floor and the quarantine). Run as muster_engine.

-- name: agent_keys
select id, curve_key from agent where state = 'active'

-- name: agent_hello_patience
-- The thread that answers HELLOs is every agent's: behind a lock that is held for long, this one comes back later.
select set_config('lock_timeout', '2s', true)

-- name: agent_of_hello
-- The site's row is locked: quarantine and floor of one site are decided one HELLO after the other.
select a.site_id, a.state, a.name, a.sign_key, a.seal_key, s.quarantined_because, s.chainload_always, s.begin_anew,
       st.journal_id, st.facts_committed, st.bulk_committed,
       exists (select from agent_boot b join agent_session o on o.agent_id = b.agent_id and o.boot_id <> b.boot_id
               where b.agent_id = a.id and b.boot_id = $2) as superseded
from agent a join site s on s.id = a.site_id left join agent_stream st on st.agent_id = a.id
where a.id = $1
for no key update of s

-- name: agent_epochs_granted
select greatest(s.epoch_floor, (select coalesce(max(g.epoch), 0) from task_grant g where g.site_id = s.id)) from site s where s.id = $1

-- name: agent_raise_floor
update site set epoch_floor = greatest(epoch_floor, $2) where id = $1

-- name: agent_quarantine
update site set quarantined_because = $2 where id = $1 and quarantined_because is null

-- name: agent_site_of
select site_id, name from agent where id = $1

-- name: agent_stream_begin
insert into agent_stream (agent_id, journal_id) values ($1, $2)

-- name: agent_stream_anew
-- Of the same journal what is there counts as handed over; of another nothing does.
insert into agent_stream (agent_id, journal_id) values ($1, $2)
on conflict (agent_id) do update set journal_id = excluded.journal_id,
    facts_committed = case when agent_stream.journal_id = excluded.journal_id then least(agent_stream.facts_committed, $3) else 0 end,
    bulk_committed = case when agent_stream.journal_id = excluded.journal_id then least(agent_stream.bulk_committed, $4) else 0 end
returning facts_committed, bulk_committed

-- name: agent_boots_forget
delete from agent_boot where agent_id = $1

-- name: agent_begun_anew
update site set begin_anew = false, epoch_floor = greatest(epoch_floor, $2) where id = $1

-- name: agent_session_open
-- With the run that it is of; runs of more than a week ago are forgotten. Looked at again behind the site's lock, which a revocation takes
-- first as well: of an agent that was revoked while HELLO waited for it there is no row.
with forgotten as (
    delete from agent_boot where agent_id = $1 and seen_at < now() - interval '7 days' and boot_id <> $4),
seen as (
    insert into agent_boot (agent_id, boot_id) values ($1, $4) on conflict (agent_id, boot_id) do update set seen_at = now())
insert into agent_session (agent_id, controller_id, fence, session_id, boot_id, nonce, software, features, expires_at)
select $1::uuid, $2::uuid, 1, $3::uuid, $4::uuid, $5::bytea, $6::text, $7::text[], now() + make_interval(secs => $8)
where exists (select from agent where id = $1 and state = 'active')
on conflict (agent_id) do update set controller_id = excluded.controller_id, fence = agent_session.fence + 1,
    session_id = excluded.session_id, boot_id = excluded.boot_id, nonce = excluded.nonce, software = excluded.software,
    features = excluded.features, opened_at = now(), expires_at = excluded.expires_at, last_seen_at = now()
returning fence, opened_at

-- name: agent_session_renew
-- What is not returned belongs to another controller by now.
update agent_session s set expires_at = now() + make_interval(secs => $4), last_seen_at = now()
from unnest($2::uuid[], $3::bigint[]) as mine (agent_id, fence)
where s.agent_id = mine.agent_id and s.fence = mine.fence and s.controller_id = $1
returning s.agent_id

-- name: agent_session_owned
select s.agent_id from unnest($2::uuid[], $3::bigint[]) with ordinality as mine (agent_id, fence, n)
join agent_session s on s.agent_id = mine.agent_id and s.fence = mine.fence
where s.controller_id = $1 and s.expires_at > now()
order by mine.n

-- name: agent_session_close
update agent_session s set expires_at = now() from unnest($2::uuid[], $3::bigint[]) as mine (agent_id, fence)
where s.agent_id = mine.agent_id and s.fence = mine.fence and s.controller_id = $1

-- name: agent_controller
insert into controller (id, name, software) values ($1, $2, $3)
on conflict (id) do update set name = excluded.name, software = excluded.software, seen_at = now()

-- name: agent_manifest
select version, envelope from key_manifest order by version desc limit 1
