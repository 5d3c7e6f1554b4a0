/* task_drop.c - see task_drop.h. */
#include "controller/tasks/task_drop.h"

#include <stdint.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_drop.sql.h"
#include "controller/tasks/task_state.h"
#include "controller/tasks/task_ticket.h"

#define WHO "musterd"

/* 1: an agent may hold it by an older grant; 0; -1. */
static int end_grant(struct db *db, const struct task_lease *lease, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_DROP_GRANT, err, "uui", &lease->tenant, &lease->task,
                                    (int64_t)lease->epoch);
    int held = rows ? db_bool(rows, 0, 0) : -1;

    db_rows_destroy(rows);
    return held;
}

static int ask_agent(struct db *db, struct task_now *now, const char *why, struct error *err)
{
    const struct task_change change = {
        .to = "queued", .event = "requeue", .why = why, .who = WHO, .at_us = INT64_MIN};

    if (task_state_change(db, now, &change, err) < 0 ||
        db_execute(db, SQL_DROP_ASK, err, "uus", &now->tenant, &now->task, why) < 0 ||
        db_execute(db, SQL_DROP_CANCELLING, err, "uu", &now->tenant, &now->task) < 0)
        return -1;
    return 0;
}

static int cancel(struct db *db, struct task_now *now, const char *why, struct error *err)
{
    const struct task_change change = {
        .to = "cancelled", .event = "not_met", .why = why, .who = WHO, .at_us = INT64_MIN};

    if (task_state_change(db, now, &change, err) < 0)
        return -1;
    return db_execute(db, SQL_DROP_CAUSE, err, "uus", &now->tenant, &now->task, why) < 0 ? -1 : 0;
}

static int drop(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                const char *why, bool ticket, struct error *err)
{
    struct task_now now;
    int rc = db_execute(db, SQL_DROP_LOCK, err, "uuiu", &lease->tenant, &lease->task,
                        (int64_t)lease->epoch, controller);

    if (rc <= 0)
        return rc;
    rc = task_state_lock(db, &lease->tenant, &lease->task, &now, err);
    if (rc <= 0)
        return rc;
    if ((rc = end_grant(db, lease, err)) < 0)
        return -1;
    rc = rc ? ask_agent(db, &now, why, err) : cancel(db, &now, why, err);
    if (rc == 0 && ticket)
        rc = task_ticket_open(db, &lease->tenant, &lease->task, 1, why, err);
    return rc < 0 ? -1 : 1;
}

int task_drop(struct db *db, const struct uuid *controller, const struct task_lease *lease,
              const char *why, bool ticket, struct error *err)
{
    int rc;

    if (db_begin_tenant(db, &lease->tenant, err) < 0)
        return -1;
    rc = drop(db, controller, lease, why, ticket, err);
    if (rc > 0 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    return rc;
}
