-- Statements of the agent's journal. Tables and their meaning: docs/agent-journal.md.

-- name: journal_schema
CREATE TABLE IF NOT EXISTS meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS task (
    id                BLOB PRIMARY KEY,
    machine_id        BLOB NOT NULL,
    epoch             INTEGER NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('declined', 'accepted', 'running', 'released', 'ended')),
    phase             TEXT NOT NULL,
    attempt           INTEGER NOT NULL,
    envelope          BLOB,
    accepted_at_us    INTEGER NOT NULL,
    started_at_us     INTEGER NOT NULL,
    phoned_home_at_us INTEGER NOT NULL,
    ended_at_us       INTEGER NOT NULL,
    found_power       TEXT,
    found_boot_device TEXT,
    seen              INTEGER NOT NULL,
    token_hash        BLOB,
    nonce_hash        BLOB,
    session_hash      BLOB,
    log_size          INTEGER NOT NULL,
    report_size       INTEGER NOT NULL,
    report_sha256     BLOB,
    verdict           TEXT,
    outcome           TEXT,
    stopped_at        TEXT,
    cause             TEXT,
    remedy            TEXT,
    result            BLOB
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS task_state ON task (state);
CREATE TABLE IF NOT EXISTS machine_epoch (
    machine_id BLOB PRIMARY KEY,
    epoch      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intent (
    task_id BLOB NOT NULL,
    step    TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('intent', 'done', 'failed', 'no_effect')),
    at_us   INTEGER NOT NULL,
    PRIMARY KEY (task_id, step, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (
    sequence INTEGER PRIMARY KEY,
    task_id  BLOB,
    at_us    INTEGER NOT NULL,
    record   BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS facts_task ON facts (task_id, sequence);
CREATE TABLE IF NOT EXISTS bulk (
    sequence INTEGER PRIMARY KEY,
    upto     INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('log', 'report', 'gap')),
    task_id  BLOB,
    at_us    INTEGER NOT NULL,
    record   BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS bulk_kind ON bulk (kind, sequence);
CREATE INDEX IF NOT EXISTS bulk_gap ON bulk (upto) WHERE kind = 'gap';

-- name: journal_begin
BEGIN IMMEDIATE

-- name: journal_commit
COMMIT

-- name: journal_rollback
ROLLBACK

-- name: journal_savepoint
SAVEPOINT batch

-- name: journal_keep
RELEASE batch

-- name: journal_undo
ROLLBACK TO batch

-- name: journal_meta_read
SELECT value FROM meta WHERE key = ?1

-- name: journal_meta_write
INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: journal_fact_append
INSERT INTO facts (sequence, task_id, at_us, record) VALUES (?1, ?2, ?3, ?4)

-- name: journal_bulk_append
INSERT INTO bulk (sequence, upto, kind, task_id, at_us, record) VALUES (?1, ?1, ?2, ?3, ?4, ?5)

-- name: journal_facts_read
SELECT sequence, record FROM facts WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2

-- A thinned range is one row; asked from its middle it is still the row to send.
-- name: journal_bulk_read
SELECT sequence, record FROM bulk WHERE upto >= ?1 ORDER BY sequence LIMIT ?2

-- name: journal_facts_of_task
SELECT record FROM facts WHERE task_id = ?1 ORDER BY sequence

-- A row's end is never in front of its own number: "sequence" says where to look.
-- name: journal_bulk_committed
DELETE FROM bulk WHERE sequence <= ?1 AND upto <= ?1

-- What a GAP stands for is gone: only logs and reports wait.
-- name: journal_bulk_bytes
SELECT coalesce(sum(length(record)), 0) FROM bulk WHERE kind <> 'gap'

-- name: journal_bulk_bytes_upto
SELECT coalesce(sum(length(record)), 0) FROM bulk WHERE sequence <= ?1 AND upto <= ?1 AND kind <> 'gap'

-- name: journal_oldest_log
SELECT sequence, task_id, at_us, length(record) FROM bulk WHERE kind = 'log' ORDER BY sequence LIMIT 1

-- name: journal_gap_before
SELECT sequence, task_id FROM bulk WHERE kind = 'gap' AND upto = ?1

-- name: journal_bulk_delete
DELETE FROM bulk WHERE sequence = ?1

-- name: journal_gap_write
INSERT INTO bulk (sequence, upto, kind, task_id, at_us, record) VALUES (?1, ?2, 'gap', ?3, ?4, ?5)
ON CONFLICT (sequence) DO UPDATE SET upto = excluded.upto, kind = 'gap', record = excluded.record

-- name: journal_epoch_raise
INSERT INTO machine_epoch (machine_id, epoch) VALUES (?1, ?2)
ON CONFLICT (machine_id) DO UPDATE SET epoch = max(epoch, excluded.epoch)

-- name: journal_epoch_read
SELECT epoch FROM machine_epoch WHERE machine_id = ?1

-- name: journal_epoch_highest
SELECT coalesce(max(epoch), 0) FROM machine_epoch

-- An intent is written once; a second one for the same step and attempt must fail the whole batch.
-- name: journal_intent_write
INSERT INTO intent (task_id, step, attempt, state, at_us) VALUES (?1, ?2, ?3, ?4, ?5)

-- at_us stays what it was: when it was intended.
-- name: journal_intent_settle
UPDATE intent SET state = ?4 WHERE task_id = ?1 AND step = ?2 AND attempt = ?3

-- name: journal_intents_read
SELECT step, attempt, state FROM intent WHERE task_id = ?1 ORDER BY at_us, step, attempt

-- The envelope and the result are large and change seldom: NULL leaves what is there.
-- name: journal_task_write
INSERT INTO task (id, machine_id, epoch, state, phase, attempt, envelope, accepted_at_us, started_at_us,
                  phoned_home_at_us, ended_at_us, found_power, found_boot_device, seen, token_hash, nonce_hash,
                  session_hash, log_size, report_size, report_sha256, verdict, outcome, stopped_at, cause, remedy,
                  result)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
        ?25, ?26)
ON CONFLICT (id) DO UPDATE SET
    machine_id = excluded.machine_id, epoch = excluded.epoch, state = excluded.state, phase = excluded.phase,
    attempt = excluded.attempt, envelope = coalesce(excluded.envelope, envelope),
    accepted_at_us = excluded.accepted_at_us, started_at_us = excluded.started_at_us,
    phoned_home_at_us = excluded.phoned_home_at_us, ended_at_us = excluded.ended_at_us,
    found_power = excluded.found_power, found_boot_device = excluded.found_boot_device, seen = excluded.seen,
    token_hash = excluded.token_hash, nonce_hash = excluded.nonce_hash, session_hash = excluded.session_hash,
    log_size = excluded.log_size, report_size = excluded.report_size, report_sha256 = excluded.report_sha256,
    verdict = excluded.verdict, outcome = excluded.outcome, stopped_at = excluded.stopped_at,
    cause = excluded.cause, remedy = excluded.remedy, result = coalesce(excluded.result, result)

-- name: journal_task_find
SELECT id, machine_id, epoch, state, phase, attempt, envelope, accepted_at_us, started_at_us, phoned_home_at_us,
       ended_at_us, found_power, found_boot_device, seen, token_hash, nonce_hash, session_hash, log_size, report_size,
       report_sha256, verdict, outcome, stopped_at, cause, remedy, result
FROM task WHERE id = ?1

-- name: journal_tasks_open
SELECT id, machine_id, epoch, state, phase, attempt, envelope, accepted_at_us, started_at_us, phoned_home_at_us,
       ended_at_us, found_power, found_boot_device, seen, token_hash, nonce_hash, session_hash, log_size, report_size,
       report_sha256, verdict, outcome, stopped_at, cause, remedy, result
FROM task WHERE state IN ('accepted', 'running') ORDER BY accepted_at_us, id

-- name: journal_forget_intents
DELETE FROM intent WHERE task_id IN (SELECT id FROM task WHERE state NOT IN ('accepted', 'running')
                                     AND max(accepted_at_us, ended_at_us) < ?1)

-- name: journal_forget_tasks
DELETE FROM task WHERE state NOT IN ('accepted', 'running') AND max(accepted_at_us, ended_at_us) < ?1

-- name: journal_forget_facts
DELETE FROM facts WHERE sequence <= ?1 AND at_us < ?2
