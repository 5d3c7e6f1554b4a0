-- name: agent_insert
insert into agent (id, site_id, name, curve_key, sign_key, seal_key) values ($1, $2, $3, $4, $5, $6)

-- name: agent_lock_site
-- HELLO holds it until its commit: whoever comes second sees what the first has done, also when there was no session before.
select from site where id = (select site_id from agent where name = $1) for no key update

-- name: agent_revoke
update agent set state = 'revoked', revoked_at = coalesce(revoked_at, now()) where name = $1

-- name: agent_session_end
-- With its fence gone, nothing that a controller received in the session counts from this commit on.
update agent_session set fence = fence + 1, expires_at = now() where agent_id = (select id from agent where name = $1)

-- name: agent_notify
-- Dispatch looks at the keys again at once, not at its next look.
select pg_notify('muster_agent', 'agent ' || $1)

-- name: agent_is_active
select 1 from agent where id = $1 and state = 'active'

-- name: agent_list
select json_build_object('id', a.id, 'name', a.name, 'site', s.name, 'state', a.state,
           'live', coalesce(e.expires_at > now(), false) and a.state = 'active', 'last_seen_at', e.last_seen_at, 'software', e.software,
           'keys', json_build_object('curve', encode(a.curve_key, 'hex'), 'sign', encode(a.sign_key, 'hex'), 'seal', encode(a.seal_key, 'hex')),
           'facts_committed', t.facts_committed, 'bulk_committed', t.bulk_committed,
           'created_at', a.created_at, 'revoked_at', a.revoked_at), a.name
from agent a
join site s on s.id = a.site_id
left join agent_session e on e.agent_id = a.id
left join agent_stream t on t.agent_id = a.id
where ($1::text is null or a.name > $1) and ($3::text is null or a.name = $3)
order by a.name limit $2
