/* db.h - the one path by which SQL runs (libpq, protocol 3, everything parametrised and prepared
 * once a connection). Statements live in .sql files beside their room. A connection has
 * statement_timeout, lock_timeout and tcp_user_timeout set and belongs to one thread at a time;
 * most come from a pool (db_pool.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct conf_map;
struct db;
struct db_rows;
struct error;

/* A connection of its own, for LISTEN or a command. */
struct db *db_connect(const struct conf_map *parameters, struct error *err);
void db_disconnect(struct db *db);
bool db_alive(const struct db *db);
int db_socket(const struct db *db); /* for poll() on a LISTENing connection */
/* The next notification's payload, caller frees; NULL: none now. */
char *db_notification(struct db *db, struct error *err);

/* db_begin_tenant also names the tenant for row-level security, until the transaction's end. */
int db_begin(struct db *db, struct error *err);
int db_begin_tenant(struct db *db, const struct uuid *tenant, struct error *err);
int db_set_tenant(struct db *db, const struct uuid *tenant, struct error *err); /* inside one */
int db_commit(struct db *db, struct error *err);
void db_rollback(struct db *db); /* nothing open: nothing happens */

/* An element of a bytea[]. */
struct db_bytes {
    const void *bytes;
    size_t length;
};

/* One parameter a letter of 'types':
 *   s  const char * (text; NULL is null)       u  const struct uuid * (NULL is null)
 *   i  int64_t (bigint)                        b  int (boolean)
 *   y  const void *, size_t (bytea; NULL null) t  int64_t (timestamptz, unix us; INT64_MIN null)
 *   m  const struct mac * (macaddr)            j  const char * (jsonb)
 * A column each, for unnest(), as a count (size_t) and a pointer:
 *   S  const char *const *                     U  const struct uuid * (nil is null)
 *   I  const int64_t *                         T  const int64_t * (timestamptz)
 *   Y  const struct db_bytes * (bytes NULL is null)
 * Errors carry the SQLSTATE, and codes: 40001, 40P01, 08xxx, 57P0x -> ERROR_UNAVAILABLE; 23xxx ->
 * ERROR_CONFLICT; 22xxx -> ERROR_INVALID; 42501 -> ERROR_FORBIDDEN. The caller owns the rows
 * (db_rows.h). */
struct db_rows *db_query(struct db *db, const char *sql, struct error *err, const char *types, ...);
/* The same where only the number of changed rows matters: that number, or -1. */
int db_execute(struct db *db, const char *sql, struct error *err, const char *types, ...);
/* A statement without parameters that the server works on while its caller does something else;
 * then its rows. Others may be asked in between: they wait for it, and fail with it. One at a time;
 * it is received before its transaction ends, or the connection is given up. */
int db_send(struct db *db, const char *sql, struct error *err);
struct db_rows *db_receive(struct db *db, struct error *err);
/* Several statements without parameters (migrations). */
int db_script(struct db *db, const char *sql, struct error *err);
