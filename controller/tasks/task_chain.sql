-- The digest over a task's fact records (columns facts_* of table task).

-- name: chain_read
select facts_chain from task where tenant_id = $1 and id = $2 and facts_journal = $3;

-- name: chain_save
update task t set facts_journal = $2, facts_chain = c.digest
from unnest($3::uuid[], $4::bytea[]) as c (id, digest) where t.tenant_id = $1 and t.id = c.id;

-- name: chain_judge
update task set facts_agree = $3 where tenant_id = $1 and id = $2;
