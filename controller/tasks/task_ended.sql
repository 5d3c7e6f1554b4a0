-- task_ended.sql - how tasks stand, or ended.

-- name: task_ended
select u.n - 1, t.ended_at, t.state, i.name
from unnest($2::uuid[]) with ordinality as u(id, n)
join task t on t.tenant_id = $1 and t.id = u.id
join image_version v on v.id = t.image_version_id
join image i on i.id = v.image_id
