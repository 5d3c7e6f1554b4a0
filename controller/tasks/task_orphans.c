/* task_orphans.c - see task_orphans.h. */
#include "controller/tasks/task_orphans.h"

#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_orphans.sql.h"
#include "controller/tasks/task_state.h"

#define FAILURES_A_LOOK 2 /* each may be a lock's whole timeout, 10 s */

static struct db_rows *orphans(struct db *db, const struct uuid *site, int64_t opened_us,
                               const struct uuid *task, struct error *err)
{
    return db_query(db, SQL_ORPHANS_OF_SITE, err, "utu", site, opened_us, task);
}

/* 1: back. 0: its agent or its controller was faster. */
static int requeue(struct db *db, struct task_now *now, void *context, struct error *err)
{
    const struct task_change change = {.to = "queued",
                                       .event = "requeue",
                                       .why = "the session it was leased in is over",
                                       .who = "musterd",
                                       .at_us = INT64_MIN};
    const int64_t *opened_us = context;
    struct db_rows *rows = orphans(db, &now->site, *opened_us, &now->task, err);
    int rc = rows ? db_rows_count(rows) == 1 : -1;

    db_rows_destroy(rows);
    if (rc > 0 && task_state_change(db, now, &change, err) < 0)
        rc = -1;
    return rc;
}

int task_orphans_requeue(struct db *db, const struct uuid *site, int64_t opened_us,
                         struct error *err)
{
    struct db_rows *rows = orphans(db, site, opened_us, NULL, err);
    int count = 0, failed = 0;

    if (!rows)
        return -1;
    /* One that cannot be moved does not hold up the others; one that is locked is waited for. */
    for (size_t i = 0; i < db_rows_count(rows) && db_alive(db) && failed < FAILURES_A_LOOK; i++) {
        struct uuid tenant = db_uuid(rows, i, 0), task = db_uuid(rows, i, 1);
        int rc = task_state_alone(db, &tenant, &task, requeue, &opened_us, err);

        count += rc > 0;
        failed += rc < 0;
    }
    db_rows_destroy(rows);
    return failed > 0 ? -1 : count;
}
