/* journal_store.c - see journal_store.h: the file, its transactions and its meta data.
 * Invariant: 'identity' and 'bulk_bytes' describe the file as it will be once the open transaction
 * commits; a rollback takes them back together with it.
 */
#include "agent/journal/journal_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/journal/journal.sql.h"
#include "agent/journal/journal_sql.h"
#include "common/text.h"

static int fail(struct journal_store *store, int rc, struct error *err)
{
    int kind = rc & 0xff;
    /* A full disk or a failing device may come back; a refused constraint never will. */
    bool later = kind == SQLITE_FULL || kind == SQLITE_IOERR || kind == SQLITE_NOMEM ||
                 kind == SQLITE_BUSY || kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY;

    if (kind == SQLITE_FULL)
        store->full = true;
    if (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB) {
        store->damages++;
        return error_set(err,
                         "%s is damaged (%s): stop the agent and move it away; the site is then "
                         "quarantined until a person has settled its tasks",
                         store->path, store->db ? sqlite3_errmsg(store->db) : "");
    }
    return error_set_code(err, later ? ERROR_UNAVAILABLE : ERROR_FAILED, "journal: %s (%d)",
                          store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc), rc);
}

sqlite3_stmt *journal_sql(struct journal_store *store, const char *sql, struct error *err)
{
    size_t i;

    for (i = 0; i < JOURNAL_STATEMENTS_MAX && store->prepared[i].sql; i++)
        if (strcmp(store->prepared[i].sql, sql) == 0) {
            sqlite3_reset(store->prepared[i].statement);
            sqlite3_clear_bindings(store->prepared[i].statement);
            return store->prepared[i].statement;
        }
    if (i == JOURNAL_STATEMENTS_MAX) {
        error_set(err, "journal: more than %d statements", JOURNAL_STATEMENTS_MAX);
        return NULL;
    }
    int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                &store->prepared[i].statement, NULL);
    if (rc != SQLITE_OK) {
        fail(store, rc, err);
        return NULL;
    }
    store->prepared[i].sql = sql;
    return store->prepared[i].statement;
}

int journal_step(struct journal_store *store, sqlite3_stmt *statement, struct error *err)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_ROW)
        return 1;
    /* An unfinished statement would hold the read transaction open. */
    if (rc == SQLITE_DONE) {
        sqlite3_reset(statement);
        return 0;
    }
    fail(store, rc, err);
    sqlite3_reset(statement);
    return -1;
}

int journal_exec(struct journal_store *store, const char *sql, struct error *err)
{
    sqlite3_stmt *statement = journal_sql(store, sql, err);

    return statement && journal_step(store, statement, err) >= 0 ? 0 : -1;
}

/* ---- meta ---- */

static int meta_write(struct journal_store *store, const char *key, const void *bytes, int length,
                      struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_META_WRITE, err);

    if (!s)
        return -1;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_blob(s, 2, bytes, length, SQLITE_STATIC);
    return journal_step(store, s, err) < 0 ? -1 : 0;
}

static int meta_write_number(struct journal_store *store, const char *key, uint64_t value,
                             struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_META_WRITE, err);

    if (!s)
        return -1;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)value);
    return journal_step(store, s, err) < 0 ? -1 : 0;
}

static int meta_read_number(struct journal_store *store, const char *key, uint64_t *ret,
                            struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_META_READ, err);
    int row;

    if (!s)
        return -1;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    row = journal_step(store, s, err);
    *ret = row == 1 ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return row < 0 ? -1 : 0;
}

static int meta_journal_id(struct journal_store *store, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, SQL_JOURNAL_META_READ, err);
    int row;

    if (!s)
        return -1;
    sqlite3_bind_text(s, 1, "journal_id", -1, SQLITE_STATIC);
    row = journal_step(store, s, err);
    if (row == 1 && sqlite3_column_bytes(s, 0) == 16)
        memcpy(store->identity.journal_id.bytes, sqlite3_column_blob(s, 0), 16);
    else if (row == 1)
        row = error_set(err, "journal: its id is damaged");
    sqlite3_reset(s);
    if (row != 0)
        return row < 0 ? -1 : 0;
    store->identity.journal_id = uuid_make();
    return meta_write(store, "journal_id", store->identity.journal_id.bytes, 16, err);
}

/* Of a statement without arguments, or with one: 'argument'. */
static int one_number(struct journal_store *store, const char *sql, uint64_t argument,
                      uint64_t *ret, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, sql, err);
    int row;

    if (s && sqlite3_bind_parameter_count(s) == 1)
        sqlite3_bind_int64(s, 1, (sqlite3_int64)argument);
    row = s ? journal_step(store, s, err) : -1;

    if (row == 1)
        *ret = (uint64_t)sqlite3_column_int64(s, 0);
    if (s)
        sqlite3_reset(s);
    return row == 1 ? 0 : -1;
}

static int load(struct journal_store *store, struct error *err)
{
    struct journal_identity *i = &store->identity;

    /* Heads are kept in meta as well: rows behind them may have been committed and deleted. */
    if (meta_journal_id(store, err) < 0 ||
        meta_read_number(store, "facts_head", &i->facts_head, err) < 0 ||
        meta_read_number(store, "bulk_head", &i->bulk_head, err) < 0 ||
        meta_read_number(store, "facts_committed", &i->facts_committed, err) < 0 ||
        meta_read_number(store, "bulk_committed", &i->bulk_committed, err) < 0 ||
        meta_read_number(store, "manifest_version", &i->manifest_version, err) < 0 ||
        one_number(store, SQL_JOURNAL_EPOCH_HIGHEST, 0, &i->highest_epoch, err) < 0 ||
        one_number(store, SQL_JOURNAL_BULK_BYTES, 0, &store->bulk_bytes, err) < 0)
        return -1;
    return 0;
}

/* ---- opening ---- */

static int take_lock(struct journal_store *store, const char *path, struct error *err)
{
    struct text name = {0};
    int rc = 0;

    text_format(&name, "%s.lock", path);
    if (!text_ok(&name))
        return error_no_memory(err);
    store->lock_fd = open(text_string(&name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        rc = error_set(err, "open %s: %s", text_string(&name), strerror(errno));
    else if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
        rc = error_set_code(err, ERROR_CONFLICT,
                            "%s is in use: another muster-agent runs on this state folder", path);
    text_clear(&name);
    return rc;
}

static int check_file(struct journal_store *store, const char *path, struct error *err)
{
    sqlite3_stmt *s = journal_sql(store, "PRAGMA quick_check(1)", err);
    int row = s ? journal_step(store, s, err) : -1;
    int rc = row == 1 ? 0 : -1;

    if (row == 1 && strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
        rc = error_set(err, "%s", (const char *)sqlite3_column_text(s, 0));
    if (s)
        sqlite3_reset(s);
    if (rc < 0)
        return error_prefix(err,
                            "%s is damaged; move it away (the site is then quarantined until a "
                            "person has settled its tasks)",
                            path);
    return 0;
}

static int open_db(struct journal_store *store, const char *path, struct error *err)
{
    int rc = sqlite3_open_v2(
        path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK)
        return fail(store, rc, err), error_prefix(err, "open %s", path);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, 2000); /* someone reads it with the sqlite3 program */
    if (check_file(store, path, err) < 0)
        return -1;
    rc = sqlite3_exec(store->db,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                      "BEGIN IMMEDIATE;" SQL_JOURNAL_SCHEMA "; COMMIT;",
                      NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : fail(store, rc, err);
}

struct journal_store *journal_store_open(const char *path, struct error *err)
{
    struct journal_store *store = calloc(1, sizeof(*store));

    if (!store) {
        error_no_memory(err);
        return NULL;
    }
    store->lock_fd = -1;
    store->path = strdup(path);
    if (!store->path)
        error_no_memory(err);
    if (!store->path || take_lock(store, path, err) < 0 || open_db(store, path, err) < 0 ||
        load(store, err) < 0) {
        journal_store_close(store);
        return NULL;
    }
    return store;
}

void journal_store_close(struct journal_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < JOURNAL_STATEMENTS_MAX && store->prepared[i].sql; i++)
        sqlite3_finalize(store->prepared[i].statement);
    sqlite3_close(store->db);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->path);
    free(store);
}

/* ---- batches ---- */

int journal_store_begin(struct journal_store *store, struct error *err)
{
    store->identity_before = store->identity;
    store->bulk_bytes_before = store->bulk_bytes;
    store->full = false;
    return journal_exec(store, SQL_JOURNAL_BEGIN, err);
}

void journal_store_rollback(struct journal_store *store)
{
    store->identity = store->identity_before;
    store->bulk_bytes = store->bulk_bytes_before;
    if (!sqlite3_get_autocommit(store->db))
        journal_exec(store, SQL_JOURNAL_ROLLBACK, NULL);
}

int journal_store_commit(struct journal_store *store, struct error *err)
{
    if (meta_write_number(store, "facts_head", store->identity.facts_head, err) < 0 ||
        meta_write_number(store, "bulk_head", store->identity.bulk_head, err) < 0 ||
        journal_exec(store, SQL_JOURNAL_COMMIT, err) < 0) {
        journal_store_rollback(store);
        return -1;
    }
    return 0;
}

/* ---- what the link tells ---- */

const struct journal_identity *journal_store_identity(const struct journal_store *store)
{
    return &store->identity;
}

/* Facts stay for 35 days; logs and report chunks are the database's now. */
static int drop_bulk(struct journal_store *store, uint64_t upto, struct error *err)
{
    uint64_t bytes = 0;
    sqlite3_stmt *s;

    if (one_number(store, SQL_JOURNAL_BULK_BYTES_UPTO, upto, &bytes, err) < 0 ||
        !(s = journal_sql(store, SQL_JOURNAL_BULK_COMMITTED, err)))
        return -1;
    sqlite3_bind_int64(s, 1, (sqlite3_int64)upto);
    if (journal_step(store, s, err) < 0)
        return -1;
    store->bulk_bytes -= bytes < store->bulk_bytes ? bytes : store->bulk_bytes;
    return 0;
}

int journal_store_committed(struct journal_store *store, enum journal_stream stream, uint64_t upto,
                            struct error *err)
{
    bool facts = stream == JOURNAL_FACTS;
    struct journal_identity *i = &store->identity;

    if (upto > (facts ? i->facts_head : i->bulk_head))
        return error_set_code(err, ERROR_INVALID,
                              "the controller acknowledges record %llu, which was never written",
                              (unsigned long long)upto);
    if (upto <= (facts ? i->facts_committed : i->bulk_committed))
        return 0;
    if (meta_write_number(store, facts ? "facts_committed" : "bulk_committed", upto, err) < 0)
        return -1;
    if (facts)
        i->facts_committed = upto;
    else
        i->bulk_committed = upto;
    return facts ? 0 : drop_bulk(store, upto, err);
}

int journal_store_saw_manifest(struct journal_store *store, uint64_t version, struct error *err)
{
    if (version <= store->identity.manifest_version)
        return 0;
    if (meta_write_number(store, "manifest_version", version, err) < 0)
        return -1;
    store->identity.manifest_version = version;
    return 0;
}

uint64_t journal_store_bulk_bytes(const struct journal_store *store)
{
    return store->bulk_bytes;
}

bool journal_store_is_full(const struct journal_store *store)
{
    return store->full;
}

unsigned journal_store_damages(const struct journal_store *store)
{
    return store->damages;
}
