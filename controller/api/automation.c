/* automation.c - /v1/automation: the switches over all rules of a tenant, a site and the fleet, and
 * the storm brake of each; each is thrown with a reason. */
#include <stdio.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/api/routes.h"
#include "controller/decide/automation.h"
#include "controller/fleet/site.h"

int automation_shown(struct api_call *call)
{
    struct error err = {0};

    return api_answer_row(
        call, automation_show(call->db, call->for_platform ? NULL : &call->tenant, &err),
        "automation", call->tenant_name, &err);
}

/* What a path names, and how people read it. */
struct reach {
    enum automation_scope scope;
    struct uuid whose;
    char of[96]; /* " of site north"; "": the tenant's */
};

/* A site's route has its name in the path. */
static int read_reach(struct api_call *call, struct reach *ret)
{
    struct error err = {0};
    int found;

    *ret = (struct reach){.scope = AUTOMATION_TENANT, .whose = call->tenant};
    if (call->route->scope != SCOPE_PLATFORM)
        return 0;
    if (!*call->arguments[0]) {
        *ret = (struct reach){.scope = AUTOMATION_FLEET, .of = " of the whole fleet"};
        return 0;
    }
    ret->scope = AUTOMATION_SITE;
    if ((found = site_find(call->db, call->arguments[0], &ret->whose, &err)) < 0)
        return api_failed(call, &err);
    if (found == 0)
        return api_not_found(call, "site", call->arguments[0]);
    snprintf(ret->of, sizeof(ret->of), " of site %.80s", call->arguments[0]);
    return 0;
}

/* ---- switches ---- */

/* The body of all but the brake's number: a reason, which the audit has too. */
static int read_reason(struct api_call *call, const char **ret)
{
    static const char *const known[] = {"reason", NULL};

    if (api_known(call, known) < 0 || api_required(call, "reason", 250, ret) < 0)
        return -1;
    snprintf(call->why, sizeof(call->why), "%s", *ret);
    return 0;
}

/* What the path names, why, and who; 'what' of it is thrown. */
static int read_switch(struct api_call *call, const char *what, struct reach *ret_reach,
                       char ret_who[API_ACTOR_SIZE], struct automation_switch *ret)
{
    if (read_reach(call, ret_reach) < 0)
        return -1;
    api_object(call, "%s%s", what, ret_reach->of);
    if (read_reason(call, &ret->reason) < 0)
        return -1;
    api_actor(call, ret_who);
    ret->scope = ret_reach->scope;
    ret->whose = ret_reach->whose;
    ret->who = ret_who;
    return 0;
}

static int throw_switch(struct api_call *call, bool on)
{
    struct automation_switch wanted = {.on = on};
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    struct reach reach;
    int done;

    if (read_switch(call, "automation", &reach, who, &wanted) < 0)
        return -1;
    if ((done = automation_switch(call->db, &wanted, &err)) < 0)
        return api_failed(call, &err);
    if (done == 0)
        return problem_set(&call->problem, 409, "no_change", NULL, "automation%s %s already",
                           reach.of, on ? "runs" : "is stopped");
    return automation_shown(call);
}

int automation_start(struct api_call *call)
{
    return throw_switch(call, true);
}

int automation_stop(struct api_call *call)
{
    return throw_switch(call, false);
}

/* ---- the storm brakes ---- */

int automation_brake(struct api_call *call)
{
    static const char *const known[] = {"max", "per_s", "off", "reason", NULL};
    struct automation_brake brake = {.per_s = 600};
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    struct reach reach;
    bool off = false;
    int has_max;

    if (read_reach(call, &reach) < 0)
        return -1;
    api_object(call, "storm brake%s", reach.of);
    if (api_known(call, known) < 0 || api_required(call, "reason", 250, &brake.reason) < 0 ||
        (has_max = api_int(call, "max", 1, 1000000, &brake.max)) < 0 ||
        api_int(call, "per_s", 60, 86400, &brake.per_s) < 0 || api_bool(call, "off", &off) < 0)
        return -1;
    if ((has_max > 0) == off)
        return problem_set(&call->problem, 400, "invalid_body", NULL,
                           "say either max, boots in per_s seconds, or off");
    snprintf(call->why, sizeof(call->why), "%s", brake.reason);
    api_actor(call, who);
    brake.scope = reach.scope;
    brake.whose = reach.whose;
    brake.who = who;
    if (automation_set_brake(call->db, &brake, &err) < 0)
        return api_failed(call, &err);
    return automation_shown(call);
}

int automation_released(struct api_call *call)
{
    struct automation_switch wanted = {.on = true};
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    struct reach reach;
    int released;

    if (read_switch(call, "storm brake", &reach, who, &wanted) < 0)
        return -1;
    if ((released = automation_release(call->db, &wanted, &err)) < 0)
        return api_failed(call, &err);
    if (released == 0)
        return problem_set(&call->problem, 409, "no_change", NULL,
                           "the storm brake%s is not engaged", reach.of);
    return automation_shown(call);
}
