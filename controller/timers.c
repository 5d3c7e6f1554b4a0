/* timers.c - see timers.h. */
#include "controller/timers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"
#include "controller/db/db.h"
#include "controller/db/db_pool.h"
#include "controller/db/db_rows.h"
#include "controller/health/metrics.h"
#include "controller/health/readiness.h"
#include "controller/intake/rule_due.h"
#include "controller/intake/rule_sweep.h"
#include "controller/tasks/task_queue.h"
#include "controller/timer_shard.h"
#include "controller/timers.sql.h"

#define TICK_MS 1000
#define PARTITIONS_MS (60 * 60 * 1000)
#define SWEEP_MS (10 * 60 * 1000)
#define COUNT_MS (5 * 1000)
#define FORGET_TURNS 8 /* of 8 MB each, some 80,000 events; then tasks have their tick */

struct timers {
    struct db_pool *engine;             /* borrowed */
    const struct conf_map *maintenance; /* borrowed */
    struct handover *end;               /* carries nothing; closed to stop */
    struct uuid controller;
    struct timer_shard tasks, history;
    struct rule_due *due;
    struct rule_sweep sweep;
    int64_t sweep_ms;        /* when states that are over are swept next */
    int64_t count_ms;        /* when what waits for a person is counted next */
    int64_t identities_page; /* of alert_identity: from where on old events are forgotten; 0: from
                                its beginning, with the next look at the partitions */
    pthread_t thread;
};

/* 1: 'shard' is ours. */
static int hold(struct timers *timers, struct timer_shard *shard, struct error *err)
{
    struct db *db = db_pool_take(timers->engine, TICK_MS, err);
    int rc = db ? timer_shard_hold(shard, db, &timers->controller, clock_monotonic_ms(), err) : -1;

    db_pool_give(timers->engine, db);
    return rc;
}

static int count_unattended(struct timers *timers, struct db *db, struct error *err)
{
    static const enum metric metrics[] = {METRIC_STORM_BRAKES, METRIC_AUTOMATION_STOPS,
                                          METRIC_TASKS_UNKNOWN, METRIC_MACHINES_HELD,
                                          METRIC_SITES_QUARANTINED};
    struct db_rows *rows;

    if (clock_monotonic_ms() < timers->count_ms)
        return 0;
    if (!(rows = db_query(db, SQL_TIMERS_UNATTENDED, err, "")))
        return -1;
    for (int i = 0; i < (int)(sizeof(metrics) / sizeof(metrics[0])); i++)
        metric_set(metrics[i], (uint64_t)db_int(rows, 0, i));
    db_rows_destroy(rows);
    timers->count_ms = clock_monotonic_ms() + COUNT_MS;
    return 0;
}

/* What rules wait for is every controller's: nobody waits for the end of a lapsed shard. *ret_ms:
 * until the next is due, a tick at most. */
static int carry_out_due(struct timers *timers, int *ret_ms, struct error *err)
{
    struct db *db = db_pool_take(timers->engine, TICK_MS, err);
    int64_t now_us = clock_realtime_us(), next_us = INT64_MAX;
    int rc = db ? rule_due_run(timers->due, db, now_us, &next_us, err) : -1;

    if (rc == 0 && timers->tasks.ours && clock_monotonic_ms() >= timers->sweep_ms) {
        rc = rule_sweep_on(&timers->sweep, db, now_us, err);
        timers->sweep_ms = clock_monotonic_ms() + (rc == 0 ? SWEEP_MS : TICK_MS);
        rc = rc < 0 ? -1 : 0;
    }
    if (rc == 0)
        rc = count_unattended(timers, db, err);
    db_pool_give(timers->engine, db);
    *ret_ms = next_us - now_us < TICK_MS * 1000 ? (int)((next_us - now_us) / 1000) + 1 : TICK_MS;
    return rc;
}

static int tick(struct timers *timers, struct error *err)
{
    struct db *db;
    int ours = hold(timers, &timers->history, err); /* renewed here, used once an hour */
    int moved;

    if (ours < 0)
        return -1;
    if (!ours) /* another counts them now: an alarm of ours would stand for ever */
        metric_set(METRIC_DEFAULT_PARTITIONS, 0);
    moved = hold(timers, &timers->tasks, err);
    if (moved <= 0)
        return moved;
    if (!(db = db_pool_take(timers->engine, TICK_MS, err)))
        return -1;
    moved = task_queue_tick(db, err);
    db_pool_give(timers->engine, db);
    if (moved > 0)
        metric_add(METRIC_TASKS_MOVED, (uint64_t)moved);
    return moved < 0 ? -1 : 0;
}

/* The functions that change partitions are the owner's, and audit that in their own transaction. */
static void log_partitions(const char *act, const char *what)
{
    log_info("timers", "history partitions changed", "act=%s what=%s", act, log_quote(what));
}

static int make_partitions(struct db *db, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_TIMERS_KEEP_PARTITIONS, err, "");
    char made[32];

    if (!rows)
        return -1;
    snprintf(made, sizeof(made), "%lld", (long long)db_int(rows, 0, 0));
    if (db_int(rows, 0, 0) > 0)
        log_partitions("partition.make", made);
    db_rows_destroy(rows);
    return 0;
}

/* 1: one went. 0: none is too old. */
static int drop_partition(struct db *db, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_TIMERS_DROP_PARTITIONS, err, "");
    int dropped;

    if (!rows)
        return -1;
    dropped = db_int(rows, 0, 0) > 0;
    if (dropped)
        log_partitions("partition.drop", db_text(rows, 0, 1));
    db_rows_destroy(rows);
    return dropped;
}

/* What is older than its table is kept: history_retention.h. */
static int drop_old(struct db *db, struct error *err)
{
    int dropped;

    do
        dropped = drop_partition(db, err);
    while (dropped > 0);
    if (dropped < 0 && err->code != ERROR_TIMEOUT)
        return -1;
    if (dropped < 0) /* who waits for it holds up the others: not again before the next hour */
        log_warn("timers", "an old partition is being read and goes later", "reason=%s",
                 log_quote(error_text(err)));
    error_clear(err);
    return db_execute(db, SQL_TIMERS_DROP_AGENT_ORDERS, err, "") < 0 ||
                   db_execute(db, SQL_TIMERS_DROP_MACHINE_DOCUMENTS, err, "") < 0
               ? -1
               : 0;
}

/* Some of them, from where it ended before. */
static int forget_events(struct timers *timers, struct db *db, struct error *err)
{
    for (int turn = 0; turn < FORGET_TURNS; turn++) {
        struct db_rows *rows =
            db_query(db, SQL_TIMERS_DROP_ALERT_IDENTITIES, err, "i", timers->identities_page);

        if (!rows)
            return -1;
        timers->identities_page = db_int(rows, 0, 0);
        if (db_int(rows, 0, 1) > 0)
            log_info("timers", "events of long ago were forgotten", "count=%lld",
                     (long long)db_int(rows, 0, 1));
        db_rows_destroy(rows);
        if (timers->identities_page == 0)
            break;
    }
    return 0;
}

/* 1: there is more to forget, with the next tick. */
static int keep_history(struct timers *timers, struct error *err)
{
    int rc = hold(timers, &timers->history, err);
    struct db_rows *rows = NULL;
    struct db *db;

    if (rc <= 0)
        return rc;
    rc = -1;
    db = db_connect(timers->maintenance, err);
    if (!db || make_partitions(db, err) < 0 || drop_old(db, err) < 0 ||
        forget_events(timers, db, err) < 0)
        goto out;
    if (!(rows = db_query(db, SQL_TIMERS_DEFAULT_PARTITIONS, err, "")))
        goto out;
    metric_set(METRIC_DEFAULT_PARTITIONS, (uint64_t)db_int(rows, 0, 0));
    if (db_int(rows, 0, 0) > 0)
        log_error("timers", "rows landed in default partitions: is this host's clock right?",
                  "tables=%lld", (long long)db_int(rows, 0, 0));
    rc = timers->identities_page > 0;
out:
    db_rows_destroy(rows);
    db_disconnect(db);
    return rc;
}

/* At the end; without it the rows end by themselves. */
static void give_up(struct timers *timers)
{
    struct error err = {0};
    struct db *db = db_pool_take(timers->engine, TICK_MS, &err);

    if (db && timer_shard_give_up(&timers->tasks, db, &timers->controller, &err) == 0 &&
        timer_shard_give_up(&timers->history, db, &timers->controller, &err) == 0)
        log_debug("timers", "shards given up", "shards=2");
    db_pool_give(timers->engine, db);
}

static void *run(void *context)
{
    struct timers *timers = context;
    int64_t partitions_ms = 0;

    while (!handover_finished(timers->end)) {
        struct error err = {0};
        int wait_ms = TICK_MS, rc = tick(timers, &err);

        if (carry_out_due(timers, &wait_ms, &err) < 0)
            rc = -1;

        /* A task that cannot be moved must not cost next month's partitions. */
        if (clock_monotonic_ms() >= partitions_ms) {
            int more = keep_history(timers, &err);

            if (more < 0)
                rc = -1;
            else
                partitions_ms = clock_monotonic_ms() + (more ? TICK_MS : PARTITIONS_MS);
        }
        readiness_set(READY_TIMERS, rc < 0 ? error_text(&err) : NULL);
        handover_receive(timers->end, wait_ms);
    }
    give_up(timers);
    return NULL;
}

struct timers *timers_start(const struct uuid *controller, struct db_pool *engine,
                            const struct conf_map *maintenance, struct error *err)
{
    struct timers *timers = calloc(1, sizeof(*timers));
    int rc;

    if (!timers || !(timers->end = handover_create(1, NULL, err)) ||
        !(timers->due = rule_due_create(err))) {
        if (timers)
            handover_destroy(timers->end);
        free(timers);
        return NULL;
    }
    timers->engine = engine;
    timers->maintenance = maintenance;
    timers->controller = *controller;
    timers->tasks.name = "tasks";
    timers->history.name = "history";
    if ((rc = pthread_create(&timers->thread, NULL, run, timers)) != 0) {
        error_set(err, "timers thread: %s", strerror(rc));
        handover_destroy(timers->end);
        rule_due_destroy(timers->due);
        free(timers);
        return NULL;
    }
    return timers;
}

void timers_stop(struct timers *timers)
{
    if (!timers)
        return;
    handover_close(timers->end);
    pthread_join(timers->thread, NULL);
    handover_destroy(timers->end);
    rule_due_destroy(timers->due);
    free(timers);
}
