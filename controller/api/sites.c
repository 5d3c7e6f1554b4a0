/* sites.c - /v1/sites. */
#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/fleet/site.h"

int sites_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "sites", key, &after) < 0)
        return -1;
    return api_answer_list(call, "sites", site_list(call->db, after, limit + 1, &err), limit, &err);
}

int sites_add(struct api_call *call)
{
    static const char *const known[] = {"name", "time_zone", "chainload_always", NULL};
    struct site_request request = {.time_zone = "UTC"};
    struct error err = {0};
    struct uuid id;

    if (api_known(call, known) < 0 || api_required(call, "name", 63, &request.name) < 0 ||
        api_name(call, "name", request.name, false) < 0 ||
        api_string(call, "time_zone", 64, &request.time_zone) < 0 ||
        api_bool(call, "chainload_always", &request.chainload_always) < 0)
        return -1;
    api_object(call, "site %s", request.name);
    if (site_add(call->db, &request, &id, &err) < 0)
        return api_taken(call, "site", request.name, &err);
    return api_answer_created(call, &id, request.name, "/v1/sites");
}

int sites_release(struct api_call *call)
{
    const char *name = call->arguments[0];
    struct error err = {0};
    struct uuid id;
    int found, released;

    api_object(call, "site %s", name);
    if ((found = site_find(call->db, name, &id, &err)) < 0 ||
        (released = found ? site_release(call->db, name, &err) : 0) < 0)
        return api_failed(call, &err);
    if (!found)
        return api_not_found(call, "site", name);
    if (released == 0)
        return problem_set(&call->problem, 409, "not_in_quarantine", NULL,
                           "site %s is not in quarantine", name);
    return api_answer_json(call, json_pack("{s:s, s:n}", "name", name, "quarantined_because"));
}
