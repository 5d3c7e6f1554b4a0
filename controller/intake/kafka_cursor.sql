-- kafka_cursor.sql - table kafka_cursor.

-- name: kafka_cursor_open
-- One that is new begins at the log's start as it is now: what is deleted from here on, though nothing was read yet, is missed.
insert into kafka_cursor (cluster_id, topic, partition, epoch, next, log_start, log_end, log_seen_at) values ($1, $2, $3, 1, $4, $4, $5, now())
on conflict (cluster_id, topic, partition) do update
set epoch = kafka_cursor.epoch + 1, log_start = $4, log_end = $5, log_seen_at = now(), updated_at = now(), begin_at = null,
    next = case kafka_cursor.begin_at when 'earliest' then $4 when 'latest' then $5 else kafka_cursor.next end
returning epoch, next, coalesce(last_offset, -1), coalesce(last_timestamp_ms, 0), last_digest, halted_because

-- name: kafka_cursor_lock
select next from kafka_cursor where cluster_id = $1 and topic = $2 and partition = $3 and epoch = $4 for update

-- name: kafka_cursor_advance
update kafka_cursor set next = $5, last_offset = $5 - 1, last_timestamp_ms = $6, last_digest = $7, updated_at = now()
where cluster_id = $1 and topic = $2 and partition = $3 and epoch = $4

-- name: kafka_cursor_halt
update kafka_cursor set halted_because = $5, updated_at = now()
where cluster_id = $1 and topic = $2 and partition = $3 and epoch = $4

-- name: kafka_cursor_is_halted
select halted_because is not null from kafka_cursor where cluster_id = $1 and topic = $2 and partition = $3

-- Rows that a batch holds are passed over: the next look tells them.
-- name: kafka_cursor_note_ends
update kafka_cursor c set log_start = u.low, log_end = u.high, log_seen_at = now()
from (select k.cluster_id, k.topic, k.partition, u.low, u.high
      from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) as u(topic, partition, epoch, low, high)
      join kafka_cursor k on k.cluster_id = $1 and k.topic = u.topic and k.partition = u.partition and k.epoch = u.epoch
      for update of k skip locked) u
where c.cluster_id = u.cluster_id and c.topic = u.topic and c.partition = u.partition
returning c.topic, c.partition

-- A topic that moved to another cluster has a row for each: the one that was written last is consumed.
-- name: kafka_cursor_find
select cluster_id, next, halted_because from kafka_cursor where topic = $1 and partition = $2
order by updated_at desc limit 1 for update

-- name: kafka_cursor_resume
update kafka_cursor
set halted_because = null, begin_at = $4, next = case when $5 >= 0 then $5 else next end, updated_at = now(),
    last_offset = case when $6 then last_offset end, last_digest = case when $6 then last_digest end,
    last_timestamp_ms = case when $6 then last_timestamp_ms end
where cluster_id = $1 and topic = $2 and partition = $3
