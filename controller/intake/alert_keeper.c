/* alert_keeper.c - see alert_keeper.h. Invariant: a keeper has one job at most, so that no queue is
 * ever full. A tenant's jobs go to the keeper that had its last one, where there is a choice: that
 * one remembers its rules and machines. */
#include "controller/intake/alert_keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/handover.h"
#include "controller/db/db.h"
#include "controller/db/db_pool.h"

#define TAKE_MS 2000 /* for a connection of the pool */

struct keeper {
    struct alert_keepers *all;
    struct alert_batch *batch;
    struct handover *jobs;
    pthread_t thread;
    /* The giver's. */
    struct uuid tenant; /* of the last job */
    bool busy;
};

struct alert_keepers {
    struct db_pool *pool;
    struct handover *done;
    struct keeper *keepers;
    size_t count, started, out; /* 'out': the giver's */
};

static void keep(struct keeper *keeper, struct alert_job *job)
{
    int64_t began = clock_monotonic_ms();
    struct db *db = db_pool_take(keeper->all->pool, TAKE_MS, &job->err);

    job->rc = db ? alert_batch_keep(keeper->batch, db, job->partition, job->items, job->count,
                                    clock_realtime_us(), &job->counts, &job->err)
                 : -1;
    db_pool_give(keeper->all->pool, db);
    job->took_ms = clock_monotonic_ms() - began;
}

static void *run(void *arg)
{
    struct keeper *keeper = arg;
    struct alert_job *job;

    while ((job = handover_receive(keeper->jobs, -1))) {
        keep(keeper, job);
        handover_send(keeper->all->done, job);
    }
    return NULL;
}

static int start(struct alert_keepers *keepers, struct error *err)
{
    for (; keepers->started < keepers->count; keepers->started++) {
        struct keeper *keeper = &keepers->keepers[keepers->started];
        int rc;

        keeper->all = keepers;
        keeper->batch = alert_batch_create(err);
        keeper->jobs = keeper->batch ? handover_create(1, NULL, err) : NULL;
        if (!keeper->jobs) {
            alert_batch_destroy(keeper->batch);
            return -1;
        }
        rc = pthread_create(&keeper->thread, NULL, run, keeper);
        if (rc != 0) {
            handover_destroy(keeper->jobs);
            alert_batch_destroy(keeper->batch);
            return error_set(err, "a thread of the intake cannot start: %s", strerror(rc));
        }
    }
    return 0;
}

struct alert_keepers *alert_keepers_create(struct db_pool *pool, size_t count, struct error *err)
{
    struct alert_keepers *keepers = calloc(1, sizeof(*keepers));

    if (!keepers) {
        error_no_memory(err);
        return NULL;
    }
    keepers->pool = pool;
    keepers->count = count;
    keepers->keepers = calloc(count + 1, sizeof(*keepers->keepers));
    keepers->done = handover_create(count + 1, NULL, err);
    if (!keepers->keepers || !keepers->done || start(keepers, err) < 0) {
        alert_keepers_destroy(keepers);
        return NULL;
    }
    return keepers;
}

void alert_keepers_destroy(struct alert_keepers *keepers)
{
    if (!keepers)
        return;
    for (size_t i = 0; i < keepers->started; i++) {
        handover_close(keepers->keepers[i].jobs);
        pthread_join(keepers->keepers[i].thread, NULL);
        handover_destroy(keepers->keepers[i].jobs);
        alert_batch_destroy(keepers->keepers[i].batch);
    }
    handover_destroy(keepers->done);
    free(keepers->keepers);
    free(keepers);
}

size_t alert_keepers_idle(const struct alert_keepers *keepers)
{
    return keepers->count - keepers->out;
}

static struct keeper *choose(const struct alert_keepers *keepers, const struct uuid *tenant)
{
    struct keeper *idle = NULL;

    for (size_t i = 0; i < keepers->count; i++) {
        struct keeper *keeper = &keepers->keepers[i];

        if (!keeper->busy && uuid_equal(&keeper->tenant, tenant))
            return keeper;
        if (!keeper->busy)
            idle = keeper;
    }
    return idle;
}

int alert_keepers_give(struct alert_keepers *keepers, struct alert_job *job)
{
    struct keeper *keeper = choose(keepers, &job->partition->origin.tenant);

    if (!keeper)
        return -1;
    job->keeper = (size_t)(keeper - keepers->keepers);
    if (handover_try_send(keeper->jobs, job) != 0)
        return -1;
    keeper->busy = true;
    keeper->tenant = job->partition->origin.tenant;
    keepers->out++;
    return 0;
}

struct alert_job *alert_keepers_take(struct alert_keepers *keepers, int timeout_ms)
{
    struct alert_job *job = timeout_ms == 0 ? handover_try_receive(keepers->done)
                                            : handover_receive(keepers->done, timeout_ms);

    if (job) {
        keepers->keepers[job->keeper].busy = false;
        keepers->out--;
    }
    return job;
}

int alert_keepers_fd(const struct alert_keepers *keepers)
{
    return handover_fd(keepers->done);
}
