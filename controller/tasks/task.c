/* task.c - see task.h. */
#include "controller/tasks/task.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/tasks/task.sql.h"
#include "controller/tasks/task_state.h"

static const struct uuid *or_null(const struct uuid *uuid)
{
    return uuid_is_nil(uuid) ? NULL : uuid;
}

static const char *or_empty(const char *text, const char *empty)
{
    return text && *text ? text : empty;
}

static int insert(struct db *db, const struct task_request *request, struct error *err)
{
    const struct uuid event = uuid_make();

    return db_execute(
        db, SQL_TASK_CREATE, err, "uuiuuuuujsttissjsuuuius", &request->tenant, &request->id,
        (int64_t)request->class, &request->holding, &request->machine, &request->site,
        &request->grant, &request->image_version, or_empty(request->params_json, "{}"),
        or_empty(request->after, "as_found"), request->schedule_us, request->expires_us,
        request->deadline_s, or_empty(request->reason, ""), or_empty(request->ticket, ""),
        or_empty(request->labels_json, "{}"), request->requested_by, or_null(&request->alert),
        or_null(&request->decision), or_null(&request->rule), request->rule_version, &event,
        request->requested_by);
}

int task_announce(struct db *db, const struct uuid *site, struct error *err)
{
    return db_execute(db, SQL_TASK_NOTIFY, err, "u", site) < 0 ? -1 : 0;
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

int task_create(struct db *db, const struct task_request *request, struct error *err)
{
    int made;

    if (!request->requested_by || !*request->requested_by)
        return error_set_code(err, ERROR_INVALID, "a task names who asked for it");
    if (request->expires_us <= request->schedule_us)
        return error_set_code(err, ERROR_INVALID,
                              "a task's last start moment must be after its schedule_time");
    made = insert(db, request, err);
    if (made <= 0)
        return made;
    if (audit(db, &request->tenant, &request->id, "task.create", request->requested_by,
              or_empty(request->reason, "asked for"), err) < 0 ||
        (!request->unannounced && task_announce(db, &request->site, err) < 0))
        return -1;
    return 1;
}

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
    return task_announce(db, &now->site, err);
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
