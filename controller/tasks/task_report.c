/* task_report.c - chunks of reports and logs, each stored once, until a report is whole and its
 * SHA-256 right. Invariant: a row of task_report has the digest it says. A chunk that cannot be
 * used is noted and taken off the agent's hands: it would come again for ever. */
#include "controller/tasks/task_report.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_book.h"
#include "controller/tasks/task_facts.h"
#include "controller/tasks/task_report.sql.h"
#include "controller/tasks/task_state.h"
#include "proto/sha256.h"

#define REPORT_MAX (4 * 1024 * 1024)
#define LOG_MAX (16 * 1024 * 1024)

static int has_row(struct db_rows *rows)
{
    int found = rows ? db_rows_count(rows) > 0 : -1;

    db_rows_destroy(rows);
    return found;
}

/* 1: this report is whole. 0: none is. 2: another one is. */
static int known(struct db *db, const struct task_fact *fact, const uint8_t sha256[32],
                 struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_REPORT_KNOWN, err, "uuy", &fact->tenant, &fact->task, sha256, (size_t)32);
    int state;

    if (!rows)
        return -1;
    state = db_rows_count(rows) == 0 ? 0 : db_bool(rows, 0, 0) ? 1 : 2;
    db_rows_destroy(rows);
    return state;
}

static int state_of(struct db *db, const struct task_fact *fact, const uint8_t sha256[32],
                    struct error *err)
{
    int state = known(db, fact, sha256, err), refused;

    if (state != 0)
        return state;
    refused = has_row(db_query(db, SQL_REPORT_WAS_REFUSED, err, "uu", &fact->tenant, &fact->task));
    return refused > 0 ? 2 : refused;
}

int task_report_state(struct task_book *book, const struct task_fact *fact,
                      const uint8_t sha256[32], struct error *err)
{
    struct db *db = task_book_db(book, &fact->tenant, err);

    return db ? state_of(db, fact, sha256, err) : -1;
}

static int refuse(struct db *db, const struct task_fact *fact, const char *why, struct error *err)
{
    const struct task_now now = {.tenant = fact->tenant, .task = fact->task};
    const struct task_change told = {.why = why,
                                     .at_us = fact->at_us,
                                     .epoch = (int64_t)fact->epoch,
                                     .agent = fact->agent,
                                     .sequence = fact->sequence};

    if (db_execute(db, SQL_REPORT_DROP, err, "uu", &fact->tenant, &fact->task) < 0)
        return -1;
    return task_state_note(db, &now, &told, "report refused", err);
}

static int append_chunks(struct db *db, const struct task_fact *fact, struct text *text,
                         struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_REPORT_CHUNKS, err, "uu", &fact->tenant, &fact->task);

    if (!rows)
        return -1;
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        size_t length;
        const uint8_t *data = db_blob(rows, i, 1, &length);

        if ((uint64_t)db_int(rows, i, 0) != text->length)
            text_clear(text); /* overlaps or a hole: the digest will not match */
        text_append(text, data, length);
    }
    db_rows_destroy(rows);
    return text_ok(text) ? 0 : error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a report");
}

static int store_whole(struct db *db, const struct task_fact *fact, uint64_t size,
                       const uint8_t sha256[32], struct error *err)
{
    struct text text = {0};
    uint8_t digest[32];
    int rc = -1;

    if (append_chunks(db, fact, &text, err) < 0)
        goto out;
    sha256_of(text_string(&text), text.length, digest);
    if (text.length != size || memcmp(digest, sha256, sizeof(digest)) != 0)
        rc = refuse(db, fact, "its bytes are not those of its SHA-256", err);
    else if (!text_is_utf8(text.bytes, text.length))
        rc = refuse(db, fact, "it is not UTF-8 text", err);
    else if (db_execute(db, SQL_REPORT_WHOLE, err, "uuys", &fact->tenant, &fact->task, sha256,
                        (size_t)32, text_string(&text)) >= 0 &&
             db_execute(db, SQL_REPORT_DROP, err, "uu", &fact->tenant, &fact->task) >= 0)
        rc = 0;
out:
    text_clear(&text);
    return rc;
}

static int64_t received(struct db *db, const struct task_fact *fact, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_REPORT_RECEIVED, err, "uu", &fact->tenant, &fact->task);
    int64_t bytes = rows ? db_int(rows, 0, 0) : -1;

    db_rows_destroy(rows);
    return bytes;
}

int task_facts_report_chunk(struct task_book *book, const struct task_fact *fact, uint64_t offset,
                            uint64_t size, const uint8_t sha256[32], const void *data,
                            size_t length, struct error *err)
{
    struct db *db = task_book_db(book, &fact->tenant, err);
    int state = db ? state_of(db, fact, sha256, err) : -1;
    int64_t bytes;

    if (state < 0)
        return -1;
    if (state == 1)
        return 0; /* it is here */
    if (state == 2)
        return 0; /* refused before, and said so */
    if (size > REPORT_MAX || length == 0 || offset > size || length > size - offset)
        return refuse(db, fact, "a chunk is empty or reaches beyond 4 MiB or the report's own size",
                      err);
    if (db_execute(db, SQL_REPORT_DROP_OTHERS, err, "uuyi", &fact->tenant, &fact->task, sha256,
                   (size_t)32, (int64_t)size) < 0 ||
        db_execute(db, SQL_REPORT_CHUNK, err, "uuiiyy", &fact->tenant, &fact->task, (int64_t)offset,
                   (int64_t)size, sha256, (size_t)32, data, length) < 0)
        return -1;
    bytes = received(db, fact, err);
    if (bytes < 0)
        return -1;
    return (uint64_t)bytes < size ? 0 : store_whole(db, fact, size, sha256, err);
}

int task_facts_log(struct task_book *book, const struct task_fact *fact, const char *source,
                   uint64_t offset, const void *data, size_t length, struct error *err)
{
    const struct uuid id = uuid_make();
    struct db *db;

    /* The agent caps a task's log; what a wrong one sends beyond that is not kept. */
    if (length == 0 || offset > LOG_MAX || length > LOG_MAX - offset)
        return 0;
    if (!(db = task_book_db(book, &fact->tenant, err)))
        return -1;
    return db_execute(db, SQL_LOG_CHUNK, err, "uuusiy", &fact->tenant, &id, &fact->task,
                      strcmp(source, "image") == 0 ? "image" : "agent", (int64_t)offset, data,
                      length) < 0
               ? -1
               : 0;
}
