/* automation.c - /v1/automation: the switches over all rules of a tenant, a site and the fleet, and
 * the storm brake; each is thrown with a reason. */
#include <stdio.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/decide/automation.h"
#include "controller/fleet/site.h"

int automation_shown(struct api_call *call)
{
    struct error err = {0};

    return api_answer_row(
        call, automation_show(call->db, call->for_platform ? NULL : &call->tenant, &err),
        "automation", call->tenant_name, &err);
}

/* 'of': what people read. */
static int throw_switch(struct api_call *call, struct automation_switch *wanted, const char *of)
{
    static const char *const known[] = {"reason", NULL};
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    int done;

    api_object(call, "automation%s%s", *of ? " of " : "", of);
    if (api_known(call, known) < 0 || api_required(call, "reason", 250, &wanted->reason) < 0)
        return -1;
    snprintf(call->why, sizeof(call->why), "%s", wanted->reason);
    api_actor(call, who);
    wanted->who = who;
    if ((done = automation_switch(call->db, wanted, &err)) < 0)
        return api_failed(call, &err);
    if (done == 0)
        return problem_set(&call->problem, 409, "no_change", NULL, "automation%s%s %s already",
                           *of ? " of " : "", of, wanted->on ? "runs" : "is stopped");
    return automation_shown(call);
}

static int throw_of_tenant(struct api_call *call, bool on)
{
    struct automation_switch wanted = {.scope = AUTOMATION_TENANT, .whose = call->tenant, .on = on};

    return throw_switch(call, &wanted, "");
}

static int throw_of_fleet(struct api_call *call, bool on)
{
    struct automation_switch wanted = {.scope = AUTOMATION_FLEET, .on = on};

    return throw_switch(call, &wanted, "the whole fleet");
}

static int throw_of_site(struct api_call *call, bool on)
{
    struct automation_switch wanted = {.scope = AUTOMATION_SITE, .on = on};
    struct error err = {0};
    char of[96];
    int found = site_find(call->db, call->arguments[0], &wanted.whose, &err);

    if (found < 0)
        return api_failed(call, &err);
    if (found == 0)
        return api_not_found(call, "site", call->arguments[0]);
    snprintf(of, sizeof(of), "site %.80s", call->arguments[0]);
    return throw_switch(call, &wanted, of);
}

int automation_start(struct api_call *call)
{
    return throw_of_tenant(call, true);
}

int automation_stop(struct api_call *call)
{
    return throw_of_tenant(call, false);
}

int automation_start_fleet(struct api_call *call)
{
    return throw_of_fleet(call, true);
}

int automation_stop_fleet(struct api_call *call)
{
    return throw_of_fleet(call, false);
}

int automation_start_site(struct api_call *call)
{
    return throw_of_site(call, true);
}

int automation_stop_site(struct api_call *call)
{
    return throw_of_site(call, false);
}

/* ---- the storm brake ---- */

int automation_brake(struct api_call *call)
{
    static const char *const known[] = {"max", "per_s", "off", "reason", NULL};
    char who[API_ACTOR_SIZE];
    struct automation_brake brake = {.tenant = call->tenant, .per_s = 600, .who = who};
    struct error err = {0};
    bool off = false;
    int has_max;

    api_object(call, "storm brake");
    if (api_known(call, known) < 0 || api_required(call, "reason", 250, &brake.reason) < 0 ||
        (has_max = api_int(call, "max", 1, 1000000, &brake.max)) < 0 ||
        api_int(call, "per_s", 60, 86400, &brake.per_s) < 0 || api_bool(call, "off", &off) < 0)
        return -1;
    if ((has_max > 0) == off)
        return problem_set(&call->problem, 400, "invalid_body", NULL,
                           "say either max, boots in per_s seconds, or off");
    snprintf(call->why, sizeof(call->why), "%s", brake.reason);
    api_actor(call, who);
    if (automation_set_brake(call->db, &brake, &err) < 0)
        return api_failed(call, &err);
    return automation_shown(call);
}

int automation_released(struct api_call *call)
{
    static const char *const known[] = {"reason", NULL};
    char who[API_ACTOR_SIZE];
    const char *reason = NULL;
    struct error err = {0};
    int released;

    api_object(call, "storm brake");
    if (api_known(call, known) < 0 || api_required(call, "reason", 250, &reason) < 0)
        return -1;
    snprintf(call->why, sizeof(call->why), "%s", reason);
    api_actor(call, who);
    if ((released = automation_release(call->db, &call->tenant, who, reason, &err)) < 0)
        return api_failed(call, &err);
    if (released == 0)
        return problem_set(&call->problem, 409, "no_change", NULL,
                           "the storm brake is not engaged");
    return automation_shown(call);
}
