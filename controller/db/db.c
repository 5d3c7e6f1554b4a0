/* db.c - a connection: its parameters, its transaction, and what PostgreSQL's refusals mean. See
 * db.h. Invariant: in_transaction is true from a BEGIN that succeeded to the COMMIT or ROLLBACK. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "controller/db/db_crash.h"
#include "controller/db/db_inside.h"
#include "controller/db/db_rows.h"

/* A statement of ours takes milliseconds; a batch of 1,000 alerts less than one second. What takes
 * longer holds others up and is ended. */
#define SERVER_OPTIONS                                                                             \
    "-c statement_timeout=30s -c lock_timeout=10s -c jit=off"                                      \
    " -c idle_in_transaction_session_timeout=10s -c timezone=UTC"

#define SECRET_BYTES_MAX 4096

static const char *find(const struct conf_map *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->pairs[i].key, key) == 0)
            return map->pairs[i].value;
    return NULL;
}

/* libpq would take the path for the password: of what is a secret the configuration names a file
 * (conf.h), read for each connection, so that another password needs no restart. */
static char *read_secret(const struct conf_pair *pair, struct error *err)
{
    struct error why = {0};
    size_t length = 0;
    char *secret = file_read_secret(pair->value, SECRET_BYTES_MAX, &length, &why);

    if (!secret) {
        error_set_code(err, ERROR_UNAVAILABLE, "PostgreSQL's %s: %s", pair->key, error_text(&why));
        return NULL;
    }
    while (length > 0 && (secret[length - 1] == '\n' || secret[length - 1] == '\r'))
        secret[--length] = '\0';
    return secret;
}

static bool is_secret(const struct conf_pair *pair)
{
    return strstr(pair->key, "password") != NULL && pair->value[0] == '/';
}

static void wipe(char **secrets, size_t count)
{
    for (size_t i = 0; secrets && i < count; i++) {
        if (secrets[i])
            explicit_bzero(secrets[i], strlen(secrets[i]));
        free(secrets[i]);
    }
    free(secrets);
}

/* What is not given gets our value. A server's host that is gone without a word is given up after
 * 15 s, also where an answer is awaited: Linux looks at that time only when a probe is due, the
 * second one 75 s behind the first unless told. 'options' are joined: the server takes the last of
 * equal ones, the operator's. */
static PGconn *connect_with(const struct conf_map *map, const char *options, struct error *err)
{
    static const struct conf_pair ours[] = {{(char *)"connect_timeout", (char *)"5"},
                                            {(char *)"tcp_user_timeout", (char *)"15000"},
                                            {(char *)"keepalives_idle", (char *)"10"},
                                            {(char *)"keepalives_interval", (char *)"5"},
                                            {(char *)"application_name", (char *)"musterd"}};
    size_t room = map->count + sizeof(ours) / sizeof(ours[0]) + 3, count = 0;
    const char **keys = calloc(room, sizeof(*keys)), **values = calloc(room, sizeof(*values));
    char **secrets = calloc(room, sizeof(*secrets));
    PGconn *connection = NULL;
    bool whole = true;

    if (keys && values && secrets) {
        for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
            if (!find(map, ours[i].key)) {
                keys[count] = ours[i].key;
                values[count++] = ours[i].value;
            }
        }
        for (size_t i = 0; i < map->count; i++) {
            const struct conf_pair *pair = &map->pairs[i];

            if (strcmp(pair->key, "options") == 0)
                continue;
            if (is_secret(pair) && !(secrets[i] = read_secret(pair, err)))
                whole = false;
            keys[count] = pair->key;
            values[count++] = secrets[i] ? secrets[i] : pair->value;
        }
        keys[count] = "options";
        values[count++] = options;
        keys[count] = "client_encoding"; /* ours, whatever is given: all text here is UTF-8 */
        values[count++] = "UTF8";
        if (whole && !(connection = PQconnectdbParams(keys, values, 0)))
            error_no_memory(err);
    } else {
        error_no_memory(err);
    }
    wipe(secrets, map->count);
    free(keys);
    free(values);
    return connection;
}

/* Notices are for people at a psql prompt; libpq would write them to stderr. */
static void drop_notice(void *arg, const PGresult *notice)
{
    (void)arg;
    (void)notice;
}

struct db *db_connect(const struct conf_map *parameters, struct error *err)
{
    const char *given = find(parameters, "options"), *words;
    char show[TEXT_SHOW_SIZE * 2];
    struct db *db = calloc(1, sizeof(*db));
    struct text options = {0};

    text_format(&options, SERVER_OPTIONS "%s%s", given ? " " : "", given ? given : "");
    if (db && text_ok(&options))
        db->connection = connect_with(parameters, text_string(&options), err);
    else
        error_no_memory(err);
    text_clear(&options);
    if (!db || !db->connection) {
        db_disconnect(db);
        return NULL;
    }
    if (PQstatus(db->connection) == CONNECTION_OK) {
        PQsetNoticeReceiver(db->connection, drop_notice, NULL);
        return db;
    }
    words = PQerrorMessage(db->connection);
    snprintf(show, sizeof(show), "%.*s", (int)strcspn(words, "\n"), words);
    error_set_code(err, ERROR_UNAVAILABLE, "PostgreSQL does not let us in: %s", show);
    db_disconnect(db);
    return NULL;
}

void db_disconnect(struct db *db)
{
    int saved = errno;

    if (!db)
        return;
    for (size_t i = 0; i < DB_STATEMENTS_MAX; i++) {
        free((char *)db->statements[i].sql);
        free(db->statements[i].types);
    }
    PQclear(db->early);
    PQfinish(db->connection);
    free(db);
    errno = saved;
}

bool db_alive(const struct db *db)
{
    return PQstatus(db->connection) == CONNECTION_OK;
}

int db_socket(const struct db *db)
{
    return PQsocket(db->connection);
}

char *db_notification(struct db *db, struct error *err)
{
    PGnotify *notify;
    char *payload;

    if (!PQconsumeInput(db->connection)) {
        db_fail(db, NULL, err);
        return NULL;
    }
    notify = PQnotifies(db->connection);
    if (!notify)
        return NULL;
    payload = strdup(notify->extra);
    PQfreemem(notify);
    if (!payload)
        error_no_memory(err);
    return payload;
}

static const struct {
    const char *prefix;
    enum error_code code;
} CODES[] = {
    {"40001", ERROR_UNAVAILABLE}, /* serialization failure */
    {"40P01", ERROR_UNAVAILABLE}, /* deadlock */
    {"08", ERROR_UNAVAILABLE},    {"57P0", ERROR_UNAVAILABLE},
    {"53", ERROR_UNAVAILABLE},    /* no connections, memory or disk left */
    {"25006", ERROR_UNAVAILABLE}, /* read-only: a standby answers, until it is promoted */
    {"57014", ERROR_TIMEOUT},     {"55P03", ERROR_TIMEOUT},
    {"23", ERROR_CONFLICT},       {"MU", ERROR_CONFLICT}, /* our own triggers */
    {"22", ERROR_INVALID},        {"42501", ERROR_FORBIDDEN},
};

static enum error_code code_of(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++)
        if (strncmp(sqlstate, CODES[i].prefix, strlen(CODES[i].prefix)) == 0)
            return CODES[i].code;
    return ERROR_FAILED;
}

/* The detail is left out: it quotes values of rows. */
int db_fail(const struct db *db, const PGresult *result, struct error *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    enum error_code code = state ? code_of(state) : ERROR_FAILED;

    /* Without a result libpq ran out of memory, or could not send: nothing is wrong with what was
     * said. */
    if (!result || PQstatus(db->connection) != CONNECTION_OK)
        code = ERROR_UNAVAILABLE;
    if (!words)
        words = PQerrorMessage(db->connection);
    error_set_code(err, code, "PostgreSQL: %.*s", (int)strcspn(words, "\n"), words);
    if (err && state)
        memcpy(err->sqlstate, state, sizeof(err->sqlstate) - 1);
    return -1;
}

bool db_succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

int db_script(struct db *db, const char *sql, struct error *err)
{
    PGresult *result = PQexec(db->connection, sql);
    int rc = db_succeeded(result) ? 0 : db_fail(db, result, err);

    PQclear(result);
    return rc;
}

int db_begin(struct db *db, struct error *err)
{
    if (db->in_transaction)
        return error_set(err, "a transaction is open on this connection already");
    if (db_script(db, "begin", err) < 0)
        return -1;
    db->in_transaction = true;
    return 0;
}

int db_set_tenant(struct db *db, const struct uuid *tenant, struct error *err)
{
    if (!db->in_transaction)
        return error_set(err, "a tenant is named inside a transaction only");
    return db_execute(db, "select set_config('muster.tenant', $1::text, true)", err, "u", tenant) <
                   0
               ? -1
               : 0;
}

int db_begin_tenant(struct db *db, const struct uuid *tenant, struct error *err)
{
    if (db_begin(db, err) < 0)
        return -1;
    if (db_set_tenant(db, tenant, err) == 0)
        return 0;
    db_rollback(db);
    return -1;
}

#ifdef MUSTER_FAULTS
static atomic_uint crash_after;

void db_crash_after_commit(unsigned number)
{
    atomic_store(&crash_after, number);
}

static bool wrote_something(struct db *db)
{
    struct db_rows *rows =
        db_query(db, "select pg_current_xact_id_if_assigned() is not null", NULL, "");
    bool wrote = rows && db_bool(rows, 0, 0);

    db_rows_destroy(rows);
    return wrote;
}

static bool is_next(void)
{
    return atomic_load(&crash_after) > 0 && atomic_fetch_sub(&crash_after, 1) == 1;
}

static bool will_crash(struct db *db)
{
    return atomic_load(&crash_after) > 0 && wrote_something(db) && is_next();
}

/* A statement outside any transaction commits by itself. */
void db_statement_ran(const struct db *db, PGresult *result)
{
    const char *tag = PQcmdStatus(result);
    bool writes = strncmp(tag, "INSERT", 6) == 0 || strncmp(tag, "UPDATE", 6) == 0 ||
                  strncmp(tag, "DELETE", 6) == 0;

    if (!db->in_transaction && writes && strcmp(PQcmdTuples(result), "0") != 0 && is_next())
        raise(SIGKILL);
}
#endif

int db_commit(struct db *db, struct error *err)
{
    PGresult *result;
    int rc = 0;
#ifdef MUSTER_FAULTS
    bool crash = will_crash(db);
#endif

    if (!db->in_transaction)
        return error_set(err, "no transaction is open on this connection");
    result = PQexec(db->connection, "commit");
    db->in_transaction = false;
    /* COMMIT of a transaction that failed before succeeds, as a rollback. */
    if (!db_succeeded(result))
        rc = db_fail(db, result, err);
    else if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        rc = error_set(err, "PostgreSQL rolled the transaction back: a statement in it had failed");
    PQclear(result);
#ifdef MUSTER_FAULTS
    if (crash && rc == 0)
        raise(SIGKILL);
#endif
    return rc;
}

void db_rollback(struct db *db)
{
    if (!db || !db->in_transaction)
        return;
    db->in_transaction = false;
    PQclear(PQexec(db->connection, "rollback"));
}
