/* journal_store.h - the journal's SQLite file: schema, statements, one batch at a time. Only the
 * journal's thread calls it (and whoever opens it, before that thread runs). Tables:
 * docs/agent-journal.md.
 */
#pragma once

#include "agent/journal/journal_write.h"

struct journal_store;

enum journal_item_kind { ITEM_RECORD, ITEM_TASK, ITEM_INTENT, ITEM_EPOCH };

/* What a batch is made of. */
struct journal_item {
    enum journal_item_kind kind;
    struct uuid id; /* task; of ITEM_EPOCH the machine */
    bool has_id;
    int64_t at_us;
    enum journal_stream stream;
    const char *bulk_kind; /* "log", "report" */
    uint8_t *bytes;        /* record */
    size_t length;
    struct journal_task task;
    char *step;
    const char *state;
    unsigned attempt;
    uint64_t epoch;
};

/* Refuses a file that does not pass SQLite's check, or that another process holds. */
struct journal_store *journal_store_open(const char *path, struct error *err);
void journal_store_close(struct journal_store *store);

/* Batches between begin and commit become durable together; one that fails leaves no trace. */
int journal_store_begin(struct journal_store *store, struct error *err);
int journal_store_apply(struct journal_store *store, struct journal_batch *batch,
                        struct error *err);
int journal_store_commit(struct journal_store *store, struct error *err);
void journal_store_rollback(struct journal_store *store);
/* Thin the oldest logs until bulk is below 'budget'. Inside a transaction. */
int journal_store_thin(struct journal_store *store, uint64_t budget, struct error *err);
/* Forget tasks that ended before 'before_us', and their committed facts. Inside a transaction. */
int journal_store_forget(struct journal_store *store, int64_t before_us, struct error *err);

const struct journal_identity *journal_store_identity(const struct journal_store *store);
int journal_store_committed(struct journal_store *store, enum journal_stream stream, uint64_t upto,
                            struct error *err);
int journal_store_saw_manifest(struct journal_store *store, uint64_t version, struct error *err);

uint64_t journal_store_bulk_bytes(const struct journal_store *store);
/* Since the last begin. */
bool journal_store_is_full(const struct journal_store *store);
/* How often a damaged page was met; 0: never. */
unsigned journal_store_damages(const struct journal_store *store);

int journal_store_read(struct journal_store *store, enum journal_stream stream, uint64_t first,
                       size_t count, size_t bytes, struct journal_records *ret, struct error *err);
int journal_store_find(struct journal_store *store, const struct uuid *task,
                       struct journal_task *ret, struct error *err);
int journal_store_open_tasks(struct journal_store *store, struct journal_tasks *ret,
                             struct error *err);
int journal_store_epoch(struct journal_store *store, const struct uuid *machine, uint64_t *ret,
                        struct error *err);
int journal_store_intents(struct journal_store *store, const struct uuid *task,
                          struct journal_intents *ret, struct error *err);
int journal_store_facts_digest(struct journal_store *store, const struct uuid *task,
                               uint8_t ret_digest[32], struct error *err);
