/* machine_change.c - PATCH /v1/machines/{target}: what people say of a machine, by merge patch (RFC
 * 7396). The platform says all of it; a tenant says what is its own of what it holds
 * (machine_facts.h).
 */
#include <stdio.h>

#include "common/error.h"
#include "controller/access/role.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/fleet/machine.h"
#include "controller/fleet/machine_facts.h"

#define KNOWN_MAX 32

static void tell_wrong(void *context, const char *field, const char *words)
{
    struct api_call *call = context;

    problem_field(&call->problem, field, "%s", words);
}

int api_machine_facts(struct api_call *call, json_t *facts)
{
    if (machine_facts_merge(facts, call->json) < 0)
        return problem_set(&call->problem, 503, "unavailable", NULL, "out of memory");
    return machine_facts_check(facts, tell_wrong, call) == 0 ? 0 : -1;
}

static int check_members(struct api_call *call)
{
    const char *known[KNOWN_MAX] = {NULL};

    for (size_t i = 0; i < machine_fact_count; i++)
        known[i] = machine_facts[i].name;
    if (api_known(call, known) < 0)
        return -1;
    for (size_t i = 0; i < machine_fact_count; i++)
        if (!machine_facts[i].holders && json_object_get(call->json, machine_facts[i].name) &&
            !role_may(call->principal.role, PERMISSION_MACHINE_WRITE))
            return problem_set(&call->problem, 403, "permission_missing",
                               "A tenant says labels, lifecycle, cluster, service and "
                               "maintenance_calendar.",
                               "%s is the platform's to say (permission %s)", machine_facts[i].name,
                               permission_name(PERMISSION_MACHINE_WRITE));
    return 0;
}

/* Found again once its row is locked: it may have been given away meanwhile. */
static int lock(struct api_call *call, struct machine_found *machine, json_t **ret_facts)
{
    struct error err = {0};

    if (api_find_machine(call, machine) < 0)
        return -1;
    *ret_facts = machine_facts_read(call->db, &machine->id, &err);
    if (!*ret_facts)
        return api_failed(call, &err);
    return api_find_machine(call, machine);
}

static int write_facts(struct api_call *call, const struct machine_found *machine,
                       const json_t *facts)
{
    struct error err = {0};

    if (machine_facts_write(call->db, &machine->id, facts, &err) == 0)
        return 0;
    if (err.code != ERROR_CONFLICT)
        return api_failed(call, &err);
    return problem_set(&call->problem, 409, "machine_exists",
                       "See muster machine show with the serial or the asset tag.",
                       "the serial or the asset tag is another machine's");
}

int machines_change(struct api_call *call)
{
    struct machine_found machine;
    json_t *facts = NULL, *before = NULL;
    int rc = -1;

    if (check_members(call) < 0 || lock(call, &machine, &facts) < 0)
        goto out;
    api_object(call, "machine %s", machine.name);
    before = json_deep_copy(facts);
    if (!before) {
        problem_set(&call->problem, 503, "unavailable", NULL, "out of memory");
        goto out;
    }
    if (api_machine_facts(call, facts) < 0)
        goto out;
    if (!json_equal(before, facts) && write_facts(call, &machine, facts) < 0)
        goto out;
    call->changed = machine_facts_difference(before, facts);
    rc = machines_show(call);
out:
    json_decref(before);
    json_decref(facts);
    return rc;
}
