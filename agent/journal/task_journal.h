/* task_journal.h - what this agent promised and did, durable before anyone is told. SQLite (WAL,
 * synchronous=FULL) on one thread of its own with group commit; callers hand writes over and are
 * told when the fsync is behind them. Tables: docs/agent-journal.md. Numbers of the two streams are
 * dense and start at 1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct handover;
struct task_journal;

enum journal_stream { JOURNAL_FACTS = 1, JOURNAL_BULK = 2 };

struct task_journal *task_journal_open(const char *path, struct error *err);
void task_journal_close(struct task_journal *journal); /* drains, then joins the thread */

struct journal_identity {
    struct uuid journal_id;
    uint64_t facts_head, bulk_head;
    uint64_t facts_committed, bulk_committed; /* what a controller has acknowledged */
    uint64_t highest_epoch;
    uint64_t manifest_version;
};
/* Blocks for a moment: what HELLO says. */
int task_journal_identity(struct task_journal *journal, struct journal_identity *ret,
                          struct error *err);

/* Readable (eventfd) when heads moved: the link looks for records to send. Never read it; call
 * task_journal_heads() which clears it. */
int task_journal_heads_fd(const struct task_journal *journal);
void task_journal_heads(struct task_journal *journal, uint64_t *ret_facts, uint64_t *ret_bulk);

/* Records from 'first' on, at most 'count' and 'bytes' in all (at least one). Blocks for a moment.
 */
struct journal_record {
    uint64_t sequence;
    uint8_t *bytes; /* owned by the list */
    size_t length;
};
struct journal_records {
    struct journal_record *items;
    size_t count;
};
int task_journal_read(struct task_journal *journal, enum journal_stream stream, uint64_t first,
                      size_t count, size_t bytes, struct journal_records *ret, struct error *err);
void journal_records_free(struct journal_records *records);

/* True: records of the stream lie on a damaged page, now and later; no record behind them can be
 * sent. Of facts also when a new one could not be written for it: what happens is told to nobody.
 */
bool task_journal_lost(struct task_journal *journal, enum journal_stream stream,
                       struct error *ret_why);

/* The controller has committed up to and including 'upto'. Durable lazily. */
void task_journal_committed(struct task_journal *journal, enum journal_stream stream,
                            uint64_t upto);
/* The newest manifest version seen, durable before 0 is returned. */
int task_journal_saw_manifest(struct task_journal *journal, uint64_t version, struct error *err);

/* Writes, intents and the task table: agent/journal/journal_write.h (the runner's side). */
