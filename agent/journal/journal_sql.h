/* journal_sql.h - the inside of the journal's store, shared by its parts (journal_store,
 * journal_apply, journal_thin, journal_read) and included by nobody else: prepared statements that
 * report errors in words.
 */
#pragma once

#include <sqlite3.h>

#include "agent/journal/journal_store.h"

#define JOURNAL_STATEMENTS_MAX 40

struct journal_store {
    sqlite3 *db;
    char *path;
    int lock_fd;      /* held while the file is open: one agent a journal */
    bool full;        /* the transaction met a full disk */
    unsigned damages; /* met so far: a page was not what it should be, for good */
    struct journal_identity identity;
    uint64_t bulk_bytes;
    struct journal_identity identity_before; /* what a rollback goes back to */
    uint64_t bulk_bytes_before;
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } prepared[JOURNAL_STATEMENTS_MAX];
};

/* The prepared statement of a literal SQL text, reset; NULL with 'err'. Borrowed. */
sqlite3_stmt *journal_sql(struct journal_store *store, const char *sql, struct error *err);
/* 1: a row. 0: done. -1: 'err'; ERROR_UNAVAILABLE when trying again later may help. */
int journal_step(struct journal_store *store, sqlite3_stmt *statement, struct error *err);
/* A statement without arguments or rows. */
int journal_exec(struct journal_store *store, const char *sql, struct error *err);
