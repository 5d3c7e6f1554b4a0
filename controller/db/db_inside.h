/* db_inside.h - the inside of a connection, shared by db.c, db_query.c and db_rows.c only. */
#pragma once

#include <libpq-fe.h>

#include "controller/db/db.h"

/* Every statement is a literal of ours, about 300 of them; past this many a statement runs
 * unprepared. */
#define DB_STATEMENTS_MAX 512

struct db_statement {
    const char *sql; /* owned copy */
    char *types;
    char name[16];
};

struct db {
    PGconn *connection;
    bool in_transaction;
    struct db_statement statements[DB_STATEMENTS_MAX]; /* open addressing by the text's hash */
    size_t statement_count;
    bool sent;       /* a statement is under way, or answered: */
    PGresult *early; /* its answer, when others were asked before it was received */
};

/* Words and codes for what PostgreSQL or the connection said; -1. 'result' may be NULL. */
int db_fail(const struct db *db, const PGresult *result, struct error *err);
bool db_succeeded(const PGresult *result);

#ifdef MUSTER_FAULTS
void db_statement_ran(const struct db *db, PGresult *result); /* db_crash.h */
#endif

/* Takes 'result'. NULL: memory. */
struct db_rows *db_rows_create(PGresult *result, struct error *err);
