/* sites.c - /v1/sites. */
#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/fleet/site.h"
#include "controller/fleet/time_zone.h"

int sites_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "sites", key, &after) < 0)
        return -1;
    return api_answer_list(call, "sites", site_list(call->db, NULL, after, limit + 1, &err), limit,
                           &err);
}

int sites_show(struct api_call *call)
{
    const char *name = call->arguments[0];
    struct error err = {0};

    return api_answer_row(call, site_list(call->db, name, NULL, 1, &err), "site", name, &err);
}

/* One that rules can reckon with: a zone of the system's, by name. */
static int read_time_zone(struct api_call *call, struct site_request *request)
{
    char nearest[TIME_ZONE_NAME_MAX + 1];
    const char *zone = NULL;

    if (api_string(call, "time_zone", TIME_ZONE_NAME_MAX, &zone) < 0)
        return -1;
    if (!zone)
        return 0;
    if (!time_zone_is_known(zone)) {
        time_zone_nearest(zone, nearest);
        return problem_field(&call->problem, "time_zone",
                             "is no time zone of this system%s%s: write a name like Europe/Berlin "
                             "or UTC (timedatectl list-timezones)",
                             *nearest ? ", is it " : "", nearest);
    }
    request->time_zone = zone;
    return 0;
}

int sites_add(struct api_call *call)
{
    static const char *const known[] = {"name", "time_zone", "chainload_always", NULL};
    struct site_request request = {.time_zone = "UTC"};
    struct error err = {0};
    struct uuid id;

    if (api_known(call, known) < 0 || api_required(call, "name", 63, &request.name) < 0 ||
        api_name(call, "name", request.name, false) < 0 || read_time_zone(call, &request) < 0 ||
        api_bool(call, "chainload_always", &request.chainload_always) < 0)
        return -1;
    api_object(call, "site %s", request.name);
    if (site_add(call->db, &request, &id, &err) < 0)
        return api_taken(call, "site", request.name, &err);
    return api_answer_created(call, &id, request.name, "/v1/sites");
}

int sites_change(struct api_call *call)
{
    static const char *const known[] = {"time_zone", "chainload_always", NULL};
    struct site_request request = {.name = call->arguments[0]};
    struct error err = {0};
    json_t *before, *after = NULL;
    int rc = -1;

    api_object(call, "site %s", request.name);
    if (!(before = site_read(call->db, request.name, &err)))
        return err.code == ERROR_NOT_FOUND ? api_not_found(call, "site", request.name)
                                           : api_failed(call, &err);
    request.time_zone = json_string_value(json_object_get(before, "time_zone"));
    request.chainload_always = json_is_true(json_object_get(before, "chainload_always"));
    if (api_known(call, known) < 0 || read_time_zone(call, &request) < 0 ||
        api_bool(call, "chainload_always", &request.chainload_always) < 0)
        goto out;
    after = json_pack("{s:s, s:b}", "time_zone", request.time_zone, "chainload_always",
                      (int)request.chainload_always);
    if (!json_equal(before, after) && site_set(call->db, &request, &err) < 0) {
        api_failed(call, &err);
        goto out;
    }
    call->changed = json_pack("{s:O, s:O}", "before", before, "after", after);
    rc = sites_show(call);
out:
    json_decref(before);
    json_decref(after);
    return rc;
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
