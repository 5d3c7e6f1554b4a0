/* task_settle.c - see task_settle.h. Invariant: nothing but `unknown` is settled, and no machine is
 * released under a task that is under way; state, word to the agent and audit commit together.
 * Edges: docs/task-states.md. */
#include "controller/tasks/task_settle.h"

#include <string.h>

#include "common/error.h"
#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/agent_order.h"
#include "controller/tasks/task_settle.sql.h"
#include "controller/tasks/task_state.h"

static int lock_unknown(struct db *db, const struct uuid *tenant, const struct uuid *task,
                        struct task_now *now, struct error *err)
{
    char id[UUID_TEXT_SIZE];
    int found = task_state_lock(db, tenant, task, now, err);

    if (found < 0)
        return -1;
    uuid_format(task, id);
    if (found == 0)
        return error_set_code(err, ERROR_NOT_FOUND, "there is no task %s", id);
    if (strcmp(now->state, "unknown") == 0)
        return 0;
    return error_set_code(err, ERROR_CONFLICT,
                          task_state_is_final(now->state)
                              ? "task %s has ended: %s"
                              : "task %s is %s: cancel it or wait for its end",
                          id, now->state);
}

int task_settle(struct db *db, const struct uuid *tenant, const struct uuid *task,
                const char *outcome, const char *who, const char *reason, struct error *err)
{
    const struct task_change change = {
        .to = outcome, .event = "settle", .why = reason, .who = who, .at_us = INT64_MIN};
    struct task_now now;
    char id[UUID_TEXT_SIZE];

    if (strcmp(outcome, "succeeded") != 0 && strcmp(outcome, "failed") != 0 &&
        strcmp(outcome, "cancelled") != 0)
        return error_set_code(err, ERROR_INVALID,
                              "a task is settled as succeeded, failed or cancelled");
    if (lock_unknown(db, tenant, task, &now, err) < 0)
        return -1;
    uuid_format(task, id);
    if (db_execute(db, SQL_SETTLE_TASK, err, "uuss", tenant, task, reason, who) < 0 ||
        db_execute(db, SQL_SETTLE_HOLD, err, "us", &now.machine, id) < 0 ||
        agent_order_settle(db, &now, outcome, who, reason, err) < 0)
        return -1;
    return task_state_change(db, &now, &change, err);
}

int task_settle_release(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                        const char *who, const char *reason, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_SETTLE_OPEN, err, "uu", tenant, machine);
    int rc = rows ? 0 : -1, freed;
    size_t settled = 0;

    for (; rc == 0 && settled < db_rows_count(rows); settled++) {
        struct uuid task = db_uuid(rows, settled, 0);

        rc = task_settle(db, tenant, &task, "failed", who, reason, err);
    }
    db_rows_destroy(rows);
    if (rc < 0 || (freed = db_execute(db, SQL_SETTLE_FREE, err, "u", machine)) < 0)
        return -1;
    if (settled == 0 && freed == 0)
        return 0;
    return agent_order_release(db, tenant, machine, who, reason, err) < 0 ? -1 : 1;
}
