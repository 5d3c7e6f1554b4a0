/* task_queue.c - see task_queue.h. Invariant: machine.epoch, the grant that names it and the task's
 * change to `leased` commit together. Locks: queue row, machine, task, each by one transaction at a
 * time; leasing skips what is locked. */
#include "controller/tasks/task_queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_queue.sql.h"
#include "controller/tasks/task_state.h"

#define WHO "musterd"
/* Several queued tasks of one machine stand behind each other; only the first counts. */
#define CANDIDATES_PER_LEASE 4

struct leasing {
    const struct uuid *controller, *site, *agent;
    struct uuid tenant; /* that the transaction names now */
};

static bool has_machine(const struct task_lease *leases, int count, const struct uuid *machine)
{
    for (int i = 0; i < count; i++)
        if (uuid_equal(&leases[i].machine, machine))
            return true;
    return false;
}

static int name_tenant(struct db *db, struct uuid *now, const struct uuid *tenant,
                       struct error *err)
{
    if (uuid_equal(now, tenant))
        return 0;
    *now = *tenant;
    return db_set_tenant(db, tenant, err);
}

/* 1: *ret_epoch is the machine's new one. 0: somebody was faster. */
static int raise_epoch(struct db *db, const struct uuid *machine, int64_t *ret_epoch,
                       struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_QUEUE_RAISE_EPOCH, err, "u", machine);
    int found;

    if (!rows)
        return -1;
    found = db_rows_count(rows) == 1;
    if (found)
        *ret_epoch = db_int(rows, 0, 0);
    db_rows_destroy(rows);
    return found;
}

static int grant(struct db *db, const struct leasing *leasing, struct task_now *now, int64_t epoch,
                 struct error *err)
{
    const struct task_change change = {.to = "leased",
                                       .event = "lease",
                                       .who = WHO,
                                       .at_us = INT64_MIN,
                                       .epoch = epoch,
                                       .controller = *leasing->controller};

    if (db_execute(db, SQL_QUEUE_GRANT, err, "uuiuuuu", &now->tenant, &now->task, epoch,
                   leasing->site, leasing->agent, &now->machine, leasing->controller) < 0)
        return -1;
    return task_state_change(db, now, &change, err);
}

/* 1: leased. 0: not now. */
static int lease_one(struct db *db, struct leasing *leasing, struct task_lease *lease,
                     struct error *err)
{
    struct task_now now;
    int64_t epoch = 0;
    int rc;

    if (name_tenant(db, &leasing->tenant, &lease->tenant, err) < 0)
        return -1;
    rc = db_execute(db, SQL_QUEUE_CLAIM, err, "uu", &lease->tenant, &lease->task);
    if (rc <= 0)
        return rc;
    rc = task_state_lock(db, &lease->tenant, &lease->task, &now, err);
    if (rc <= 0)
        return rc;
    if (now.cancel_requested_us != INT64_MIN)
        return 0; /* its agent is being asked */
    rc = raise_epoch(db, &lease->machine, &epoch, err);
    if (rc <= 0)
        return rc;
    lease->epoch = (uint64_t)epoch;
    return grant(db, leasing, &now, epoch, err) < 0 ? -1 : 1;
}

static int lease_candidates(struct db *db, struct leasing *leasing, const struct db_rows *rows,
                            size_t count, struct task_lease *ret, struct error *err)
{
    int leased = 0;

    for (size_t i = 0; i < db_rows_count(rows) && (size_t)leased < count; i++) {
        struct task_lease *lease = &ret[leased];
        int rc;

        *lease = (struct task_lease){.tenant = db_uuid(rows, i, 0),
                                     .task = db_uuid(rows, i, 1),
                                     .machine = db_uuid(rows, i, 2)};
        if (has_machine(ret, leased, &lease->machine))
            continue;
        rc = lease_one(db, leasing, lease, err);
        if (rc < 0)
            return -1;
        leased += rc;
    }
    return leased;
}

int task_queue_lease(struct db *db, const struct uuid *controller, const struct uuid *site,
                     const struct uuid *agent, size_t count, struct task_lease *ret,
                     struct error *err)
{
    struct leasing leasing = {.controller = controller, .site = site, .agent = agent};
    struct db_rows *rows = db_query(db, SQL_QUEUE_CANDIDATES, err, "ui", site,
                                    (int64_t)(count * CANDIDATES_PER_LEASE));
    int leased = -1;

    if (!rows)
        return -1;
    if (db_rows_count(rows) == 0) {
        leased = 0;
    } else if (db_begin(db, err) == 0) {
        leased = lease_candidates(db, &leasing, rows, count, ret, err);
        if (leased >= 0 && db_commit(db, err) < 0)
            leased = -1;
        db_rollback(db);
    }
    db_rows_destroy(rows);
    return leased;
}

int task_queue_sent(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                    struct error *err)
{
    int held;

    if (db_begin_tenant(db, &lease->tenant, err) < 0)
        return -1;
    held = db_execute(db, SQL_QUEUE_SENT, err, "uuiu", &lease->tenant, &lease->task,
                      (int64_t)lease->epoch, controller);
    if (held > 0 && db_commit(db, err) < 0)
        held = -1;
    db_rollback(db);
    return held;
}

/* 1: back. 0: the lease is another's now. */
static int requeue(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                   const char *why, struct error *err)
{
    const struct task_change change = {
        .to = "queued", .event = "requeue", .why = why, .who = WHO, .at_us = INT64_MIN};
    struct task_now now;
    int rc = db_execute(db, SQL_QUEUE_HOLDS_LEASE, err, "uuiu", &lease->tenant, &lease->task,
                        (int64_t)lease->epoch, controller);

    if (rc <= 0)
        return rc;
    rc = task_state_lock(db, &lease->tenant, &lease->task, &now, err);
    if (rc <= 0)
        return rc;
    /* No agent ever saw this epoch. */
    if (db_execute(db, SQL_QUEUE_END_GRANT, err, "uuis", &lease->tenant, &lease->task,
                   (int64_t)lease->epoch, "not_sent") < 0)
        return -1;
    return task_state_change(db, &now, &change, err) < 0 ? -1 : 1;
}

int task_queue_requeue(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                       const char *why, struct error *err)
{
    int rc;

    if (db_begin_tenant(db, &lease->tenant, err) < 0)
        return -1;
    rc = requeue(db, controller, lease, why, err);
    if (rc > 0 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    return rc;
}

/* ---- what time brings ---- */

static int notify(struct db *db, const struct task_now *now, struct error *err)
{
    return db_execute(db, SQL_QUEUE_NOTIFY, err, "u", &now->site) < 0 ? -1 : 0;
}

/* An agent may hold it beyond its last start moment: only that agent can say. */
static int ask(struct db *db, const struct task_now *now, struct error *err)
{
    if (db_execute(db, SQL_QUEUE_ASK, err, "uu", &now->tenant, &now->task) < 0)
        return -1;
    return notify(db, now, err);
}

static int act(struct db *db, struct task_now *now, const char *what, struct error *err)
{
    static const struct {
        const char *what, *to, *event, *why;
    } changes[] = {
        {"due", "queued", "due", NULL},
        {"expire", "expired", "expire", NULL},
        {"lapse", "queued", "requeue", "no answer within the lease"},
        {"silent", "unknown", "uncertain", "silence beyond the deadline"},
    };

    if (strcmp(what, "ask") == 0)
        return ask(db, now, err);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (strcmp(changes[i].what, what) == 0) {
            const struct task_change change = {.to = changes[i].to,
                                               .event = changes[i].event,
                                               .why = changes[i].why,
                                               .who = WHO,
                                               .at_us = INT64_MIN};

            if (task_state_change(db, now, &change, err) < 0)
                return -1;
            return strcmp(change.to, "queued") == 0 ? notify(db, now, err) : 0;
        }
    }
    return error_set(err, "nothing is known of '%s'", what);
}

/* Behind the row's lock it is asked once more: another controller may have been faster. */
static int move_locked(struct db *db, struct task_now *now, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_QUEUE_DUE, err, "iu", (int64_t)TASK_SILENCE_S, &now->task);
    int moved;

    if (!rows)
        return -1;
    moved = db_rows_count(rows) == 1;
    if (moved && act(db, now, db_text(rows, 0, 2), err) < 0)
        moved = -1;
    db_rows_destroy(rows);
    return moved;
}

static int move(struct db *db, const struct uuid *tenant, const struct uuid *task,
                struct error *err)
{
    struct task_now now;
    int rc;

    if (db_begin_tenant(db, tenant, err) < 0)
        return -1;
    rc = task_state_lock(db, tenant, task, &now, err);
    if (rc > 0)
        rc = move_locked(db, &now, err);
    if (rc > 0 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    return rc;
}

int task_queue_tick(struct db *db, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_QUEUE_DUE, err, "iu", (int64_t)TASK_SILENCE_S, (struct uuid *)NULL);
    int moved = 0, failed = 0;

    if (!rows)
        return -1;
    /* One that cannot be moved does not hold up the others. */
    for (size_t i = 0; i < db_rows_count(rows) && db_alive(db); i++) {
        struct uuid tenant = db_uuid(rows, i, 0), task = db_uuid(rows, i, 1);
        int rc = move(db, &tenant, &task, err);

        moved += rc > 0;
        failed += rc < 0;
    }
    db_rows_destroy(rows);
    return failed ? -1 : moved;
}
