-- source.sql - table source; its partitions' positions are rows of table kafka_cursor.

-- name: source_insert
insert into source (tenant_id, id, name, kind, topic, format, mapping_version)
values ($1, $2, $3, case when $4::text is null then 'webhook' else 'kafka' end, $4, $5, nullif($6, 0))

-- A text that is there already with this version stays; another text is refused by the caller.
-- name: source_mapping_insert
insert into source_mapping (tenant_id, source_id, version, name, document, digest, made_by) values ($1, $2, $3, $4, $5, sha256(convert_to($5, 'UTF8')), $6)
on conflict do nothing

-- name: source_mapping_same
select document = $4 from source_mapping where tenant_id = $1 and source_id = $2 and version = $3

-- name: source_mapping_newest
select coalesce(max(version), 0) from source_mapping where tenant_id = $1 and source_id = $2

-- name: source_read_as
update source set format = $3, mapping_version = nullif($4, 0) where tenant_id = $1 and id = $2

-- name: source_secret_insert
insert into source_secret (tenant_id, id, source_id, secret_hash, label)
select tenant_id, $3, id, $4, $5 from source where tenant_id = $1 and name = $2 and kind = 'webhook'

-- name: source_secret_revoke
update source_secret k set revoked_at = coalesce(k.revoked_at, now()) from source s
where s.tenant_id = $1 and s.name = $2 and k.tenant_id = s.tenant_id and k.source_id = s.id and k.id = $3

-- Before the tenant is known: the policy api_all_source_secret lets the API see every row, the hash names one.
-- name: source_secret_find
select tenant_id, source_id from source_secret where secret_hash = $1 and revoked_at is null

-- name: source_id
select id from source where tenant_id = $1 and name = $2 for update

-- name: source_notify
select pg_notify('muster_source', $1)

-- name: source_topic
select topic from source where tenant_id = $1 and name = $2

-- name: source_list
select json_build_object('id', s.id, 'name', s.name, 'kind', s.kind, 'topic', s.topic, 'format', s.format, 'mapping_version', s.mapping_version, 'state', s.state,
           'partitions', (select json_agg(json_build_object('cluster', c.cluster_id, 'partition', c.partition, 'next', c.next,
                                                            'begin_at', c.begin_at, 'log_start', c.log_start, 'log_end', c.log_end,
                                                            'lag', case when c.begin_at is null then greatest(c.log_end - c.next, 0) end,
                                                            'log_seen_at', c.log_seen_at, 'halted_because', c.halted_because,
                                                            'updated_at', c.updated_at) order by c.cluster_id, c.partition)
                          from kafka_cursor c where c.topic = s.topic),
           'tokens', (select json_agg(json_build_object('id', k.id, 'label', k.label, 'created_at', k.created_at, 'revoked_at', k.revoked_at)
                                      order by k.id)
                      from source_secret k where k.tenant_id = s.tenant_id and k.source_id = s.id),
           'created_at', s.created_at), s.name
from source s
where s.tenant_id = $1 and ($2::text is null or s.name > $2) and ($3::text is null or s.name = $3)
order by s.name limit $4
