-- image_choice.sql - which granted version is booted.

-- name: image_choice_find
-- Newest: the one that was added last. Versions are the operator's words, so their digits are not compared.
select g.id, v.id, v.version, v.document
from image i
join image_version v on v.image_id = i.id and v.state = 'active'
join image_grant g on g.image_version_id = v.id and g.tenant_id = $1 and g.until is null
where i.name = $2 and ($3::text is null or v.version = $3)
order by v.created_at desc, v.id desc
limit 1
