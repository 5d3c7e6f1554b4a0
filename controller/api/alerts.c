/* alerts.c - /v1/alerts: each with its one disposition and why. */
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/db/db_rows.h"
#include "controller/fleet/machine.h"
#include "controller/intake/alert_explain.h"
#include "controller/intake/alert_view.h"

/* The machine of the query, among the tenant's. */
int api_query_machine(struct api_call *call, struct machine_found *machine, const struct uuid **ret)
{
    const char *target = api_query(call, "machine");
    struct error err = {0};
    int found;

    *ret = NULL;
    if (!target)
        return 0;
    if ((found = machine_find(call->db, &call->tenant, target, machine, &err)) < 0)
        return api_failed(call, &err);
    if (found == 0)
        return api_not_found(call, "machine", target);
    *ret = &machine->id;
    return 0;
}

int alerts_list(struct api_call *call)
{
    struct alert_filter filter = {.tenant = call->tenant,
                                  .disposition = api_query(call, "disposition")};
    char key[CURSOR_KEY_MAX + 1];
    struct machine_found machine;
    struct error err = {0};
    struct uuid before;
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor_uuid(call, "alerts", key, &after, &before) < 0 ||
        api_query_machine(call, &machine, &filter.machine) < 0)
        return -1;
    filter.before = after ? &before : NULL;
    filter.limit = limit + 1;
    return api_answer_list(call, "alerts", alert_list(call->db, &filter, &err), limit, &err);
}

int alerts_show(struct api_call *call)
{
    struct alert_filter filter = {.tenant = call->tenant, .limit = 1};
    struct error err = {0};
    struct uuid id;

    if (uuid_parse(call->arguments[0], &id) < 0)
        return api_not_found(call, "alert", call->arguments[0]);
    filter.id = &id;
    return api_answer_row(call, alert_list(call->db, &filter, &err), "alert", call->arguments[0],
                          &err);
}

/* The alert, and of one that no rule took the nearest rule as they are now. */
static int answer_explained(struct api_call *call, const struct uuid *id, const char *row)
{
    json_t *alert = json_loads(row, 0, NULL);
    const char *disposition = json_string_value(json_object_get(alert, "disposition"));
    struct text nearest = {0};
    struct error err = {0};
    int rc = 0;

    if (!alert)
        return problem_set(&call->problem, 503, "busy", "Try again in a moment.", "out of memory");
    if (disposition && strcmp(disposition, "no_rule") == 0)
        rc = alert_explain_nearest(call->db, &call->tenant, id, &nearest, &err);
    if (rc < 0) {
        api_failed(call, &err);
        json_decref(alert);
    } else {
        rc = api_answer_json(call, json_pack("{s:o, s:s?}", "alert", alert, "nearest",
                                             nearest.length ? text_string(&nearest) : NULL));
    }
    text_clear(&nearest);
    return rc;
}

int alerts_explain(struct api_call *call)
{
    struct alert_filter filter = {.tenant = call->tenant, .limit = 1};
    struct error err = {0};
    struct db_rows *rows;
    struct uuid id;
    int rc;

    if (uuid_parse(call->arguments[0], &id) < 0)
        return api_not_found(call, "alert", call->arguments[0]);
    filter.id = &id;
    if (!(rows = alert_list(call->db, &filter, &err)))
        return api_failed(call, &err);
    rc = db_rows_count(rows) == 0 ? api_not_found(call, "alert", call->arguments[0])
                                  : answer_explained(call, &id, db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return rc;
}
