/* machines.c - /v1/machines: what stands in the racks, its BMC, and who holds it. A tenant sees
 * what it holds; BMC accounts are shown to the platform only, passwords to nobody.
 */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "controller/access/secret.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/fleet/machine.h"
#include "controller/fleet/machine_facts.h"
#include "controller/fleet/site.h"
#include "controller/tasks/task_settle.h"

#define KNOWN_MAX 32

static const struct uuid *viewer(const struct api_call *call)
{
    static const struct uuid everybody = {{0}};

    return call->for_platform ? &everybody : &call->tenant;
}

int machines_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct machine_filter filter = {
        .tenant = *viewer(call), .site = api_query(call, "site"), .with_bmc = call->for_platform};
    struct error err = {0};
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "machines", key, &filter.after) < 0)
        return -1;
    filter.limit = limit + 1;
    return api_answer_list(call, "machines", machine_list(call->db, &filter, &err), limit, &err);
}

static int find(struct api_call *call, const struct uuid *tenant, struct machine_found *ret)
{
    struct error err = {0};
    int found = machine_find(call->db, tenant, call->arguments[0], ret, &err);

    if (found < 0)
        return api_failed(call, &err);
    return found == 0 ? api_not_found(call, "machine", call->arguments[0]) : 0;
}

int api_find_machine(struct api_call *call, struct machine_found *ret)
{
    return find(call, viewer(call), ret);
}

int machines_show(struct api_call *call)
{
    struct machine_filter filter = {
        .tenant = *viewer(call), .limit = 1, .with_bmc = call->for_platform};
    struct machine_found machine;
    struct error err = {0};

    if (find(call, viewer(call), &machine) < 0)
        return -1;
    filter.id = &machine.id;
    return api_answer_row(call, machine_list(call->db, &filter, &err), "machine",
                          call->arguments[0], &err);
}

static int read_macs(struct api_call *call, struct machine_request *request)
{
    const json_t *macs = json_object_get(call->json, "macs"), *item;
    size_t i;

    if (!json_is_array(macs) || json_array_size(macs) == 0 ||
        json_array_size(macs) > MACHINE_NICS_MAX)
        return problem_field(&call->problem, "macs", "must be a list of 1 to %d MAC addresses",
                             MACHINE_NICS_MAX);
    json_array_foreach(macs, i, item)
    {
        if (!json_is_string(item) ||
            mac_parse(json_string_value(item), &request->macs[request->mac_count++]) < 0)
            return problem_field(&call->problem, "macs", "entry %zu is no MAC address", i + 1);
    }
    return 0;
}

static int read_uuid(struct api_call *call, struct machine_request *request, struct uuid *uuid)
{
    const char *text = NULL;

    if (api_string(call, "uuid", 64, &text) < 0)
        return -1;
    if (!text)
        return 0;
    if (uuid_parse(text, uuid) < 0)
        return problem_field(&call->problem, "uuid", "is no UUID (dmidecode -s system-uuid)");
    request->smbios_uuid = uuid;
    return 0;
}

static int read_bmc_members(struct api_call *call, struct machine_request *request)
{
    static const char *const known[] = {"driver",       "address",  "port", "username",
                                        "cipher_suite", "password", NULL};
    int rc = -1;

    request->bmc_port = 623;
    request->bmc_cipher_suite = 17;
    if (api_known(call, known) == 0 &&
        api_required(call, "driver", 16, &request->bmc_driver) == 0 &&
        api_string(call, "address", 255, &request->bmc_address) >= 0 &&
        api_int(call, "port", 1, 65535, &request->bmc_port) >= 0 &&
        api_string(call, "username", 64, &request->bmc_user) >= 0 &&
        api_int(call, "cipher_suite", 0, 17, &request->bmc_cipher_suite) >= 0 &&
        api_string(call, "password", SECRET_PLAIN_MAX, &request->bmc_password) >= 0)
        rc = 0;
    if (rc == 0 && strcmp(request->bmc_driver, "ipmi") != 0 &&
        strcmp(request->bmc_driver, "noop") != 0)
        return problem_field(&call->problem, "bmc.driver", "is ipmi or noop");
    if (rc == 0 && strcmp(request->bmc_driver, "ipmi") == 0 &&
        (!request->bmc_address || !*request->bmc_address))
        return problem_field(&call->problem, "bmc.address", "is missing");
    /* What tells a machine without a BMC from the others at its site. */
    if (rc == 0 && (!request->bmc_address || !*request->bmc_address))
        request->bmc_address = request->name;
    return rc;
}

static int read_bmc(struct api_call *call, struct machine_request *request)
{
    json_t *whole = call->json, *bmc = json_object_get(whole, "bmc");
    int rc;

    if (!json_is_object(bmc))
        return problem_field(&call->problem, "bmc",
                             "must be an object: {\"driver\": \"ipmi\", ...}");
    call->json = bmc; /* its members are read like those of the body */
    rc = read_bmc_members(call, request);
    call->json = whole;
    return rc;
}

static int read_request(struct api_call *call, struct machine_request *request, struct uuid *uuid)
{
    static const char *const own[] = {"name", "site", "macs", "uuid", "bmc"};
    const char *known[KNOWN_MAX] = {NULL};
    size_t count = 0;
    const char *site;
    struct error err = {0};
    int found;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        known[count++] = own[i];
    for (size_t i = 0; i < machine_fact_count; i++)
        known[count++] = machine_facts[i].name;
    if (api_known(call, known) < 0 || api_required(call, "name", 63, &request->name) < 0 ||
        api_name(call, "name", request->name, true) < 0 ||
        api_required(call, "site", 63, &site) < 0 || read_macs(call, request) < 0 ||
        read_uuid(call, request, uuid) < 0 || read_bmc(call, request) < 0)
        return -1;
    if ((found = site_find(call->db, site, &request->site, &err)) < 0)
        return api_failed(call, &err);
    return found == 0 ? api_not_found(call, "site", site) : 0;
}

int machines_add(struct api_call *call)
{
    struct machine_request request = {0};
    json_t *facts = json_object();
    struct error err = {0};
    struct uuid id, uuid;
    int rc = read_request(call, &request, &uuid);

    if (api_machine_facts(call, facts) < 0)
        rc = -1;
    if (rc == 0) {
        api_object(call, "machine %s", request.name);
        request.facts = facts;
        rc = machine_add(call->db, call->services->secret_key, &request, &id, &err);
    }
    json_decref(facts);
    if (rc == 0)
        return api_answer_created(call, &id, request.name, "/v1/machines/%s", request.name);
    if (call->problem.status)
        return -1;
    if (err.code != ERROR_CONFLICT)
        return api_failed(call, &err);
    return problem_set(
        &call->problem, 409, "machine_exists",
        "See muster machine show with the name, MAC or serial.",
        "the name, a MAC, the uuid, the serial or the asset tag is another machine's");
}

/* The whole account: what is not given is as for a new machine, an absent password is none. */
int machines_set_bmc(struct api_call *call)
{
    struct machine_request request = {0};
    struct machine_found machine;
    struct error err = {0};

    if (find(call, viewer(call), &machine) < 0)
        return -1;
    request.name = machine.name;
    api_object(call, "machine %s", machine.name);
    if (read_bmc_members(call, &request) < 0)
        return -1;
    snprintf(call->why, sizeof(call->why), "driver %s, address %.100s, user %.60s, password %s",
             request.bmc_driver, request.bmc_address, request.bmc_user ? request.bmc_user : "",
             request.bmc_password ? "changed" : "none");
    if (machine_set_bmc(call->db, call->services->secret_key, &machine.id, &request, &err) < 0)
        return api_failed(call, &err);
    return machines_show(call);
}

/* The tenant gets it; nobody else may have it. */
int machines_hold(struct api_call *call)
{
    static const struct uuid everybody = {{0}};
    struct machine_found machine;
    struct error err = {0};
    struct uuid holding;

    if (find(call, &everybody, &machine) < 0)
        return -1;
    api_object(call, "machine %s", machine.name);
    snprintf(call->why, sizeof(call->why), "given to tenant %s", call->tenant_name);
    if (machine_hold(call->db, &call->tenant, &machine.id, &holding, &err) == 0)
        return api_answer_created(call, &holding, machine.name, "/v1/machines/%s", machine.name);
    if (err.code != ERROR_CONFLICT)
        return api_failed(call, &err);
    return problem_set(&call->problem, 409, "machine_held", NULL, "machine %s is held by a tenant",
                       machine.name);
}

/* A person has looked: it may be booted again. The tenant named is the one whose task it was. */
int machines_release(struct api_call *call)
{
    static const struct uuid everybody = {{0}};
    static const char *const known[] = {"reason", NULL};
    char who[API_ACTOR_SIZE];
    struct machine_found machine;
    struct error err = {0};
    const char *reason;
    int released;

    if (api_known(call, known) < 0 || api_required(call, "reason", 250, &reason) < 0 ||
        find(call, &everybody, &machine) < 0)
        return -1;
    api_object(call, "machine %s", machine.name);
    snprintf(call->why, sizeof(call->why), "%s", reason);
    api_actor(call, who);
    released = task_settle_release(call->db, &call->tenant, &machine.id, who, reason, &err);
    if (released < 0)
        return err.code == ERROR_CONFLICT
                   ? problem_set(&call->problem, 409, "machine_in_use", "muster task cancel ID",
                                 "machine %s: %s", machine.name, error_text(&err))
                   : api_failed(call, &err);
    if (released == 0)
        return problem_set(&call->problem, 409, "not_held", NULL, "nothing holds machine %s",
                           machine.name);
    return api_answer_json(call, json_pack("{s:s, s:n}", "name", machine.name, "held_because"));
}
