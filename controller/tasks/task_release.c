/* task_release.c - see task_release.h. Invariant: no machine is released under a task that is under
 * way; one that is unknown ends in the same transaction. Edges: docs/task-states.md. */
#include "controller/tasks/task_release.h"

#include <string.h>

#include "common/error.h"
#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_release.sql.h"
#include "controller/tasks/task_state.h"

static int settle(struct db *db, const struct uuid *tenant, const struct uuid *task,
                  const char *who, const char *reason, struct error *err)
{
    const struct task_change change = {
        .to = "failed", .event = "settle", .why = reason, .who = who, .at_us = INT64_MIN};
    char id[UUID_TEXT_SIZE];
    struct task_now now;
    int found = task_state_lock(db, tenant, task, &now, err);

    if (found < 0)
        return -1;
    uuid_format(task, id);
    if (found == 0 || strcmp(now.state, "unknown") != 0)
        return error_set_code(err, ERROR_CONFLICT, "task %s is %s: cancel it or wait for its end",
                              id, found ? now.state : "gone");
    if (db_execute(db, SQL_RELEASE_SETTLED, err, "uus", tenant, task, reason) < 0)
        return -1;
    return task_state_change(db, &now, &change, err);
}

int task_release_machine(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                         const char *who, const char *reason, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RELEASE_OPEN, err, "uu", tenant, machine);
    int rc = rows ? 0 : -1, freed;
    size_t settled = 0;

    for (; rc == 0 && settled < db_rows_count(rows); settled++) {
        struct uuid task = db_uuid(rows, settled, 0);

        rc = settle(db, tenant, &task, who, reason, err);
    }
    db_rows_destroy(rows);
    if (rc < 0 || (freed = db_execute(db, SQL_RELEASE_MACHINE, err, "u", machine)) < 0)
        return -1;
    return settled > 0 || freed > 0;
}
