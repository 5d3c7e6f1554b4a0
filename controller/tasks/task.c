/* task.c - see task.h. */
#include "controller/tasks/task.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task.sql.h"
#include "controller/tasks/task_limits.h"
#include "controller/tasks/task_state.h"

static const char *or_empty(const char *text, const char *empty)
{
    return text && *text ? text : empty;
}

static int notify(struct db *db, const struct uuid *sites, size_t count, struct error *err)
{
    return db_execute(db, SQL_TASK_NOTIFY, err, "U", count, sites) < 0 ? -1 : 0;
}

static int audit(struct db *db, const struct uuid *tenant, const struct uuid *task,
                 const char *action, const char *who, const char *why, struct error *err)
{
    char object[UUID_TEXT_SIZE + 8] = "task ";
    const struct audit_entry entry = {
        .who = who, .action = action, .object = object, .outcome = "ok", .why = why};

    uuid_format(task, object + strlen(object));
    return audit_append(db, tenant, &entry, err);
}

/* ---- making ---- */

static int check(const struct task_request *request, struct error *err)
{
    if (!request->requested_by || !*request->requested_by)
        return error_set_code(err, ERROR_INVALID, "a task names who asked for it");
    if (request->expires_us <= request->schedule_us)
        return error_set_code(err, ERROR_INVALID,
                              "a task's last start moment must be after its schedule_time");
    return 0;
}

/* A row of one, or many: one array a column, in one block. */
struct columns {
    struct uuid *ids, *holdings, *machines, *sites, *grants, *image_versions, *alerts, *decisions,
        *rules, *events;
    int64_t *classes, *schedules, *expiries, *deadlines, *rule_versions, *limits, *asks;
    const char **params, **afters, **reasons, **tickets, **labels, **requesters, **profiles,
        **checks, **otherwises, **windows, **reports;
    char (*objects)[UUID_TEXT_SIZE + 8]; /* "task ID", of the audit rows */
    struct audit_entry *entries;
};

static void columns_clear(struct columns *c)
{
    free(c->ids);
    free(c->classes);
    free(c->params);
    free(c->objects);
    free(c->entries);
}

static int columns_create(struct columns *c, size_t n, struct error *err)
{
    c->ids = calloc(10 * n, sizeof(*c->ids));
    c->classes = calloc(7 * n, sizeof(*c->classes));
    c->params = calloc(11 * n, sizeof(*c->params));
    c->objects = calloc(n, sizeof(*c->objects));
    c->entries = calloc(n, sizeof(*c->entries));
    if (!c->ids || !c->classes || !c->params || !c->objects || !c->entries)
        return error_no_memory(err);
    c->holdings = c->ids + n;
    c->machines = c->holdings + n;
    c->sites = c->machines + n;
    c->grants = c->sites + n;
    c->image_versions = c->grants + n;
    c->alerts = c->image_versions + n;
    c->decisions = c->alerts + n;
    c->rules = c->decisions + n;
    c->events = c->rules + n;
    c->schedules = c->classes + n;
    c->expiries = c->schedules + n;
    c->deadlines = c->expiries + n;
    c->rule_versions = c->deadlines + n;
    c->limits = c->rule_versions + n;
    c->asks = c->limits + n;
    c->afters = c->params + n;
    c->reasons = c->afters + n;
    c->tickets = c->reasons + n;
    c->labels = c->tickets + n;
    c->requesters = c->labels + n;
    c->profiles = c->requesters + n;
    c->checks = c->profiles + n;
    c->otherwises = c->checks + n;
    c->windows = c->otherwises + n;
    c->reports = c->windows + n;
    return 0;
}

static void fill(struct columns *c, size_t i, const struct task_request *request)
{
    c->ids[i] = request->id;
    c->holdings[i] = request->holding;
    c->machines[i] = request->machine;
    c->sites[i] = request->site;
    c->grants[i] = request->grant;
    c->image_versions[i] = request->image_version;
    c->alerts[i] = request->alert;
    c->decisions[i] = request->decision;
    c->rules[i] = request->rule;
    c->events[i] = uuid_make();
    c->classes[i] = request->class;
    c->schedules[i] = request->schedule_us;
    c->expiries[i] = request->expires_us;
    c->deadlines[i] = request->deadline_s;
    c->rule_versions[i] = request->rule_version;
    c->limits[i] = (int64_t)request->limit_count;
    c->asks[i] = request->asks;
    c->params[i] = or_empty(request->params_json, "{}");
    c->afters[i] = or_empty(request->after, "as_found");
    c->reasons[i] = or_empty(request->reason, "");
    c->tickets[i] = or_empty(request->ticket, "");
    c->labels[i] = or_empty(request->labels_json, "{}");
    c->requesters[i] = request->requested_by;
    c->profiles[i] = request->profile;
    c->checks[i] = request->checks_json;
    c->otherwises[i] = request->otherwise_json;
    c->windows[i] = request->window_json;
    c->reports[i] = request->reports_json;
}

static int by_id(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct uuid));
}

/* Their number, or -1. */
static int insert(struct db *db, const struct uuid *tenant, const struct columns *c, size_t n,
                  bool *ret_made, struct error *err)
{
    struct db_rows *rows = db_query(
        db, SQL_TASK_CREATE, err, "uUIUUUUUSSTTISSSSUUUIUISSISSS", tenant, n, c->ids, n, c->classes,
        n, c->holdings, n, c->machines, n, c->sites, n, c->grants, n, c->image_versions, n,
        c->params, n, c->afters, n, c->schedules, n, c->expiries, n, c->deadlines, n, c->reasons, n,
        c->tickets, n, c->labels, n, c->requesters, n, c->alerts, n, c->decisions, n, c->rules, n,
        c->rule_versions, n, c->events, n, c->limits, n, c->profiles, n, c->checks, n, c->asks, n,
        c->otherwises, n, c->windows, n, c->reports);
    size_t made;

    if (!rows)
        return -1;
    made = db_rows_count(rows);
    for (size_t i = 0; i < made; i++)
        c->events[i] = db_uuid(rows, i, 0);
    db_rows_destroy(rows);
    qsort(c->events, made, sizeof(*c->events), by_id);
    for (size_t i = 0; i < n; i++)
        ret_made[i] = bsearch(&c->ids[i], c->events, made, sizeof(*c->events), by_id);
    return (int)made;
}

/* Of those that were made: their audit rows, and the hints for their sites. */
static int tell(struct db *db, const struct uuid *tenant, struct columns *c, size_t n,
                const bool *made, struct error *err)
{
    size_t told = 0;

    for (size_t i = 0; i < n; i++) {
        if (!made[i])
            continue;
        strcpy(c->objects[told], "task ");
        uuid_format(&c->ids[i], c->objects[told] + 5);
        c->entries[told] = (struct audit_entry){.who = c->requesters[i],
                                                .action = "task.create",
                                                .object = c->objects[told],
                                                .outcome = "ok",
                                                .why = or_empty(c->reasons[i], "asked for")};
        c->sites[told++] = c->sites[i];
    }
    if (told == 0)
        return 0;
    return audit_append_many(db, tenant, c->entries, told, err) < 0 ||
                   notify(db, c->sites, told, err) < 0
               ? -1
               : 0;
}

int task_create_many(struct db *db, const struct task_request *requests, size_t count,
                     bool *ret_made, struct error *err)
{
    struct columns columns = {0};
    int rc = count == 0 ? 0 : columns_create(&columns, count, err);

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = check(&requests[i], err);
        fill(&columns, i, &requests[i]);
    }
    if (rc == 0 && count > 0 &&
        (insert(db, &requests[0].tenant, &columns, count, ret_made, err) < 0 ||
         task_limits_write(db, requests, count, ret_made, err) < 0 ||
         tell(db, &requests[0].tenant, &columns, count, ret_made, err) < 0))
        rc = -1;
    columns_clear(&columns);
    return rc;
}

int task_create(struct db *db, const struct task_request *request, struct error *err)
{
    bool made;

    return task_create_many(db, request, 1, &made, err) < 0 ? -1 : made;
}

/* ---- cancelling ---- */

/* One word of ours for what the caller shows; the row's own string lives in 'now'. */
static const char *state_name(const struct task_now *now)
{
    size_t count;
    const struct task_edge *edges = task_edges(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(edges[i].from, now->state) == 0)
            return edges[i].from;
        if (strcmp(edges[i].to, now->state) == 0)
            return edges[i].to;
    }
    return "";
}

static bool is_with_controller(const struct task_now *now)
{
    return strcmp(now->state, "scheduled") == 0 || strcmp(now->state, "pending_approval") == 0 ||
           strcmp(now->state, "limited") == 0 ||
           (strcmp(now->state, "queued") == 0 && !now->granted);
}

static int cancel(struct db *db, struct task_now *now, const char *who, const char *reason,
                  struct error *err)
{
    const struct task_change change = {
        .to = "cancelled", .event = "cancel", .why = reason, .who = who, .at_us = INT64_MIN};

    if (task_state_is_final(now->state))
        return error_set_code(err, ERROR_CONFLICT, "the task has ended already: %s", now->state);
    if (db_execute(db, SQL_TASK_ASK_CANCEL, err, "uus", &now->tenant, &now->task, reason) < 0 ||
        audit(db, &now->tenant, &now->task, "task.cancel", who, reason, err) < 0)
        return -1;
    if (is_with_controller(now))
        return task_state_change(db, now, &change, err);
    return notify(db, &now->site, 1, err);
}

int task_cancel(struct db *db, const struct uuid *tenant, const struct uuid *task, const char *who,
                const char *reason, const char **ret_state, struct error *err)
{
    struct task_now now;
    int found = task_state_lock(db, tenant, task, &now, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set_code(err, ERROR_NOT_FOUND, "there is no such task");
    if (cancel(db, &now, who, or_empty(reason, "no reason given"), err) < 0)
        return -1;
    *ret_state = state_name(&now);
    return 0;
}
