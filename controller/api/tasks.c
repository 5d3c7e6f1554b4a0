/* tasks.c - /v1/tasks: asking for a boot, and following it to its end. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/machine.h"
#include "controller/tasks/task.h"
#include "controller/tasks/task_settle.h"
#include "controller/tasks/task_state.h"
#include "controller/tasks/task_view.h"

#define EVENTS_MAX 1000  /* a run has some 50 */
#define LOG_PIECES_MAX 8 /* of 48 KiB each */
#define ID_PREFIX_MIN 8  /* characters of an id that name a task */

static bool is_state(const char *name)
{
    size_t count;
    const struct task_edge *edges = task_edges(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(edges[i].from, name) == 0 || strcmp(edges[i].to, name) == 0)
            return true;
    return false;
}

/* A mistyped one would read as "there are none". */
static int check_state(struct api_call *call, const char *state)
{
    if (!state || strcmp(state, "open") == 0 || is_state(state))
        return 0;
    return problem_set(&call->problem, 400, "invalid_query",
                       "docs/task-states.md has the states; open is all that have not ended.",
                       "state is the name of one, or open");
}

/* A whole number of the query; 0 when it is not there. */
static int query_number(struct api_call *call, const char *key, int64_t *ret)
{
    const char *text = api_query(call, key);

    *ret = 0;
    if (!text)
        return 0;
    if (*text && strlen(text) <= 18 && strspn(text, "0123456789") == strlen(text)) {
        *ret = strtoll(text, NULL, 10);
        return 0;
    }
    return problem_set(&call->problem, 400, "invalid_query", NULL, "%s is a number from 0 on", key);
}

int tasks_list(struct api_call *call)
{
    struct task_filter filter = {.tenant = call->tenant, .state = api_query(call, "state")};
    const char *after, *alert = api_query(call, "alert");
    char key[CURSOR_KEY_MAX + 1];
    struct machine_found machine;
    struct uuid before, alert_id;
    struct error err = {0};
    int64_t limit = api_limit(call);

    if (limit < 0 || check_state(call, filter.state) < 0 ||
        api_cursor_uuid(call, "tasks", key, &after, &before) < 0 ||
        api_query_machine(call, &machine, &filter.machine) < 0)
        return -1;
    if (alert && uuid_parse(alert, &alert_id) < 0)
        return problem_set(&call->problem, 400, "invalid_query", NULL, "alert is no alert's id");
    filter.alert = alert ? &alert_id : NULL;
    filter.before = after ? &before : NULL;
    filter.limit = limit + 1;
    return api_answer_list(call, "tasks", task_view_list(call->db, &filter, &err), limit, &err);
}

struct found {
    struct uuid id;
    char state[24];
    int64_t events, log_size;
    bool has_report, long_over;
};

/* The task of the path: its id, or the start of it. */
static int find(struct api_call *call, struct found *ret)
{
    const char *name = call->arguments[0];
    struct error err = {0};
    struct db_rows *rows = NULL;

    if (strlen(name) < ID_PREFIX_MIN || strlen(name) >= UUID_TEXT_SIZE ||
        strspn(name, "0123456789abcdef-") != strlen(name))
        return api_not_found(call, "task", name);
    if (!(rows = task_view_find(call->db, &call->tenant, name, &err)))
        return api_failed(call, &err);
    if (db_rows_count(rows) == 0) {
        api_not_found(call, "task", name);
    } else if (db_rows_count(rows) > 1) {
        problem_set(&call->problem, 409, "ambiguous", "Give more of the id.",
                    "several tasks begin with '%s'", name);
    } else {
        *ret = (struct found){.id = db_uuid(rows, 0, 0),
                              .events = db_int(rows, 0, 2),
                              .log_size = db_int(rows, 0, 3),
                              .has_report = db_bool(rows, 0, 4),
                              .long_over = db_bool(rows, 0, 5)};
        snprintf(ret->state, sizeof(ret->state), "%s", db_text(rows, 0, 1));
    }
    db_rows_destroy(rows);
    return call->problem.status ? -1 : 0;
}

static int answer_task(struct api_call *call, const struct uuid *id)
{
    struct error err = {0};

    return api_answer_row(call, task_view_show(call->db, &call->tenant, id, &err), "task",
                          call->arguments[0], &err);
}

/* With 'have' (a state) and Prefer: wait, answered when the state is another. */
int tasks_show(struct api_call *call)
{
    const char *have = api_query(call, "have");
    struct found task;

    if (find(call, &task) < 0)
        return -1;
    if (have && call->wait_s && !call->last_look && strcmp(task.state, have) == 0 &&
        !task_state_is_final(task.state))
        return 1;
    call->final = task_state_is_final(task.state);
    return answer_task(call, &task.id);
}

/* All events so far. With 'have' (how many the asker knows) and Prefer: wait, answered when there
 * are more or the task has ended. The count and not the last id: rows of several writers may commit
 * in another order than their ids. */
int tasks_events(struct api_call *call)
{
    struct found task;
    struct error err = {0};
    int64_t have;

    if (query_number(call, "have", &have) < 0 || find(call, &task) < 0)
        return -1;
    call->final = task_state_is_final(task.state);
    if (api_query(call, "have") && call->wait_s && !call->last_look && task.events <= have &&
        !call->final)
        return 1;
    return api_answer_list(
        call, "events", task_view_events(call->db, &call->tenant, &task.id, EVENTS_MAX + 1, &err),
        EVENTS_MAX, &err);
}

/* Pieces may overlap what was read, or leave a hole where lines were thinned at the site. */
static int64_t append_log(struct api_call *call, const struct db_rows *rows, int64_t offset)
{
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        int64_t from = db_int(rows, i, 0);
        size_t length, skip;
        const uint8_t *data = db_blob(rows, i, 1, &length);

        if (from > offset) {
            text_format(&call->answer, "[%lld bytes are missing here]\n",
                        (long long)(from - offset));
            offset = from;
        }
        skip = (size_t)(offset - from);
        if (skip >= length)
            continue;
        text_append(&call->answer, data + skip, length - skip);
        offset += (int64_t)(length - skip);
    }
    return offset;
}

int tasks_log(struct api_call *call)
{
    const char *source = api_query(call, "source");
    int64_t offset, next;
    struct error err = {0};
    struct db_rows *rows;
    struct found task;

    if (source && strcmp(source, "image") != 0 && strcmp(source, "agent") != 0)
        return problem_set(&call->problem, 400, "invalid_query", NULL, "source is image or agent");
    if (query_number(call, "offset", &offset) < 0 || find(call, &task) < 0)
        return -1;
    if (!(rows = task_view_log(call->db, &call->tenant, &task.id, source ? source : "image", offset,
                               LOG_PIECES_MAX, &err)))
        return api_failed(call, &err);
    next = append_log(call, rows, offset);
    db_rows_destroy(rows);
    call->final = task_state_is_final(task.state) && next == offset &&
                  (next >= task.log_size || task.long_over);
    if (next == offset && call->wait_s && !call->last_look && !call->final)
        return 1;
    call->content_type = "text/plain; charset=utf-8";
    snprintf(call->next_offset, sizeof(call->next_offset), "%lld", (long long)next);
    return 0;
}

int tasks_report(struct api_call *call)
{
    struct error err = {0};
    struct found task;

    if (find(call, &task) < 0)
        return -1;
    if (!task.has_report)
        return problem_set(&call->problem, 404, "no_report", NULL, "task %s is %s and %s",
                           call->arguments[0], task.state,
                           task_state_is_final(task.state) ? "has no report" : "has no report yet");
    return api_answer_row(call, task_view_report(call->db, &call->tenant, &task.id, &err), "report",
                          call->arguments[0], &err);
}

int tasks_cancel(struct api_call *call)
{
    static const char *const known[] = {"reason", NULL};
    const char *reason = "", *state;
    char who[API_ACTOR_SIZE], id[UUID_TEXT_SIZE];
    struct error err = {0};
    struct found task;

    if (api_known(call, known) < 0 || api_string(call, "reason", 500, &reason) < 0 ||
        find(call, &task) < 0)
        return -1;
    uuid_format(&task.id, id);
    api_object(call, "task %s", id);
    api_actor(call, who);
    call->audited = true; /* by task_cancel() */
    if (task_cancel(call->db, &call->tenant, &task.id, who, reason, &state, &err) < 0)
        return err.code == ERROR_CONFLICT ? problem_set(&call->problem, 409, "task_ended", NULL,
                                                        "task %s has ended: %s", id, task.state)
                                          : api_failed(call, &err);
    return answer_task(call, &task.id);
}

/* A person says how a task ended of which nobody can tell. */
int tasks_settle(struct api_call *call)
{
    static const char *const known[] = {"as", "reason", NULL};
    const char *outcome, *reason;
    char who[API_ACTOR_SIZE], id[UUID_TEXT_SIZE];
    struct error err = {0};
    struct found task;

    if (api_known(call, known) < 0 || api_required(call, "as", 16, &outcome) < 0 ||
        api_required(call, "reason", 250, &reason) < 0 || find(call, &task) < 0)
        return -1;
    uuid_format(&task.id, id);
    api_object(call, "task %s", id);
    snprintf(call->why, sizeof(call->why), "as %s: %s", outcome, reason);
    api_actor(call, who);
    if (task_settle(call->db, &call->tenant, &task.id, outcome, who, reason, &err) == 0)
        return answer_task(call, &task.id);
    if (err.code == ERROR_INVALID)
        return problem_field(&call->problem, "as", "is succeeded, failed or cancelled");
    if (err.code != ERROR_CONFLICT)
        return api_failed(call, &err);
    return problem_set(
        &call->problem, 409, "not_unknown",
        "Only a task that is unknown is settled; muster task cancel asks for an end.", "%s",
        error_text(&err));
}
