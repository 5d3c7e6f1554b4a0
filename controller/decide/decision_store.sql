-- decision_store.sql - table decision.

-- name: decision_insert
insert into decision (tenant_id, id, alert_id, rule_id, rule_version, key, trigger, trigger_kind, outcome, ending, until_at, reason, words,
                      task_id, machine_document_version, evaluated_at, shadow)
select $1, u.id, u.alert_id, u.rule_id, u.rule_version, u.key, u.trigger, u.trigger_kind, u.outcome, u.ending, u.until_at, u.reason, u.words,
       u.task_id, nullif(u.document_version, 0), u.evaluated_at, u.shadow <> 0
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::bigint[],
            $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
     as u(id, alert_id, rule_id, task_id, rule_version, document_version, until_at, evaluated_at, shadow,
          key, trigger, trigger_kind, outcome, ending, reason, words)
