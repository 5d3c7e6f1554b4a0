/* task_limits.c - see task_limits.h. Invariant: a task is leased only by who has the locks of all
 * its groups and counted behind them; so what counts against a group grows under its lock alone.
 */
#include "controller/tasks/task_limits.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task.h"
#include "controller/tasks/task_limits.sql.h"
#include "controller/tasks/task_state.h"

/* ---- writing ---- */

struct columns {
    struct uuid *tasks;
    const char **rules, **groups;
    int64_t *entries, *most;
};

static void fill(struct columns *c, size_t at, const struct uuid *task,
                 const struct task_limit *limit)
{
    c->tasks[at] = *task;
    c->rules[at] = limit->rule;
    c->groups[at] = limit->group;
    c->entries[at] = limit->entry;
    c->most[at] = limit->max;
}

int task_limits_write(struct db *db, const struct task_request *requests, size_t count,
                      const bool *made, struct error *err)
{
    struct columns c = {0};
    size_t rows = 0, at = 0;
    int rc = -1;

    for (size_t i = 0; i < count; i++)
        rows += made[i] ? requests[i].limit_count : 0;
    if (rows == 0)
        return 0;
    c.tasks = calloc(rows, sizeof(*c.tasks));
    c.rules = calloc(2 * rows, sizeof(*c.rules));
    c.entries = calloc(2 * rows, sizeof(*c.entries));
    if (!c.tasks || !c.rules || !c.entries) {
        error_no_memory(err);
        goto out;
    }
    c.groups = c.rules + rows;
    c.most = c.entries + rows;
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; made[i] && n < requests[i].limit_count; n++)
            fill(&c, at++, &requests[i].id, &requests[i].limits[n]);
    rc = db_execute(db, SQL_LIMITS_WRITE, err, "uUSISI", &requests[0].tenant, rows, c.tasks, rows,
                    c.rules, rows, c.entries, rows, c.groups, rows, c.most) < 0
             ? -1
             : 0;
out:
    free(c.tasks);
    free(c.rules);
    free(c.entries);
    return rc;
}

/* ---- leasing ---- */

enum place {
    NO_LIMIT,
    FREE,
    FULL,  /* to be parked */
    LATER, /* full too, but it was tried before; or another controller leases of its group */
};
struct placed {
    struct uuid task;
    enum place place;
    int64_t entry; /* FULL: which limit */
};

/* Columns of SQL_LIMITS_ROOM. */
enum { AT_TASK, AT_ENTRY, AT_MAX, AT_GROUP, AT_FOREIGN, AT_TAKEN, AT_BEFORE, AT_HOLDS, AT_UNTRIED };

/* One task's rows follow each other; 'given' has a place for each group, from 1. */
static void place_one(const struct db_rows *rows, size_t first, size_t end, int64_t *given,
                      struct placed *ret)
{
    ret->place = FREE;
    for (size_t i = first; i < end; i++)
        if (db_bool(rows, i, AT_FOREIGN))
            ret->place = LATER;
    if (ret->place == LATER || db_bool(rows, first, AT_HOLDS))
        return; /* what an agent may hold has its room */
    for (size_t i = first; i < end; i++) {
        int64_t used = db_int(rows, i, AT_TAKEN) + db_int(rows, i, AT_BEFORE) +
                       given[db_int(rows, i, AT_GROUP)];

        if (used < db_int(rows, i, AT_MAX))
            continue;
        ret->place = db_bool(rows, i, AT_UNTRIED) ? FULL : LATER;
        ret->entry = db_int(rows, i, AT_ENTRY);
        return;
    }
    for (size_t i = first; i < end; i++)
        given[db_int(rows, i, AT_GROUP)]++;
}

static int by_task(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    return memcmp(&x->task, &y->task, sizeof(struct uuid));
}

static int place_all(const struct db_rows *rows, struct placed *tasks, size_t count,
                     struct error *err)
{
    size_t number = db_rows_count(rows);
    int64_t *given = calloc(number + 2, sizeof(*given));

    if (!given)
        return error_no_memory(err);
    for (size_t i = 0, end; i < number; i = end) {
        const struct placed wanted = {.task = db_uuid(rows, i, AT_TASK)};
        struct placed *placed = bsearch(&wanted, tasks, count, sizeof(*tasks), by_task);

        for (end = i + 1; end < number; end++) {
            struct uuid next = db_uuid(rows, end, AT_TASK);

            if (!uuid_equal(&next, &wanted.task))
                break;
        }
        if (placed)
            place_one(rows, i, end, given, placed);
    }
    free(given);
    return 0;
}

/* The locks that others have. */
static int lock_groups(struct db *db, const struct uuid *tenant, const struct uuid *ids,
                       size_t count, int64_t **ret_keys, size_t *ret_count, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_LIMITS_LOCK, err, "uU", tenant, count, ids);

    if (!rows)
        return -1;
    *ret_count = db_rows_count(rows);
    *ret_keys = calloc(*ret_count + 1, sizeof(**ret_keys));
    for (size_t i = 0; *ret_keys && i < *ret_count; i++)
        (*ret_keys)[i] = db_int(rows, i, 0);
    db_rows_destroy(rows);
    return *ret_keys ? 0 : error_no_memory(err);
}

static int find_places(struct db *db, const struct uuid *tenant, struct placed *tasks, size_t count,
                       struct error *err)
{
    struct uuid *ids = calloc(count + 1, sizeof(*ids));
    struct db_rows *rows = NULL;
    int64_t *foreign = NULL;
    size_t foreign_count = 0;
    int rc = -1;

    if (!ids)
        return error_no_memory(err);
    qsort(tasks, count, sizeof(*tasks), by_task);
    for (size_t i = 0; i < count; i++)
        ids[i] = tasks[i].task;
    if (lock_groups(db, tenant, ids, count, &foreign, &foreign_count, err) < 0)
        goto out;
    rows = db_query(db, SQL_LIMITS_ROOM, err, "uUI", tenant, count, ids, foreign_count, foreign);
    if (rows)
        rc = place_all(rows, tasks, count, err);
out:
    db_rows_destroy(rows);
    free(foreign);
    free(ids);
    return rc;
}

static int park(struct db *db, const struct uuid *tenant, const struct placed *tasks, size_t count,
                size_t *ret_parked, struct error *err)
{
    struct task_parking *full = calloc(count + 1, sizeof(*full));
    int parked = full ? 0 : error_no_memory(err);
    size_t at = 0;

    for (size_t i = 0; full && i < count; i++)
        if (tasks[i].place == FULL)
            full[at++] = (struct task_parking){tasks[i].task, tasks[i].entry};
    if (at > 0)
        parked = task_state_park(db, tenant, full, at, err);
    free(full);
    *ret_parked = parked > 0 ? (size_t)parked : 0;
    return parked < 0 ? -1 : 0;
}

static bool may_go(const struct placed *tasks, size_t count, const struct task_lease *lease)
{
    const struct placed wanted = {.task = lease->task};
    const struct placed *placed = bsearch(&wanted, tasks, count, sizeof(*tasks), by_task);

    return placed && (placed->place == FREE || placed->place == NO_LIMIT);
}

int task_limits_keep(struct db *db, struct task_lease *tasks, size_t count, size_t *ret_parked,
                     struct error *err)
{
    struct placed *placed = calloc(count + 1, sizeof(*placed));
    int kept = 0;

    if (!placed)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        placed[i].task = tasks[i].task;
    if (find_places(db, &tasks[0].tenant, placed, count, err) < 0 ||
        park(db, &tasks[0].tenant, placed, count, ret_parked, err) < 0)
        kept = -1;
    for (size_t i = 0; kept >= 0 && i < count; i++)
        if (may_go(placed, count, &tasks[i]))
            tasks[kept++] = tasks[i];
    free(placed);
    return kept;
}

int task_limits_take(struct db *db, const struct task_lease *tasks, size_t count, struct error *err)
{
    struct uuid *ids = calloc(count + 1, sizeof(*ids));
    int rc;

    if (!ids)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        ids[i] = tasks[i].task;
    rc = count == 0 ? 0 : db_execute(db, SQL_LIMITS_TAKE, err, "uU", &tasks[0].tenant, count, ids);
    free(ids);
    return rc < 0 ? -1 : 0;
}

/* ---- what the timers do ---- */

static int unpark(struct db *db, struct task_now *now, void *context, struct error *err)
{
    const struct task_change change = {
        .to = "queued", .event = "limit_free", .who = "musterd", .at_us = INT64_MIN};

    (void)context;
    if (strcmp(now->state, "limited") != 0)
        return 0;
    if (task_state_change(db, now, &change, err) < 0 ||
        db_execute(db, SQL_LIMITS_NOTIFY, err, "u", &now->site) < 0)
        return -1;
    return 1;
}

int task_limits_free(struct db *db, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_LIMITS_FREE, err, "");
    int freed = 0, failed = 0;

    if (!rows)
        return -1;
    for (size_t i = 0; i < db_rows_count(rows) && db_alive(db); i++) {
        struct uuid tenant = db_uuid(rows, i, 0), task = db_uuid(rows, i, 1);
        int rc = task_state_alone(db, &tenant, &task, unpark, NULL, err);

        freed += rc > 0;
        failed += rc < 0;
    }
    db_rows_destroy(rows);
    return failed ? -1 : freed;
}
