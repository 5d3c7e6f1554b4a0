-- name: enrolment_taken
-- What stands in the way of a new agent of this name at this site.
select case when exists (select from agent where name = $1) then 'agent'
            when exists (select from agent where site_id = $2 and state = 'active') then 'site' end

-- name: enrolment_forget_late
-- An offer that nobody took in time does not keep its name.
update enrolment set state = 'refused', decided_by = 'time', decided_at = now()
where name = $1 and ((state = 'offered' and expires_at <= now()) or (state = 'pending' and presented_at <= now() - make_interval(hours => $2::int)))

-- name: enrolment_insert
insert into enrolment (id, site_id, name, secret_hash, challenge_secret, expected, made_by, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(mins => $8::int))
returning expires_at

-- name: enrolment_by_secret
select e.id, e.site_id, s.name, e.name, e.state, e.expires_at <= now(), coalesce(e.presented_at <= now() - make_interval(hours => $2::int), false),
       e.challenge_secret, e.expected, e.fingerprint, e.agent_id
from enrolment e join site s on s.id = e.site_id
where e.secret_hash = $1
for update of e

-- name: enrolment_presented
update enrolment set state = 'pending', curve_key = $2, sign_key = $3, seal_key = $4, fingerprint = $5, presented_at = now() where id = $1

-- name: enrolment_open
select id, site_id, state, curve_key, sign_key, seal_key, fingerprint, agent_id from enrolment
where name = $1 and state in ('offered', 'pending', 'approved') order by made_at desc limit 1
for update

-- name: enrolment_approved
update enrolment set state = 'approved', agent_id = $2, decided_by = $3, decided_at = now() where id = $1

-- name: enrolment_refuse
update enrolment set state = 'refused', decided_by = $2, decided_at = now() where name = $1 and state in ('offered', 'pending')

-- name: enrolment_list
-- Of a fingerprint as much as tells cases apart: whole it is told at the agent's host alone, where it has to be read.
select json_build_object('id', e.id, 'name', e.name, 'site', s.name,
           'state', case when e.state = 'offered' and e.expires_at <= now() then 'expired'
                         when e.state = 'pending' and e.presented_at <= now() - make_interval(hours => $3::int) then 'expired' else e.state end,
           'fingerprint_begins', 'SHA256:' || left(translate(encode(e.fingerprint, 'base64'), '+/', '-_'), 6),
           'approved_beforehand', e.expected is not null, 'made_by', e.made_by, 'made_at', e.made_at, 'expires_at', e.expires_at,
           'presented_at', e.presented_at, 'decided_by', e.decided_by, 'decided_at', e.decided_at), e.id::text
from enrolment e join site s on s.id = e.site_id
where $1::uuid is null or e.id < $1
order by e.id desc limit $2
