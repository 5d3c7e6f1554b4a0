/* task_queue.c - see task_queue.h. Invariant: machine.epoch, the grant that names it and the task's
 * change to `leased` commit together, under the shared lock of the tenant's rule book: what was
 * disarmed or stopped before is not leased. Locks: rule books, queue row, machine, task; leasing
 * skips rows that are locked. */
#include "controller/tasks/task_queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_queue.sql.h"
#include "controller/tasks/task_state.h"

#define WHO "musterd"
/* Several queued tasks of one machine stand behind each other; only the first counts. With many of
 * these a call leases fewer than it might: the caller comes again while it leases any. */
#define CANDIDATES(count) ((count) + (count) / 4 + 1)

/* Tasks that may be leased, in the order of their turn; then those of one tenant among them. */
struct candidates {
    struct uuid *tenants, *tasks, *machines;
    size_t count;
};

static void candidates_clear(struct candidates *list)
{
    free(list->tenants);
    free(list->tasks);
    free(list->machines);
    memset(list, 0, sizeof(*list));
}

static int candidates_room(struct candidates *list, size_t count, struct error *err)
{
    *list = (struct candidates){.tenants = calloc(count + 1, sizeof(struct uuid)),
                                .tasks = calloc(count + 1, sizeof(struct uuid)),
                                .machines = calloc(count + 1, sizeof(struct uuid))};
    if (list->tenants && list->tasks && list->machines)
        return 0;
    candidates_clear(list);
    return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for leases");
}

static bool has_machine(const struct candidates *list, const struct uuid *machine)
{
    for (size_t i = 0; i < list->count; i++)
        if (uuid_equal(&list->machines[i], machine))
            return true;
    return false;
}

/* One a machine, 'count' at most. */
static int read_candidates(const struct db_rows *rows, size_t count, struct candidates *ret,
                           struct error *err)
{
    if (candidates_room(ret, count, err) < 0)
        return -1;
    for (size_t i = 0; i < db_rows_count(rows) && ret->count < count; i++) {
        struct uuid machine = db_uuid(rows, i, 2);

        if (has_machine(ret, &machine))
            continue;
        ret->tenants[ret->count] = db_uuid(rows, i, 0);
        ret->tasks[ret->count] = db_uuid(rows, i, 1);
        ret->machines[ret->count++] = machine;
    }
    return 0;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

/* The tenants of the list, each once, in one order for every controller. Caller frees. */
static struct uuid *tenants_of(const struct candidates *list, size_t *ret_count, struct error *err)
{
    struct uuid *tenants = calloc(list->count + 1, sizeof(*tenants));
    size_t kept = 0;

    if (!tenants) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for leases");
        return NULL;
    }
    if (list->count > 0)
        memcpy(tenants, list->tenants, list->count * sizeof(*tenants));
    qsort(tenants, list->count, sizeof(*tenants), by_bytes);
    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || !uuid_equal(&tenants[kept - 1], &tenants[i]))
            tenants[kept++] = tenants[i];
    *ret_count = kept;
    return tenants;
}

/* Of one tenant: what is still to be had, locked. */
static int claim(struct db *db, const struct uuid *tenant, const struct candidates *list,
                 struct candidates *ret, struct error *err)
{
    struct db_rows *rows;

    if (candidates_room(ret, list->count, err) < 0)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        if (uuid_equal(&list->tenants[i], tenant))
            ret->tasks[ret->count++] = list->tasks[i];
    rows = db_query(db, SQL_QUEUE_CLAIM, err, "uU", tenant, ret->count, ret->tasks);
    if (!rows) {
        candidates_clear(ret);
        return -1;
    }
    ret->count = db_rows_count(rows);
    for (size_t i = 0; i < ret->count; i++) {
        ret->tasks[i] = db_uuid(rows, i, 0);
        ret->machines[i] = db_uuid(rows, i, 1);
    }
    db_rows_destroy(rows);
    return 0;
}

/* Returns how many. */
static int lease_of_tenant(struct db *db, const struct task_leasing *leasing,
                           const struct uuid *tenant, const struct candidates *list,
                           struct task_lease *ret, struct error *err)
{
    struct candidates mine;
    int leased;

    if (db_set_tenant(db, tenant, err) < 0 || claim(db, tenant, list, &mine, err) < 0)
        return -1;
    leased = mine.count == 0 ? 0
                             : task_state_lease(db, leasing, tenant, mine.count, mine.tasks,
                                                mine.machines, ret, err);
    candidates_clear(&mine);
    return leased;
}

static int lease_candidates(struct db *db, const struct task_leasing *leasing,
                            const struct candidates *list, struct task_lease *ret,
                            struct error *err)
{
    size_t count = 0;
    struct uuid *tenants = tenants_of(list, &count, err);
    int leased = tenants ? 0 : -1;

    if (tenants && db_execute(db, SQL_QUEUE_RULE_BOOKS, err, "U", count, tenants) < 0)
        leased = -1;
    for (size_t i = 0; leased >= 0 && i < count; i++) {
        int more = lease_of_tenant(db, leasing, &tenants[i], list, ret + leased, err);

        leased = more < 0 ? -1 : leased + more;
    }
    free(tenants);
    return leased;
}

int task_queue_lease(struct db *db, const struct uuid *controller, const struct uuid *site,
                     const struct uuid *agent, size_t count, struct task_lease *ret,
                     struct error *err)
{
    const struct task_leasing leasing = {.controller = controller, .site = site, .agent = agent};
    struct db_rows *rows =
        db_query(db, SQL_QUEUE_CANDIDATES, err, "ui", site, (int64_t)CANDIDATES(count));
    struct candidates list = {0};
    int leased = -1;

    if (!rows || read_candidates(rows, count, &list, err) < 0)
        goto out;
    if (list.count == 0) {
        leased = 0;
    } else if (db_begin(db, err) == 0) {
        leased = lease_candidates(db, &leasing, &list, ret, err);
        if (leased > 0 && db_commit(db, err) < 0)
            leased = -1;
        db_rollback(db);
    }
out:
    candidates_clear(&list);
    db_rows_destroy(rows);
    return leased;
}

int task_queue_sent(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                    const uint8_t order_sha256[32], struct error *err)
{
    int held;

    if (db_begin_tenant(db, &lease->tenant, err) < 0)
        return -1;
    held = db_execute(db, SQL_QUEUE_SENT, err, "uuiuy", &lease->tenant, &lease->task,
                      (int64_t)lease->epoch, controller, order_sha256, (size_t)32);
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
static int move(struct db *db, struct task_now *now, void *context, struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_QUEUE_DUE, err, "iu", (int64_t)TASK_SILENCE_S, &now->task);
    int moved;

    (void)context;
    if (!rows)
        return -1;
    moved = db_rows_count(rows) == 1;
    if (moved && act(db, now, db_text(rows, 0, 2), err) < 0)
        moved = -1;
    db_rows_destroy(rows);
    return moved;
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
        int rc = task_state_alone(db, &tenant, &task, move, NULL, err);

        moved += rc > 0;
        failed += rc < 0;
    }
    db_rows_destroy(rows);
    return failed ? -1 : moved;
}
