/* tenants.c - /v1/tenants: the list of tenants, the platform's. */
#include "common/error.h"
#include "controller/access/tenant.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"

int tenants_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "tenants", key, &after) < 0)
        return -1;
    return api_answer_list(call, "tenants", tenant_list(call->db, NULL, after, limit + 1, &err),
                           limit, &err);
}

int tenants_show(struct api_call *call)
{
    const char *name = call->arguments[0];
    struct error err = {0};

    return api_answer_row(call, tenant_list(call->db, name, NULL, 1, &err), "tenant", name, &err);
}

int tenants_add(struct api_call *call)
{
    static const char *const known[] = {"name", "title", NULL};
    const char *name, *title = "";
    struct error err = {0};
    struct uuid id;

    if (api_known(call, known) < 0 || api_required(call, "name", 63, &name) < 0 ||
        api_name(call, "name", name, false) < 0 || api_string(call, "title", 200, &title) < 0)
        return -1;
    api_object(call, "tenant %s", name);
    if (tenant_add(call->db, name, title, &id, &err) < 0)
        return api_taken(call, "tenant", name, &err);
    return api_answer_created(call, &id, name, "/v1/tenants");
}
