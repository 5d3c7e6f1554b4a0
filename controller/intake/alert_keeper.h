/* alert_keeper.h - threads that keep batches in PostgreSQL while the intake's own thread reads and
 * decodes the next ones. Each has a connection while it works. What a job points at is the keeper's
 * from alert_keepers_give() until alert_keepers_take() returns it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "controller/intake/alert_batch.h"

struct alert_keepers;
struct alert_item;
struct db_pool;

struct alert_job {
    void *owner; /* the giver's */
    struct alert_partition *partition;
    struct alert_item **items;
    size_t count;
    /* the answer, as alert_batch_keep() gives it */
    int rc;
    struct error err;
    struct alert_counts counts;
    int64_t took_ms;
    size_t keeper; /* who has it */
};

/* 'pool' is borrowed and has 'count' connections to spare. */
struct alert_keepers *alert_keepers_create(struct db_pool *pool, size_t count, struct error *err);
/* No job is out. */
void alert_keepers_destroy(struct alert_keepers *keepers);

size_t alert_keepers_idle(const struct alert_keepers *keepers);
/* While one is idle. 0, or -1: not taken. */
int alert_keepers_give(struct alert_keepers *keepers, struct alert_job *job);
/* A job that is done; NULL: none within 'timeout_ms'. */
struct alert_job *alert_keepers_take(struct alert_keepers *keepers, int timeout_ms);
int alert_keepers_fd(const struct alert_keepers *keepers); /* readable while one is done */
