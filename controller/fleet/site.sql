-- name: site_insert
insert into site (id, name, time_zone, chainload_always) values ($1, $2, $3, $4)

-- name: site_find
select id from site where name = $1

-- name: site_read
select time_zone, chainload_always from site where name = $1 for no key update

-- name: site_set
update site set time_zone = $2, chainload_always = $3 where name = $1

-- name: site_release
update site set quarantined_because = null, begin_anew = true where name = $1 and quarantined_because is not null

-- An agent is live when its session is.
-- name: site_list
select json_build_object('id', s.id, 'name', s.name, 'time_zone', s.time_zone, 'chainload_always', s.chainload_always,
           'agent', a.name, 'agent_live', coalesce(e.expires_at > now(), false), 'last_seen_at', e.last_seen_at,
           'machines', (select count(*) from machine m where m.site_id = s.id),
           'quarantined_because', s.quarantined_because, 'created_at', s.created_at), s.name
from site s
left join agent a on a.site_id = s.id and a.state = 'active'
left join agent_session e on e.agent_id = a.id
where ($1::text is null or s.name > $1) and ($3::text is null or s.name = $3)
order by s.name limit $2
