/* task_lost.c - see task_lost.h. Invariant: behind it no task that may have been begun by the lost
 * journal is leased again.
 */
#include "controller/tasks/task_lost.h"

#include <stdint.h>
#include <string.h>

#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_lost.sql.h"
#include "controller/tasks/task_state.h"

static const char WHY[] = "the journal that it was sent to is lost or another agent's: whether it "
                          "was begun cannot be told";

static int lose(struct db *db, const struct uuid *tenant, const struct uuid *task,
                struct error *err)
{
    const struct task_change change = {
        .to = "unknown", .event = "uncertain", .why = WHY, .who = "musterd", .at_us = INT64_MIN};
    struct task_now now;
    int rc;

    if (db_set_tenant(db, tenant, err) < 0)
        return -1;
    rc = task_state_lock(db, tenant, task, &now, err);
    if (rc <= 0)
        return rc;
    if (strcmp(now.state, change.to) != 0) {
        if (!task_edge_find(now.state, change.to, change.event))
            return 0;
        if (now.rival)
            return db_execute(db, SQL_LOST_ASK, err, "uus", tenant, task, WHY) < 0 ? -1 : 1;
        if (task_state_change(db, &now, &change, err) < 0)
            return -1;
    }
    return db_execute(db, SQL_LOST_GRANTS, err, "uu", tenant, task) < 0 ? -1 : 1;
}

int task_lost_at(struct db *db, const struct uuid *site, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_LOST_TASKS, err, "u", site);
    int count = 0, rc = rows ? 0 : -1;

    for (size_t i = 0; rc >= 0 && i < db_rows_count(rows); i++) {
        struct uuid tenant = db_uuid(rows, i, 0), task = db_uuid(rows, i, 1);

        rc = lose(db, &tenant, &task, err);
        count += rc > 0;
    }
    db_rows_destroy(rows);
    return rc < 0 ? -1 : count;
}
