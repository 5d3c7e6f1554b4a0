-- Table timer_shard: who does what the clock brings.

-- name: timer_shard_claim
insert into timer_shard (shard, controller_id, expires_at) values ($1, $2, now() + make_interval(secs => $3))
on conflict (shard) do update set controller_id = excluded.controller_id, expires_at = excluded.expires_at,
    fence = timer_shard.fence + (timer_shard.controller_id <> excluded.controller_id)::int
where timer_shard.controller_id = excluded.controller_id or timer_shard.expires_at <= now()
returning fence

-- name: timer_shard_give_up
update timer_shard set expires_at = now() where shard = $1 and controller_id = $2 and fence = $3
