/* alerts.c - /v1/alerts: each with its one disposition and why. */
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/fleet/machine.h"
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
