-- rule_book.sql - what the engine reads of tables rule, rule_version and rule_book.

-- name: rule_book_lock_shared
-- Who pushes, arms, disarms or stops waits for this transaction, and this one for theirs: the book is read behind it, by a statement of its own.
select pg_advisory_xact_lock_shared(hashtextextended('rule book ' || $1::uuid::text, 0))

-- name: rule_book_revision
-- A tenant without a row never armed a rule: revision 0.
select coalesce(max(revision), 0), max(killed_because) from rule_book where tenant_id = $1

-- name: rule_book_rules
-- Of one rule at most two: the version that decides, and the one that only looks on.
select r.id, v.version, r.name, v.source, v.version is not distinct from r.shadow_version as shadow
from rule r join rule_version v on v.tenant_id = r.tenant_id and v.rule_id = r.id and v.version in (r.active_version, r.shadow_version)
where r.tenant_id = $1
