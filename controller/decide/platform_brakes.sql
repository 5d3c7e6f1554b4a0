-- platform_brakes.sql - the storm brakes of sites and of the whole fleet (tables platform_brake, platform_brake_boots, automation_stop).
-- A null site: the whole fleet.

-- name: platform_brakes_read
-- Of each site: the brake (0: it is switched off), the sixtieth of now, the boots in the sixty up to it. What is far ahead are sixtieths of a
-- shorter time than is set now.
select coalesce(b.max, 0), b.per_s, t.slot,
       (select coalesce(sum(c.n), 0)
        from platform_brake_boots k, unnest(k.counts) with ordinality as c (n, i)
        where k.site_id = coalesce(w.site_id, '00000000-0000-0000-0000-000000000000') and k.slot < t.slot + 60
          and k.slot - cardinality(k.counts) + c.i > t.slot - 60)::bigint
from unnest($1::uuid[]) with ordinality as w (site_id, n),
lateral platform_brake_of(coalesce(w.site_id, '00000000-0000-0000-0000-000000000000')) b,
lateral (select floor(extract(epoch from clock_timestamp()) * 60 / b.per_s)::bigint as slot) t
order by w.n

-- name: platform_brakes_count
-- 1: sites, 2: the sixtieth of each, 3: boots in it now. In the order of the sites, which is that of the locks; a connection has its own part.
-- What is far ahead is begun anew.
insert into platform_brake_boots as k (site_id, part, slot, counts)
select coalesce(w.site_id, '00000000-0000-0000-0000-000000000000'), pg_backend_pid() % 16, w.slot, array[w.boots::integer]
from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as w (site_id, slot, boots)
order by 1
on conflict (site_id, part) do update set (slot, counts) = (
    select n.slot, array(select coalesce(k.counts[(s - k.slot + cardinality(k.counts))::integer], 0) + case when s = excluded.slot then excluded.counts[1] else 0 end
                         from generate_series(n.slot - 59, n.slot) s order by s)
    from (select case when k.slot < excluded.slot + 60 then greatest(k.slot, excluded.slot) else excluded.slot end as slot) n)

-- name: platform_brakes_engage
-- What people call it. Nothing where it is stopped already, by whom ever.
insert into automation_stop (id, site_id, because, who, by_brake) values ($1, $2, $3, 'musterd', true) on conflict do nothing
returning coalesce((select 'site ' || s.name from site s where s.id = $2), 'the whole fleet')

-- name: platform_brakes_set
-- 2: boots, 0: none. What was booted before counts no more.
with gone as (delete from platform_brake_boots where site_id = coalesce($1::uuid, '00000000-0000-0000-0000-000000000000'))
insert into platform_brake (site_id, max, per_s, who, reason)
values (coalesce($1::uuid, '00000000-0000-0000-0000-000000000000'), nullif($2::integer, 0), $3::integer, $4, $5)
on conflict (site_id) do update set max = excluded.max, per_s = excluded.per_s, who = excluded.who, reason = excluded.reason, set_at = now()

-- name: platform_brakes_forget
-- What was booted before counts no more. Before the stop is ended: who decides takes these rows first, too.
delete from platform_brake_boots where site_id = coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')

-- name: platform_brakes_release
update automation_stop set ended_at = clock_timestamp(), ended_because = $2, ended_by = $3
where ended_at is null and by_brake and site_id is not distinct from $1::uuid
