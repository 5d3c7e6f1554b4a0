/* task_queue.c - see task_queue.h. Invariant: machine.epoch, the grant that names it and the task's
 * change to `leased` commit together, under the shared lock of the tenant's rule book: what was
 * disarmed or stopped before is not leased. Locks: rule books, queue row, machine, task; leasing
 * skips books and rows that are locked, so that no tenant waits for another's. */
#include "controller/tasks/task_queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_limits.h"
#include "controller/tasks/task_queue.sql.h"
#include "controller/tasks/task_state.h"

#define WHO "musterd"
/* Several queued tasks of one machine stand behind each other; only the first counts. With many of
 * these a call leases fewer than it might: the caller comes again while it leases any. */
#define CANDIDATES(each) ((each) + (each) / 4 + 1)

/* Of a call that leases nothing and parks: half a second or so of some thousand tasks; what is left
 * comes with the next call. */
#define ROUNDS_MAX 64

/* Tasks that may be leased, each site's in the order of their turn, all but their epochs. */
struct candidates {
    struct task_lease *list;
    size_t count;
};

static bool has_machine(const struct candidates *of, size_t from, const struct uuid *machine)
{
    for (size_t i = from; i < of->count; i++)
        if (uuid_equal(&of->list[i].machine, machine))
            return true;
    return false;
}

/* One a machine, 'each' a site; a site's rows follow each other. 'ret' has room for all rows. */
static void read_candidates(const struct db_rows *rows, const struct task_site *sites, size_t each,
                            struct candidates *ret)
{
    size_t first = 0; /* of the site */
    int64_t number = 0;

    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct uuid machine = db_uuid(rows, i, 2);

        if (db_int(rows, i, 3) != number) {
            number = db_int(rows, i, 3);
            first = ret->count;
        }
        if (ret->count - first >= each || has_machine(ret, first, &machine))
            continue;
        ret->list[ret->count++] = (struct task_lease){.tenant = db_uuid(rows, i, 0),
                                                      .task = db_uuid(rows, i, 1),
                                                      .machine = machine,
                                                      .site = sites[number - 1].site,
                                                      .agent = sites[number - 1].agent};
    }
}

static int find_candidates(struct db *db, const struct task_site *sites, size_t site_count,
                           size_t each, struct candidates *ret, struct error *err)
{
    struct uuid *ids = calloc(site_count + 1, sizeof(*ids));
    struct db_rows *rows = NULL;

    for (size_t i = 0; ids && i < site_count; i++)
        ids[i] = sites[i].site;
    if (ids)
        rows = db_query(db, SQL_QUEUE_CANDIDATES, err, "Ui", site_count, ids,
                        (int64_t)CANDIDATES(each));
    else
        error_no_memory(err);
    free(ids);
    if (!rows)
        return -1;
    *ret = (struct candidates){.list = calloc(db_rows_count(rows) + 1, sizeof(*ret->list))};
    if (ret->list)
        read_candidates(rows, sites, each, ret);
    else
        error_no_memory(err);
    db_rows_destroy(rows);
    return ret->list ? 0 : -1;
}

static int by_tenant(const void *a, const void *b)
{
    const struct task_lease *x = a, *y = b;
    int order = memcmp(&x->tenant, &y->tenant, sizeof(struct uuid));

    return order ? order : memcmp(&x->task, &y->task, sizeof(struct uuid));
}

/* Behind the last of the tenant of list[first]. */
static size_t end_of_tenant(const struct candidates *of, size_t first)
{
    size_t end = first + 1;

    while (end < of->count && uuid_equal(&of->list[end].tenant, &of->list[first].tenant))
        end++;
    return end;
}

static const struct task_lease *find_task(const struct task_lease *list, size_t count,
                                          const struct uuid *task)
{
    for (size_t i = 0; i < count; i++)
        if (uuid_equal(&list[i].task, task))
            return &list[i];
    return NULL;
}

/* What is still to be had of them, locked. Returns how many stand in 'ret' (room for 'count');
 * *ret_limited: some of them have limits. */
static int claim(struct db *db, const struct task_lease *list, size_t count, struct task_lease *ret,
                 bool *ret_limited, struct error *err)
{
    struct uuid *tasks = calloc(count, sizeof(*tasks));
    struct db_rows *rows = NULL;
    int claimed = 0;

    for (size_t i = 0; tasks && i < count; i++)
        tasks[i] = list[i].task;
    if (tasks)
        rows = db_query(db, SQL_QUEUE_CLAIM, err, "uU", &list[0].tenant, count, tasks);
    else
        error_no_memory(err);
    free(tasks);
    if (!rows)
        return -1;
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct uuid task = db_uuid(rows, i, 0);
        const struct task_lease *of = find_task(list, count, &task);

        if (!of)
            continue;
        ret[claimed++] = *of;
        *ret_limited |= db_bool(rows, i, 1);
    }
    db_rows_destroy(rows);
    return claimed;
}

/* Of one tenant. Returns how many; *parked: those that found a limit full. */
static int lease_of_tenant(struct db *db, const struct uuid *controller,
                           const struct task_lease *list, size_t count, struct task_lease *ret,
                           size_t *parked, struct error *err)
{
    struct task_lease *claimed = calloc(count, sizeof(*claimed));
    bool limited = false;
    size_t full = 0;
    int leased = -1;

    if (!claimed)
        return error_no_memory(err);
    if (db_set_tenant(db, &list[0].tenant, err) == 0)
        leased = claim(db, list, count, claimed, &limited, err);
    if (leased > 0 && limited)
        leased = task_limits_keep(db, claimed, (size_t)leased, &full, err);
    if (leased > 0)
        leased = task_state_lease(db, controller, claimed, (size_t)leased, ret, err);
    if (leased > 0 && limited && task_limits_take(db, ret, (size_t)leased, err) < 0)
        leased = -1;
    *parked += full;
    free(claimed);
    return leased;
}

/* Those of tenants whose rule book is being switched are left out. */
static int lock_rule_books(struct db *db, struct candidates *of, struct error *err)
{
    struct uuid *tenants = calloc(of->count + 1, sizeof(*tenants));
    struct db_rows *rows = NULL;
    size_t count = 0, row = 0, kept = 0;

    for (size_t i = 0; tenants && i < of->count; i = end_of_tenant(of, i))
        tenants[count++] = of->list[i].tenant;
    if (tenants)
        rows = db_query(db, SQL_QUEUE_RULE_BOOKS, err, "U", count, tenants);
    else
        error_no_memory(err);
    for (size_t i = 0, end, n = 1; rows && i < of->count; i = end, n++) {
        end = end_of_tenant(of, i);
        if (row == db_rows_count(rows) || db_int(rows, row, 0) != (int64_t)n)
            continue;
        row++;
        memmove(of->list + kept, of->list + i, (end - i) * sizeof(*of->list));
        kept += end - i;
    }
    free(tenants);
    if (!rows)
        return -1;
    db_rows_destroy(rows);
    of->count = kept;
    return 0;
}

static int lease_candidates(struct db *db, const struct uuid *controller, struct candidates *of,
                            struct task_lease *ret, size_t *parked, struct error *err)
{
    int leased = 0;

    qsort(of->list, of->count, sizeof(*of->list), by_tenant);
    if (lock_rule_books(db, of, err) < 0)
        return -1;
    for (size_t i = 0, end; i < of->count; i = end) {
        int more;

        end = end_of_tenant(of, i);
        more = lease_of_tenant(db, controller, of->list + i, end - i, ret + leased, parked, err);
        if (more < 0)
            return -1;
        leased += more;
    }
    return leased;
}

/* One transaction. */
static int lease_once(struct db *db, const struct uuid *controller, const struct task_site *sites,
                      size_t site_count, size_t each, struct task_lease *ret, size_t *parked,
                      struct error *err)
{
    struct candidates of = {0};
    int leased = -1;

    if (find_candidates(db, sites, site_count, each, &of, err) < 0)
        return -1;
    if (of.count == 0) {
        leased = 0;
    } else if (db_begin(db, err) == 0) {
        leased = lease_candidates(db, controller, &of, ret, parked, err);
        if (leased >= 0 && leased + *parked > 0 && db_commit(db, err) < 0)
            leased = -1;
        db_rollback(db);
    }
    free(of.list);
    return leased;
}

int task_queue_lease(struct db *db, const struct uuid *controller, const struct task_site *sites,
                     size_t site_count, size_t each, struct task_lease *ret, struct error *err)
{
    size_t parked = 1;
    int leased = 0;

    /* Those that became `limited` stood before others, which have their turn now. */
    for (int round = 0; round < ROUNDS_MAX && leased == 0 && parked > 0; round++) {
        parked = 0;
        leased = lease_once(db, controller, sites, site_count, each, ret, &parked, err);
    }
    return leased;
}

int task_queue_sites(struct db *db, struct uuid **ret_sites, size_t *ret_count, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_QUEUE_SITES, err, "");
    struct uuid *sites;

    if (!rows)
        return -1;
    sites = calloc(db_rows_count(rows) + 1, sizeof(*sites));
    for (size_t i = 0; sites && i < db_rows_count(rows); i++)
        sites[i] = db_uuid(rows, i, 0);
    *ret_count = db_rows_count(rows);
    db_rows_destroy(rows);
    if (!sites)
        return error_no_memory(err);
    *ret_sites = sites;
    return 0;
}

/* ---- sent ---- */

/* Of the tenant of list[0]; their ids and digests stand in the columns. */
static int note_sent(struct db *db, const struct uuid *controller, struct task_sending *list,
                     size_t count, struct uuid *tasks, int64_t *epochs, struct db_bytes *digests,
                     struct error *err)
{
    struct db_rows *rows;
    int held = 0;

    for (size_t i = 0; i < count; i++) {
        tasks[i] = list[i].lease.task;
        epochs[i] = (int64_t)list[i].lease.epoch;
        digests[i] = (struct db_bytes){list[i].order_sha256, sizeof(list[i].order_sha256)};
    }
    if (db_set_tenant(db, &list[0].lease.tenant, err) < 0)
        return -1;
    rows = db_query(db, SQL_QUEUE_SENT, err, "uUIYu", &list[0].lease.tenant, count, tasks, count,
                    epochs, count, digests, controller);
    if (!rows)
        return -1;
    for (size_t row = 0; row < db_rows_count(rows); row++) {
        struct uuid task = db_uuid(rows, row, 0);

        for (size_t i = 0; i < count; i++)
            if (uuid_equal(&list[i].lease.task, &task)) {
                list[i].held = true;
                held++;
            }
    }
    db_rows_destroy(rows);
    return held;
}

/* Runs of one tenant's, as they stand. */
static int note_all_sent(struct db *db, const struct uuid *controller, struct task_sending *list,
                         size_t count, struct error *err)
{
    struct uuid *tasks = calloc(count, sizeof(*tasks));
    int64_t *epochs = calloc(count, sizeof(*epochs));
    struct db_bytes *digests = calloc(count, sizeof(*digests));
    int held = tasks && epochs && digests ? 0 : error_no_memory(err);

    for (size_t i = 0, end; held >= 0 && i < count; i = end) {
        int more;

        for (end = i + 1; end < count; end++)
            if (!uuid_equal(&list[end].lease.tenant, &list[i].lease.tenant))
                break;
        more = note_sent(db, controller, list + i, end - i, tasks, epochs, digests, err);
        held = more < 0 ? -1 : held + more;
    }
    free(tasks);
    free(epochs);
    free(digests);
    return held;
}

int task_queue_sent(struct db *db, const struct uuid *controller, struct task_sending *list,
                    size_t count, struct error *err)
{
    int held;

    for (size_t i = 0; i < count; i++)
        list[i].held = false;
    if (count == 0)
        return 0;
    if (db_begin(db, err) < 0)
        return -1;
    held = note_all_sent(db, controller, list, count, err);
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
    int moved = 0, failed = 0, freed;

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
    freed = task_limits_free(db, err);
    return failed || freed < 0 ? -1 : moved + freed;
}
