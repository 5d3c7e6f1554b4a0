/* db_pool.h - connections of one login, shared by threads: one takes a connection, has it alone,
 * and gives it back. None is left idle in a transaction.
 */
#pragma once

#include <stddef.h>

struct conf_map;
struct db;
struct db_pool;
struct error;

/* 'parameters' are libpq keywords, passed through ("host", "dbname", "user", "sslmode", "passfile"
 * ...). Connects lazily. */
struct db_pool *db_pool_create(const struct conf_map *parameters, size_t size, struct error *err);
void db_pool_destroy(struct db_pool *pool);
/* Waits up to 'timeout_ms' for a free one and connects it when need be. NULL: ERROR_UNAVAILABLE. */
struct db *db_pool_take(struct db_pool *pool, int timeout_ms, struct error *err);
void db_pool_give(struct db_pool *pool, struct db *db); /* rolls back what is open; NULL is fine */
