/* db_query.c - one statement with its parameters: prepared once a connection, run in binary form.
 * Invariant: what the table of statements names, the server has prepared; a rollback does not undo
 * that. What was sent is answered before anything else is asked. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db_inside.h"
#include "controller/db/db_params.h"

/* FNV-1a */
static size_t hash(const char *text)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        value = (value ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return (size_t)value;
}

/* The statement's place, filled or empty; NULL when the table is full and it is not in it. */
static struct db_statement *place_of(struct db *db, const char *sql, const char *types)
{
    size_t start = hash(sql);

    for (size_t i = 0; i < DB_STATEMENTS_MAX; i++) {
        struct db_statement *at = &db->statements[(start + i) % DB_STATEMENTS_MAX];

        if (!at->sql || (strcmp(at->sql, sql) == 0 && strcmp(at->types, types) == 0))
            return at;
    }
    return NULL;
}

/* A few places stay empty, so that looking up ends soon. */
static bool is_full(const struct db *db)
{
    return db->statement_count >= DB_STATEMENTS_MAX * 3 / 4;
}

static int prepare(struct db *db, struct db_statement *at, const char *sql, const char *types,
                   const struct db_params *params, struct error *err)
{
    char *sql_copy = strdup(sql), *types_copy = strdup(types);
    PGresult *result;
    int rc = -1;

    if (!sql_copy || !types_copy) {
        error_no_memory(err);
        goto out;
    }
    snprintf(at->name, sizeof(at->name), "s%zu", db->statement_count);
    result = PQprepare(db->connection, at->name, sql, params->count, params->oids);
    rc = db_succeeded(result) ? 0 : db_fail(db, result, err);
    PQclear(result);
    if (rc < 0)
        goto out;
    db->statement_count++;
    at->sql = sql_copy;
    at->types = types_copy;
    return 0;
out:
    free(sql_copy);
    free(types_copy);
    return rc;
}

/* The answer to what was sent; libpq ends it with an empty one. */
static void take_answer(struct db *db)
{
    PGresult *result;

    while (db->sent && (result = PQgetResult(db->connection))) {
        if (db->early)
            PQclear(result);
        else
            db->early = result;
    }
}

static PGresult *run(struct db *db, const char *sql, const char *types, struct db_params *params,
                     struct error *err)
{
    struct db_statement *at = place_of(db, sql, types);
    PGresult *result;

    take_answer(db);
    if (db->early && !db_succeeded(db->early)) {
        db_fail(db, db->early, err);
        return NULL;
    }
    if (!at || (!at->sql && is_full(db)))
        result = PQexecParams(db->connection, sql, params->count, params->oids, params->values,
                              params->lengths, params->formats, 1);
    else if (!at->sql && prepare(db, at, sql, types, params, err) < 0)
        return NULL;
    else
        result = PQexecPrepared(db->connection, at->name, params->count, params->values,
                                params->lengths, params->formats, 1);
    if (!result)
        db_fail(db, NULL, err);
    return result;
}

static PGresult *query(struct db *db, const char *sql, struct error *err, const char *types,
                       va_list args)
{
    struct db_params params;
    PGresult *result;

    if (db_params_read(&params, types, args, err) < 0)
        return NULL;
    result = run(db, sql, types, &params, err);
    db_params_clear(&params);
    if (result && !db_succeeded(result)) {
        db_fail(db, result, err);
        PQclear(result);
        return NULL;
    }
#ifdef MUSTER_FAULTS
    if (result)
        db_statement_ran(db, result);
#endif
    return result;
}

struct db_rows *db_query(struct db *db, const char *sql, struct error *err, const char *types, ...)
{
    PGresult *result;
    va_list args;

    va_start(args, types);
    result = query(db, sql, err, types, args);
    va_end(args);
    return result ? db_rows_create(result, err) : NULL;
}

int db_execute(struct db *db, const char *sql, struct error *err, const char *types, ...)
{
    PGresult *result;
    va_list args;
    int changed;

    va_start(args, types);
    result = query(db, sql, err, types, args);
    va_end(args);
    if (!result)
        return -1;
    changed = atoi(PQcmdTuples(result)); /* "" for commands without rows */
    PQclear(result);
    return changed;
}

int db_send(struct db *db, const char *sql, struct error *err)
{
    const struct db_params none = {0};
    struct db_statement *at = place_of(db, sql, "");
    int sent;

    if (db->sent)
        return error_set(err, "a statement is under way on this connection already");
    if (!at || (!at->sql && is_full(db)))
        sent = PQsendQueryParams(db->connection, sql, 0, NULL, NULL, NULL, NULL, 1);
    else if (!at->sql && prepare(db, at, sql, "", &none, err) < 0)
        return -1;
    else
        sent = PQsendQueryPrepared(db->connection, at->name, 0, NULL, NULL, NULL, 1);
    if (!sent)
        return db_fail(db, NULL, err);
    db->sent = true;
    return 0;
}

struct db_rows *db_receive(struct db *db, struct error *err)
{
    PGresult *result;

    take_answer(db);
    result = db->early;
    db->early = NULL;
    db->sent = false;
    if (result && db_succeeded(result))
        return db_rows_create(result, err);
    db_fail(db, result, err);
    PQclear(result);
    return NULL;
}
