/* db.h - the one path by which SQL runs (libpq, protocol 3, everything parametrised and prepared
 * once a connection). Statements live in .sql files beside their room. Connections come from a pool
 * of one login; each has statement_timeout, lock_timeout and tcp_user_timeout set, and none is left
 * idle in a transaction. A connection belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct conf_map;
struct db;
struct db_pool;
struct db_rows;
struct error;

/* 'parameters' are libpq keywords, passed through ("host", "dbname", "user", "sslmode", "passfile"
 * ...). Connects lazily. */
struct db_pool *db_pool_create(const struct conf_map *parameters, size_t size, struct error *err);
void db_pool_destroy(struct db_pool *pool);
/* Waits up to 'timeout_ms' for a free one and connects it when need be. NULL: ERROR_UNAVAILABLE. */
struct db *db_pool_take(struct db_pool *pool, int timeout_ms, struct error *err);
void db_pool_give(struct db_pool *pool, struct db *db); /* rolls back what is open; NULL is fine */

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

/* One parameter a letter of 'types'; errors carry the SQLSTATE, and codes: 40001, 40P01, 08xxx,
 * 57P0x -> ERROR_UNAVAILABLE; 23xxx -> ERROR_CONFLICT; 22xxx -> ERROR_INVALID; 42501 ->
 * ERROR_FORBIDDEN. s const char * (text, NULL is null)      u const struct uuid * (NULL is null) i
 * int64_t (bigint)                        b int (boolean) y const void *, size_t (bytea; NULL null)
 * t int64_t (timestamptz, unix microseconds; INT64_MIN null) m const struct mac * (macaddr) j const
 * char * (jsonb) Arrays of a column each, for unnest(); all take a count first (size_t), then a
 * pointer: S const char *const *   U const struct uuid * (nil is null)   I const int64_t * T const
 * int64_t * (timestamptz)   Y const struct db_bytes * (bytes NULL is null) */
struct db_bytes {
    const void *bytes;
    size_t length;
};
struct db_rows *db_query(struct db *db, const char *sql, struct error *err, const char *types, ...);
/* The same where only the number of changed rows matters: that number, or -1. */
int db_execute(struct db *db, const char *sql, struct error *err, const char *types, ...);
/* Several statements without parameters (migrations). */
int db_script(struct db *db, const char *sql, struct error *err);

size_t db_rows_count(const struct db_rows *rows);
void db_rows_destroy(struct db_rows *rows);
/* Column by position, from 0. Results come in binary form. A null reads as NULL, 0, false, the nil
 * UUID. */
bool db_is_null(const struct db_rows *rows, size_t row, int column);
const char *db_text(const struct db_rows *rows, size_t row,
                    int column);                                    /* text, name, jsonb, json */
int64_t db_int(const struct db_rows *rows, size_t row, int column); /* int2, int4, int8 */
bool db_bool(const struct db_rows *rows, size_t row, int column);
struct uuid db_uuid(const struct db_rows *rows, size_t row, int column);
struct mac db_mac(const struct db_rows *rows, size_t row, int column);
int64_t db_time(const struct db_rows *rows, size_t row,
                int column); /* unix us; INT64_MIN for null */
const uint8_t *db_blob(const struct db_rows *rows, size_t row, int column, size_t *ret_length);
