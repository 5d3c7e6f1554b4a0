-- automation_gate.sql - what a transaction that decides asks before its first act (tables automation_stop, rule_book).

-- name: automation_gate_stops
select s.site_id, s.because, s.by_brake from automation_stop s where s.ended_at is null order by s.site_id nulls first

-- name: automation_gate_brake
-- A tenant whose brake is switched off locks nothing.
select coalesce(brake_max, 0), brake_per_s, braked_because from rule_book where tenant_id = $1

-- name: automation_gate_lock
-- Transactions of one tenant that act count one after the other: the sixtieth of now, and the boots in the sixty up to it.
select k.brake_max, k.brake_per_s, k.braked_because, t.slot,
       (select coalesce(sum(c.n), 0) from unnest(k.brake_counts) with ordinality as c (n, i)
        where k.brake_slot - cardinality(k.brake_counts) + c.i > t.slot - 60)::bigint
from rule_book k, lateral (select floor(extract(epoch from clock_timestamp()) * 60 / k.brake_per_s)::bigint as slot) t
where k.tenant_id = $1 for update of k

-- name: automation_gate_count
-- 2: the sixtieth, 3: boots in it now. What is older than sixty of them goes.
update rule_book k set brake_slot = $2::bigint,
    brake_counts = array(select coalesce(k.brake_counts[(s - k.brake_slot + cardinality(k.brake_counts))::integer], 0)
                                + case when s = $2::bigint then $3::integer else 0 end
                         from generate_series($2::bigint - 59, $2::bigint) s order by s)
where k.tenant_id = $1

-- name: automation_gate_engage
update rule_book set braked_at = clock_timestamp(), braked_because = $2, revision = revision + 1 where tenant_id = $1 and braked_at is null

-- name: automation_gate_note
insert into rule_switch (tenant_id, id, act, revision, who, reason)
select $1, $2, 'brake', revision, 'musterd', $3 from rule_book where tenant_id = $1
