/* journal_thin.c - see journal_store.h: what leaves the journal, the oldest logs of a spool above
 * its budget and the tasks of 35 days ago. Invariant: a number that was given stays accounted for,
 * as a record or inside a GAP.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/journal/journal.sql.h"
#include "agent/journal/journal_sql.h"
#include "proto/frame.h"

/* 'from'..'upto' of one task become, or stay, one row. */
static int write_gap(struct journal_store *store, uint64_t from, uint64_t upto,
                     const struct uuid *task, int64_t at_us, struct error *err)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Gap gap = MUSTER__GAP__INIT;
    uint8_t *bytes = NULL;
    size_t length = 0;
    sqlite3_stmt *s;
    int rc = -1;

    gap.from = from;
    gap.to = upto;
    gap.text = (char *)"log lines thinned: the site's spool was full";
    record.at_us = at_us;
    record.task_id = message_from_uuid(task);
    record.kind_case = MUSTER__RECORD__KIND_GAP;
    record.gap = &gap;
    if (message_pack(&record.base, &bytes, &length, err) < 0)
        return -1;
    s = journal_sql(store, SQL_JOURNAL_GAP_WRITE, err);
    if (s) {
        sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
        sqlite3_bind_int64(s, 2, (sqlite3_int64)upto);
        sqlite3_bind_blob(s, 3, task->bytes, 16, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, at_us);
        sqlite3_bind_blob64(s, 5, bytes, length, SQLITE_STATIC);
        rc = journal_step(store, s, err) < 0 ? -1 : 0;
    }
    free(bytes);
    return rc;
}

/* Where the gap begins that ends right before 'sequence' and is of the same task; else 'sequence'.
 */
static int gap_start(struct journal_store *store, uint64_t sequence, const struct uuid *task,
                     uint64_t *ret_from, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_GAP_BEFORE, err);
    int row;

    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)(sequence - 1));
    row = journal_step(store, s, err);
    *ret_from = sequence;
    if (row == 1 && sqlite3_column_bytes(s, 1) == 16 &&
        memcmp(sqlite3_column_blob(s, 1), task->bytes, 16) == 0)
        *ret_from = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return row < 0 ? -1 : 0;
}

static int drop_row(struct journal_store *store, uint64_t sequence, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_BULK_DELETE, err);

    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)sequence);
    return journal_step(store, s, err) < 0 ? -1 : 0;
}

/* 1: the oldest log row became part of a gap. 0: no log row is left. */
static int thin_one(struct journal_store *store, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_OLDEST_LOG, err);
    struct uuid task = {0};
    uint64_t sequence, from, length;
    int64_t at_us;
    int row = s ? journal_step(store, s, err) : -1;

    if (row != 1)
        return row;
    sequence = (uint64_t)sqlite3_column_int64(s, 0);
    if (sqlite3_column_bytes(s, 1) == 16)
        memcpy(task.bytes, sqlite3_column_blob(s, 1), 16);
    at_us = sqlite3_column_int64(s, 2);
    length = (uint64_t)sqlite3_column_int64(s, 3);
    sqlite3_reset(s);
    if (gap_start(store, sequence, &task, &from, err) < 0 || drop_row(store, sequence, err) < 0 ||
        write_gap(store, from, sequence, &task, at_us, err) < 0)
        return -1;
    store->bulk_bytes -= length < store->bulk_bytes ? length : store->bulk_bytes;
    return 1;
}

int journal_store_thin(struct journal_store *store, uint64_t budget, struct error *err)
{
    int rc = 1;

    if (store->bulk_bytes <= budget)
        return 0;
    /* Down to seven eighths, so that a full spool does not thin at every line. */
    while (rc == 1 && store->bulk_bytes > budget - budget / 8)
        rc = thin_one(store, err);
    return rc < 0 ? -1 : 0;
}

int journal_store_forget(struct journal_store *store, int64_t before_us, struct error *err)
{
    sqlite3_stmt *s;

    if (!(s = journal_sql(store, SQL_JOURNAL_FORGET_INTENTS, err)))
        return -1;
    sqlite3_bind_int64(s, 1, before_us);
    if (journal_step(store, s, err) < 0 || !(s = journal_sql(store, SQL_JOURNAL_FORGET_TASKS, err)))
        return -1;
    sqlite3_bind_int64(s, 1, before_us);
    if (journal_step(store, s, err) < 0 || !(s = journal_sql(store, SQL_JOURNAL_FORGET_FACTS, err)))
        return -1;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)store->identity.facts_committed);
    sqlite3_bind_int64(s, 2, before_us);
    return journal_step(store, s, err) < 0 ? -1 : 0;
}
