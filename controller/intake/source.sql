-- name: source_insert
insert into source (tenant_id, id, name, topic) values ($1, $2, $3, $4)

-- name: source_notify
select pg_notify('muster_source', $1)

-- name: source_list
select json_build_object('id', s.id, 'name', s.name, 'kind', s.kind, 'topic', s.topic, 'format', s.format, 'state', s.state,
           'partitions', (select json_agg(json_build_object('partition', c.partition, 'next', c.next, 'halted_because', c.halted_because,
                                                            'updated_at', c.updated_at) order by c.partition)
                          from kafka_cursor c where c.topic = s.topic),
           'created_at', s.created_at), s.name
from source s
where s.tenant_id = $1 and ($2::text is null or s.name > $2)
order by s.name limit $3
