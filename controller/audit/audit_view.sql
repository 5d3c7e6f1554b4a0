-- name: audit_view_list
select json_build_object('id', a.id, 'at', a.at, 'who', a.who, 'action', a.action, 'object', a.object, 'outcome', a.outcome, 'why', b.body::json ->> 'why',
           'body', b.body::json, 'leaf_hash', encode(a.leaf_hash, 'hex')), a.id::text
from audit a
left join audit_body b on b.id = a.id
where a.tenant_id = $1
  and ($2::uuid is null or a.id < $2)
  and ($3::text is null or a.action = $3)
  and ($4::text is null or a.outcome = $4)
  and ($5::text is null or starts_with(a.object, $5))
  and ($6::uuid is null or a.id = $6)
order by a.id desc limit $7
