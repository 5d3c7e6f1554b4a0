/* journal_read.c - see journal_store.h. Reading half: lists for the link, the task table for the
 * runner. Invariant: a statement is reset before its function returns, so that no read holds the
 * file's old pages.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "agent/journal/journal.sql.h"
#include "agent/journal/journal_sql.h"

/* ---- records ---- */

static int push_record(struct journal_records *list, uint64_t sequence, const void *bytes,
                       size_t length, struct error *err)
{
    struct journal_record *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    uint8_t *copy;

    if (!items)
        return error_no_memory(err);
    list->items = items;
    if (!(copy = malloc(length + 1)))
        return error_no_memory(err);
    memcpy(copy, bytes, length);
    items[list->count++] = (struct journal_record){sequence, copy, length};
    return 0;
}

int journal_store_read(struct journal_store *store, enum journal_stream stream, uint64_t first,
                       size_t count, size_t bytes, struct journal_records *ret, struct error *err)
{
    sqlite3_stmt *s = journal_sql(
        store, stream == JOURNAL_FACTS ? SQL_JOURNAL_FACTS_READ : SQL_JOURNAL_BULK_READ, err);
    struct journal_records list = {0};
    size_t total = 0;
    int row = -1;

    if (!s)
        return -1;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)first);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)count);
    while ((row = journal_step(store, s, err)) == 1) {
        size_t length = (size_t)sqlite3_column_bytes(s, 1);

        if (list.count > 0 && total + length > bytes)
            break;
        total += length;
        if (push_record(&list, (uint64_t)sqlite3_column_int64(s, 0), sqlite3_column_blob(s, 1),
                        length, err) < 0) {
            row = -1;
            break;
        }
    }
    sqlite3_reset(s);
    if (row < 0) {
        journal_records_free(&list);
        return -1;
    }
    *ret = list;
    return 0;
}

void journal_records_free(struct journal_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        free(records->items[i].bytes);
    free(records->items);
    memset(records, 0, sizeof(*records));
}

int journal_store_facts_digest(struct journal_store *store, const struct uuid *task,
                               uint8_t ret_digest[32], struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_FACTS_OF_TASK, err);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    uint8_t digest[32] = {0};
    int row = -1;

    if (!s || !hash) {
        EVP_MD_CTX_free(hash);
        return s ? error_no_memory(err) : -1;
    }
    sqlite3_bind_blob(s, 1, task->bytes, 16, SQLITE_STATIC);
    while ((row = journal_step(store, s, err)) == 1) {
        if (EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1 ||
            EVP_DigestUpdate(hash, digest, sizeof(digest)) != 1 ||
            EVP_DigestUpdate(hash, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)) !=
                1 ||
            EVP_DigestFinal_ex(hash, digest, NULL) != 1) {
            row = error_set(err, "SHA-256 failed");
            break;
        }
    }
    sqlite3_reset(s);
    EVP_MD_CTX_free(hash);
    if (row < 0)
        return -1;
    memcpy(ret_digest, digest, sizeof(digest));
    return 0;
}

/* ---- tasks ---- */

static bool column_text(sqlite3_stmt *s, int at, char **ret)
{
    const char *value = (const char *)sqlite3_column_text(s, at);

    return !value || (*ret = strdup(value)) != NULL;
}

static bool column_bytes(sqlite3_stmt *s, int at, uint8_t **ret, size_t *ret_length)
{
    size_t length = (size_t)sqlite3_column_bytes(s, at);

    if (sqlite3_column_type(s, at) == SQLITE_NULL)
        return true;
    if (!(*ret = malloc(length + 1)))
        return false;
    memcpy(*ret, sqlite3_column_blob(s, at), length);
    *ret_length = length;
    return true;
}

static bool column_hash(sqlite3_stmt *s, int at, uint8_t ret[32])
{
    if (sqlite3_column_bytes(s, at) != 32)
        return false;
    memcpy(ret, sqlite3_column_blob(s, at), 32);
    return true;
}

static void column_uuid(sqlite3_stmt *s, int at, struct uuid *ret)
{
    if (sqlite3_column_bytes(s, at) == 16)
        memcpy(ret->bytes, sqlite3_column_blob(s, at), 16);
}

static int parse_state(const char *name, enum journal_task_state *ret)
{
    for (enum journal_task_state state = HELD_DECLINED; state <= HELD_ENDED; state++)
        if (name && strcmp(journal_task_state_name(state), name) == 0) {
            *ret = state;
            return 0;
        }
    return -1;
}

static int read_task(sqlite3_stmt *s, struct journal_task *ret, struct error *err)
{
    struct journal_task task = {0};

    column_uuid(s, 0, &task.id);
    column_uuid(s, 1, &task.machine_id);
    task.epoch = (uint64_t)sqlite3_column_int64(s, 2);
    task.attempt = (unsigned)sqlite3_column_int64(s, 5);
    task.accepted_at_us = sqlite3_column_int64(s, 7);
    task.started_at_us = sqlite3_column_int64(s, 8);
    task.phoned_home_at_us = sqlite3_column_int64(s, 9);
    task.ended_at_us = sqlite3_column_int64(s, 10);
    task.seen = (unsigned)sqlite3_column_int(s, 13);
    task.has_token = column_hash(s, 14, task.token_hash);
    task.has_nonce = column_hash(s, 15, task.nonce_hash);
    task.has_session = column_hash(s, 16, task.session_hash);
    task.log_size = (uint64_t)sqlite3_column_int64(s, 17);
    task.report_size = (uint64_t)sqlite3_column_int64(s, 18);
    task.has_report = column_hash(s, 19, task.report_sha256);
    if (parse_state((const char *)sqlite3_column_text(s, 3), &task.state) < 0)
        return error_set(err, "journal: a task is in an unknown state");
    if (!column_text(s, 4, &task.phase) ||
        !column_bytes(s, 6, &task.envelope, &task.envelope_length) ||
        !column_text(s, 11, &task.found_power) || !column_text(s, 12, &task.found_boot_device) ||
        !column_text(s, 20, &task.verdict) || !column_text(s, 21, &task.outcome) ||
        !column_text(s, 22, &task.stopped_at) || !column_text(s, 23, &task.cause) ||
        !column_text(s, 24, &task.remedy) ||
        !column_bytes(s, 25, &task.result, &task.result_length)) {
        journal_task_clear(&task);
        return error_no_memory(err);
    }
    *ret = task;
    return 0;
}

int journal_store_find(struct journal_store *store, const struct uuid *task,
                       struct journal_task *ret, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_TASK_FIND, err);
    int row;

    if (!s)
        return -1;
    sqlite3_bind_blob(s, 1, task->bytes, 16, SQLITE_STATIC);
    row = journal_step(store, s, err);
    if (row == 1 && read_task(s, ret, err) < 0)
        row = -1;
    sqlite3_reset(s);
    return row;
}

int journal_store_open_tasks(struct journal_store *store, struct journal_tasks *ret,
                             struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_TASKS_OPEN, err);
    struct journal_tasks list = {0};
    int row = -1;

    if (!s)
        return -1;
    while ((row = journal_step(store, s, err)) == 1) {
        struct journal_task *items = realloc(list.items, (list.count + 1) * sizeof(*items));

        if (items)
            list.items = items;
        if (!items || read_task(s, &items[list.count], err) < 0) {
            row = items ? -1 : error_no_memory(err);
            break;
        }
        list.count++;
    }
    sqlite3_reset(s);
    if (row < 0) {
        journal_tasks_free(&list);
        return -1;
    }
    *ret = list;
    return 0;
}

void journal_tasks_free(struct journal_tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++)
        journal_task_clear(&tasks->items[i]);
    free(tasks->items);
    memset(tasks, 0, sizeof(*tasks));
}

int journal_store_epoch(struct journal_store *store, const struct uuid *machine, uint64_t *ret,
                        struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_EPOCH_READ, err);
    int row;

    if (!s)
        return -1;
    sqlite3_bind_blob(s, 1, machine->bytes, 16, SQLITE_STATIC);
    row = journal_step(store, s, err);
    if (row >= 0)
        *ret = row == 1 ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return row < 0 ? -1 : 0;
}

/* ---- intents ---- */

static int push_intent(struct journal_intents *list, sqlite3_stmt *s, struct error *err)
{
    struct journal_intent *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    struct journal_intent intent = {.attempt = (unsigned)sqlite3_column_int64(s, 1)};

    if (items)
        list->items = items;
    if (!items || !column_text(s, 0, &intent.step) || !column_text(s, 2, &intent.state)) {
        free(intent.step);
        return error_no_memory(err);
    }
    items[list->count++] = intent;
    return 0;
}

int journal_store_intents(struct journal_store *store, const struct uuid *task,
                          struct journal_intents *ret, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_INTENTS_READ, err);
    struct journal_intents list = {0};
    int row = -1;

    if (!s)
        return -1;
    sqlite3_bind_blob(s, 1, task->bytes, 16, SQLITE_STATIC);
    while ((row = journal_step(store, s, err)) == 1)
        if (push_intent(&list, s, err) < 0) {
            row = -1;
            break;
        }
    sqlite3_reset(s);
    if (row < 0) {
        journal_intents_free(&list);
        return -1;
    }
    *ret = list;
    return 0;
}

void journal_intents_free(struct journal_intents *intents)
{
    for (size_t i = 0; i < intents->count; i++) {
        free(intents->items[i].step);
        free(intents->items[i].state);
    }
    free(intents->items);
    memset(intents, 0, sizeof(*intents));
}
