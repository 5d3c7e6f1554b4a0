-- image_choice.sql - which granted version is booted.

-- name: image_choice_find
-- Newest: the one that was added last. Versions are the operator's words, so their digits are not compared. 3: exactly this one; 4: this one
-- or one that goes on behind it ("1.4": 1.4, 1.4.2, 1.4-rc1, not 1.40).
select g.id, v.id, v.version, v.document
from image i
join image_version v on v.image_id = i.id and v.state = 'active'
join image_grant g on g.image_version_id = v.id and g.tenant_id = $1 and g.until is null
where i.name = $2 and ($3::text is null or v.version = $3)
  and ($4::text is null or v.version = $4 or (starts_with(v.version, $4) and substr(v.version, length($4) + 1, 1) in ('.', '-', '+')))
order by v.created_at desc, v.id desc
limit 1
