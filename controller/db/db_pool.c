/* db_pool.c - connections of one login, lent out one at a time. Invariant: lent + idle <= size; a
 * connection that broke is never lent again. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/conf.h"
#include "common/error.h"
#include "controller/db/db_inside.h"
#include "controller/db/db_pool.h"

struct db_pool {
    pthread_mutex_t mutex;
    pthread_cond_t returned;
    struct conf_map parameters; /* a copy */
    size_t size, lent, idle_count;
    struct db **idle;
};

static int copy_parameters(const struct conf_map *from, struct conf_map *to)
{
    to->pairs = calloc(from->count + 1, sizeof(*to->pairs));
    if (!to->pairs)
        return -1;
    for (size_t i = 0; i < from->count; i++) {
        struct conf_pair *pair = &to->pairs[to->count++];

        if (!(pair->key = strdup(from->pairs[i].key)) ||
            !(pair->value = strdup(from->pairs[i].value)))
            return -1;
    }
    return 0;
}

static int make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int rc;

    if (pthread_condattr_init(&attributes) != 0)
        return -1;
    rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc == 0 ? 0 : -1;
}

struct db_pool *db_pool_create(const struct conf_map *parameters, size_t size, struct error *err)
{
    struct db_pool *pool;

    if (size == 0) {
        error_set_code(err, ERROR_INVALID, "a pool of no connections serves nobody");
        return NULL;
    }
    pool = calloc(1, sizeof(*pool));
    if (!pool || make_condition(&pool->returned) < 0) {
        free(pool);
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pool->size = size;
    pool->idle = calloc(size, sizeof(struct db *));
    if (!pool->idle || copy_parameters(parameters, &pool->parameters) < 0) {
        db_pool_destroy(pool);
        error_no_memory(err);
        return NULL;
    }
    return pool;
}

void db_pool_destroy(struct db_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->idle_count; i++)
        db_disconnect(pool->idle[i]);
    for (size_t i = 0; i < pool->parameters.count; i++) {
        free(pool->parameters.pairs[i].key);
        free(pool->parameters.pairs[i].value);
    }
    free(pool->parameters.pairs);
    free(pool->idle);
    pthread_cond_destroy(&pool->returned);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static struct timespec in_ms(int timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

/* 1: a place, with its connection if it has one. 0: none in time. */
static int claim(struct db_pool *pool, int timeout_ms, struct db **ret)
{
    struct timespec until = in_ms(timeout_ms);
    int claimed = 0, waited = 0;

    pthread_mutex_lock(&pool->mutex);
    while (pool->lent >= pool->size && waited == 0)
        waited = pthread_cond_timedwait(&pool->returned, &pool->mutex, &until);
    if (pool->lent < pool->size) {
        pool->lent++;
        *ret = pool->idle_count > 0 ? pool->idle[--pool->idle_count] : NULL;
        claimed = 1;
    }
    pthread_mutex_unlock(&pool->mutex);
    return claimed;
}

static void put_back(struct db_pool *pool, struct db *db)
{
    pthread_mutex_lock(&pool->mutex);
    pool->lent--;
    if (db)
        pool->idle[pool->idle_count++] = db;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->mutex);
}

/* A server that went away while the connection was idle has closed it: reading tells. */
static bool is_usable(struct db *db)
{
    return PQconsumeInput(db->connection) && db_alive(db);
}

struct db *db_pool_take(struct db_pool *pool, int timeout_ms, struct error *err)
{
    struct db *db = NULL;

    if (!claim(pool, timeout_ms, &db)) {
        error_set_code(err, ERROR_UNAVAILABLE, "all %zu database connections were busy for %d ms",
                       pool->size, timeout_ms);
        return NULL;
    }
    if (db && !is_usable(db)) {
        db_disconnect(db);
        db = NULL;
    }
    if (!db && !(db = db_connect(&pool->parameters, err)))
        put_back(pool, NULL);
    return db;
}

void db_pool_give(struct db_pool *pool, struct db *db)
{
    if (!db)
        return;
    db_rollback(db);
    if (!db_alive(db)) {
        db_disconnect(db);
        db = NULL;
    }
    put_back(pool, db);
}
