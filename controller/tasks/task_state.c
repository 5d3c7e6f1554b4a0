/* task_state.c - see task_state.h. Invariant: nothing else writes task.state or task_queue.state.
 */
#include "controller/tasks/task_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_state.sql.h"

int task_state_lock(struct db *db, const struct uuid *tenant, const struct uuid *task,
                    struct task_now *ret, struct error *err)
{
    struct db_rows *rows;
    int found;

    if (db_execute(db, SQL_TASK_LOCK_QUEUE, err, "uu", tenant, task) < 0)
        return -1;
    rows = db_query(db, SQL_TASK_LOCK, err, "uu", tenant, task);
    if (!rows)
        return -1;
    found = db_rows_count(rows) == 1;
    if (found) {
        *ret = (struct task_now){.tenant = *tenant,
                                 .task = *task,
                                 .machine = db_uuid(rows, 0, 0),
                                 .site = db_uuid(rows, 0, 1),
                                 .epoch = db_int(rows, 0, 3),
                                 .expires_us = db_time(rows, 0, 4),
                                 .now_us = db_time(rows, 0, 5),
                                 .cancel_requested_us = db_time(rows, 0, 6),
                                 .granted = db_bool(rows, 0, 7),
                                 .settled = db_bool(rows, 0, 8)};
        snprintf(ret->state, sizeof(ret->state), "%s", db_text(rows, 0, 2));
    }
    db_rows_destroy(rows);
    return found;
}

int task_state_alone(struct db *db, const struct uuid *tenant, const struct uuid *task,
                     task_act *act, void *context, struct error *err)
{
    struct task_now now;
    int rc;

    if (db_begin_tenant(db, tenant, err) < 0)
        return -1;
    rc = task_state_lock(db, tenant, task, &now, err);
    if (rc > 0)
        rc = act(db, &now, context, err);
    if (rc > 0 && db_commit(db, err) < 0)
        rc = -1;
    db_rollback(db);
    return rc;
}

static int write_audit(struct db *db, const struct task_now *now, const struct task_change *change,
                       const char *name, const char *why, struct error *err)
{
    char action[40], object[UUID_TEXT_SIZE + 8] = "task ", details[40];
    struct audit_entry entry = {.who = change->who,
                                .action = action,
                                .object = object,
                                .outcome = "ok",
                                .details = now->epoch ? details : NULL};
    struct text words = {0};
    int rc = -1;

    snprintf(action, sizeof(action), "task.%s", change->to);
    uuid_format(&now->task, object + strlen(object));
    snprintf(details, sizeof(details), "{\"epoch\": %lld}", (long long)now->epoch);
    text_format(&words, "%s: %s", name, why);
    entry.why = text_string(&words);
    if (!text_ok(&words))
        error_no_memory(err);
    else
        rc = audit_append(db, &now->tenant, &entry, err);
    text_clear(&words);
    return rc;
}

static int write_change(struct db *db, const struct task_now *now, const struct task_change *change,
                        const char *name, const char *why, struct error *err)
{
    const struct uuid id = uuid_make();
    bool final = task_state_is_final(change->to), told = !uuid_is_nil(&change->agent);
    int64_t at = change->at_us == INT64_MIN ? clock_realtime_us() : change->at_us;
    int changed = db_execute(db, SQL_TASK_CHANGE, err, "uussbtiuiiussui", &now->tenant, &now->task,
                             now->state, change->to, (int) final, at,
                             change->epoch ? change->epoch : now->epoch,
                             uuid_is_nil(&change->controller) ? NULL : &change->controller,
                             (int64_t)TASK_LEASE_S, (int64_t)TASK_RETRY_S, &id, name, why,
                             told ? &change->agent : NULL, (int64_t)change->sequence);

    if (changed < 0)
        return -1;
    if (changed != 1)
        return error_set_code(err, ERROR_CONFLICT, "the task is not %s any more", now->state);
    return 0;
}

int task_state_change(struct db *db, struct task_now *now, const struct task_change *change,
                      struct error *err)
{
    const struct task_edge *edge = task_edge_find(now->state, change->to, change->event);
    char name[64];
    const char *why;

    if (!edge)
        return error_set_code(err, ERROR_CONFLICT, "a task that is %s does not become %s by %s",
                              now->state, change->to, change->event);
    why = change->why && change->why[0] ? change->why : edge->sentence;
    snprintf(name, sizeof(name), "%s -> %s", now->state, change->to);
    if (write_change(db, now, change, name, why, err) < 0)
        return -1;
    if (change->epoch)
        now->epoch = change->epoch;
    snprintf(now->state, sizeof(now->state), "%s", change->to);
    return write_audit(db, now, change, name, why, err);
}

/* ---- leasing ---- */

static int audit_leases(struct db *db, const struct uuid *tenant, const struct task_lease *leases,
                        size_t count, const char *why, struct error *err)
{
    struct lease_words {
        char object[UUID_TEXT_SIZE + 8], details[40];
    } *words = calloc(count + 1, sizeof(*words));
    struct audit_entry *entries = calloc(count + 1, sizeof(*entries));
    int rc = -1;

    if (!words || !entries) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for leases");
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        strcpy(words[i].object, "task ");
        uuid_format(&leases[i].task, words[i].object + 5);
        snprintf(words[i].details, sizeof(words[i].details), "{\"epoch\": %llu}",
                 (unsigned long long)leases[i].epoch);
        entries[i] = (struct audit_entry){.who = "musterd",
                                          .action = "task.leased",
                                          .object = words[i].object,
                                          .outcome = "ok",
                                          .why = why,
                                          .details = words[i].details};
    }
    rc = audit_append_many(db, tenant, entries, count, err);
out:
    free(words);
    free(entries);
    return rc;
}

int task_state_lease(struct db *db, const struct task_leasing *leasing, const struct uuid *tenant,
                     size_t count, const struct uuid *tasks, const struct uuid *machines,
                     struct task_lease *ret, struct error *err)
{
    const struct task_edge *edge = task_edge_find("queued", "leased", "lease");
    struct uuid *events = calloc(count + 1, sizeof(*events));
    struct db_rows *rows = NULL;
    char why[80];
    int leased = -1;

    if (!events) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for leases");
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        events[i] = uuid_make();
    snprintf(why, sizeof(why), "queued -> leased: %s", edge->sentence);
    rows = db_query(db, SQL_TASK_LEASE, err, "uUUUuuuiss", tenant, count, tasks, count, machines,
                    count, events, leasing->site, leasing->agent, leasing->controller,
                    (int64_t)TASK_LEASE_S, "queued -> leased", edge->sentence);
    if (!rows)
        goto out;
    for (size_t i = 0; i < db_rows_count(rows); i++)
        ret[i] = (struct task_lease){.tenant = *tenant,
                                     .task = db_uuid(rows, i, 0),
                                     .machine = db_uuid(rows, i, 1),
                                     .epoch = (uint64_t)db_int(rows, i, 2)};
    if (audit_leases(db, tenant, ret, db_rows_count(rows), why, err) == 0)
        leased = (int)db_rows_count(rows);
out:
    db_rows_destroy(rows);
    free(events);
    return leased;
}

int task_state_note(struct db *db, const struct task_now *now, const struct task_change *change,
                    const char *name, struct error *err)
{
    const struct uuid id = uuid_make();
    int64_t at = change->at_us == INT64_MIN ? clock_realtime_us() : change->at_us;

    return db_execute(
               db, SQL_TASK_NOTE, err, "uuuitssui", &now->tenant, &id, &now->task,
               change->epoch ? change->epoch : now->epoch, at, name, change->why ? change->why : "",
               uuid_is_nil(&change->agent) ? NULL : &change->agent, (int64_t)change->sequence) < 0
               ? -1
               : 0;
}
