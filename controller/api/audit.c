/* audit.c - /v1/audit: who did what, and what was refused to whom. */
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/audit/audit_view.h"

int audit_list(struct api_call *call)
{
    struct audit_filter filter = {.tenant = call->tenant,
                                  .action = api_query(call, "action"),
                                  .outcome = api_query(call, "outcome"),
                                  .object = api_query(call, "object")};
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    struct uuid before;
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor_uuid(call, "audit", key, &after, &before) < 0)
        return -1;
    if (filter.outcome && strcmp(filter.outcome, "ok") != 0 &&
        strcmp(filter.outcome, "refused") != 0 && strcmp(filter.outcome, "failed") != 0)
        return problem_set(&call->problem, 400, "invalid_query", NULL,
                           "outcome is ok, refused or failed");
    filter.before = after ? &before : NULL;
    filter.limit = limit + 1;
    return api_answer_list(call, "audit", audit_view_list(call->db, &filter, &err), limit, &err);
}

int audit_show(struct api_call *call)
{
    struct audit_filter filter = {.tenant = call->tenant, .limit = 1};
    const char *text = call->arguments[0];
    struct error err = {0};
    struct uuid id;

    if (uuid_parse(text, &id) < 0)
        return api_not_found(call, "audit row", text);
    filter.id = &id;
    return api_answer_row(call, audit_view_list(call->db, &filter, &err), "audit row", text, &err);
}
