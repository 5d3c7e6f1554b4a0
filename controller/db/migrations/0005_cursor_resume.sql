-- 0005_cursor_resume - how far each partition's log reaches, so that lag can be told, and a person's word on where a halted one goes on.
alter table kafka_cursor
    add column log_start   bigint,
    add column log_end     bigint,
    add column log_seen_at timestamptz,
    -- Where the next owner begins; it knows the log's ends and takes this back as it does.
    add column begin_at    text check (begin_at in ('earliest', 'latest'));
grant update (next, last_offset, last_digest, last_timestamp_ms, halted_because, begin_at, updated_at) on kafka_cursor to muster_api;
