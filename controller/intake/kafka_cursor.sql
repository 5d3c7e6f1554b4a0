-- kafka_cursor.sql - table kafka_cursor.

-- name: kafka_cursor_open
insert into kafka_cursor (cluster_id, topic, partition, epoch) values ($1, $2, $3, 1)
on conflict (cluster_id, topic, partition) do update set epoch = kafka_cursor.epoch + 1, updated_at = now()
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
