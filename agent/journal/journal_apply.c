/* journal_apply.c - see journal_store.h: a batch's items, as rows. Invariant: a batch that is
 * refused leaves neither rows nor numbers behind.
 */
#include <string.h>

#include "agent/journal/journal.sql.h"
#include "agent/journal/journal_sql.h"

static void bind_uuid(sqlite3_stmt *s, int at, const struct uuid *id)
{
    sqlite3_bind_blob(s, at, id->bytes, 16, SQLITE_STATIC);
}

static int apply_record(struct journal_store *store, struct journal_batch *batch,
                        const struct journal_item *item, struct error *err)
{
    bool facts = item->stream == JOURNAL_FACTS;
    uint64_t *head = facts ? &store->identity.facts_head : &store->identity.bulk_head;
    sqlite3_stmt *s =
        journal_sql(store, facts ? SQL_JOURNAL_FACT_APPEND : SQL_JOURNAL_BULK_APPEND, err);
    int at = 0;

    if (!s)
        return -1;
    sqlite3_bind_int64(s, ++at, (sqlite3_int64)(*head + 1));
    if (!facts)
        sqlite3_bind_text(s, ++at, item->bulk_kind, -1, SQLITE_STATIC);
    at++;
    if (item->has_id)
        bind_uuid(s, at, &item->id);
    sqlite3_bind_int64(s, ++at, item->at_us);
    sqlite3_bind_blob64(s, ++at, item->bytes, item->length, SQLITE_STATIC);
    if (journal_step(store, s, err) < 0)
        return -1;
    *head += 1;
    if (facts)
        batch->facts_head = *head;
    else
        store->bulk_bytes += item->length;
    return 0;
}

static void bind_hash(sqlite3_stmt *s, int at, bool there, const uint8_t hash[32])
{
    if (there)
        sqlite3_bind_blob(s, at, hash, 32, SQLITE_STATIC);
}

static int apply_task(struct journal_store *store, const struct journal_task *task,
                      struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_TASK_WRITE, err);

    if (!s)
        return -1;
    bind_uuid(s, 1, &task->id);
    bind_uuid(s, 2, &task->machine_id);
    sqlite3_bind_int64(s, 3, (sqlite3_int64)task->epoch);
    sqlite3_bind_text(s, 4, journal_task_state_name(task->state), -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, task->phase ? task->phase : "", -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 6, task->attempt);
    if (task->envelope)
        sqlite3_bind_blob64(s, 7, task->envelope, task->envelope_length, SQLITE_STATIC);
    sqlite3_bind_int64(s, 8, task->accepted_at_us);
    sqlite3_bind_int64(s, 9, task->started_at_us);
    sqlite3_bind_int64(s, 10, task->phoned_home_at_us);
    sqlite3_bind_int64(s, 11, task->ended_at_us);
    sqlite3_bind_text(s, 12, task->found_power, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 13, task->found_boot_device, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 14, (int)task->seen);
    bind_hash(s, 15, task->has_token, task->token_hash);
    bind_hash(s, 16, task->has_nonce, task->nonce_hash);
    bind_hash(s, 17, task->has_session, task->session_hash);
    sqlite3_bind_int64(s, 18, (sqlite3_int64)task->log_size);
    sqlite3_bind_int64(s, 19, (sqlite3_int64)task->report_size);
    bind_hash(s, 20, task->has_report, task->report_sha256);
    sqlite3_bind_text(s, 21, task->verdict, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 22, task->outcome, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 23, task->stopped_at, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 24, task->cause, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 25, task->remedy, -1, SQLITE_STATIC);
    if (task->result)
        sqlite3_bind_blob64(s, 26, task->result, task->result_length, SQLITE_STATIC);
    return journal_step(store, s, err) < 0 ? -1 : 0;
}

static int apply_intent(struct journal_store *store, const struct journal_item *item,
                        struct error *err)
{
    bool first = strcmp(item->state, "intent") == 0;
    sqlite3_stmt *s =
        journal_sql(store, first ? SQL_JOURNAL_INTENT_WRITE : SQL_JOURNAL_INTENT_SETTLE, err);

    if (!s)
        return -1;
    bind_uuid(s, 1, &item->id);
    sqlite3_bind_text(s, 2, item->step, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, item->attempt);
    sqlite3_bind_text(s, 4, item->state, -1, SQLITE_STATIC);
    if (first)
        sqlite3_bind_int64(s, 5, item->at_us);
    if (journal_step(store, s, err) < 0)
        return error_prefix(err, "%s of step %s, attempt %u", item->state, item->step,
                            item->attempt);
    return 0;
}

static int apply_epoch(struct journal_store *store, const struct journal_item *item,
                       struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_EPOCH_RAISE, err);

    if (!s)
        return -1;
    bind_uuid(s, 1, &item->id);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)item->epoch);
    if (journal_step(store, s, err) < 0)
        return -1;
    if (item->epoch > store->identity.highest_epoch)
        store->identity.highest_epoch = item->epoch;
    return 0;
}

static int apply_item(struct journal_store *store, struct journal_batch *batch,
                      const struct journal_item *item, struct error *err)
{
    switch (item->kind) {
    case ITEM_RECORD:
        return apply_record(store, batch, item, err);
    case ITEM_TASK:
        return apply_task(store, &item->task, err);
    case ITEM_INTENT:
        return apply_intent(store, item, err);
    case ITEM_EPOCH:
        return apply_epoch(store, item, err);
    }
    return error_set(err, "journal: item of unknown kind %d", (int)item->kind);
}

int journal_store_apply(struct journal_store *store, struct journal_batch *batch, struct error *err)
{
    struct journal_identity before = store->identity;
    uint64_t bytes_before = store->bulk_bytes;
    int rc = 0;

    if (batch->broken)
        return error_set(err, "journal: out of memory while the batch was made");
    if (journal_exec(store, SQL_JOURNAL_SAVEPOINT, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < batch->count; i++)
        rc = apply_item(store, batch, &batch->items[i], err);
    if (rc == 0)
        return journal_exec(store, SQL_JOURNAL_KEEP, err);
    store->identity = before;
    store->bulk_bytes = bytes_before;
    if (!sqlite3_get_autocommit(store->db)) {
        journal_exec(store, SQL_JOURNAL_UNDO, NULL);
        journal_exec(store, SQL_JOURNAL_KEEP, NULL);
    }
    return -1;
}
