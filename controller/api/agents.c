/* agents.c - /v1/agents: which keys are which site's agent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/fleet/agent.h"
#include "controller/fleet/site.h"

int agents_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor(call, "agents", key, &after) < 0)
        return -1;
    return api_answer_list(call, "agents", agent_list(call->db, NULL, after, limit + 1, &err),
                           limit, &err);
}

int agents_show(struct api_call *call)
{
    const char *name = call->arguments[0];
    struct error err = {0};

    return api_answer_row(call, agent_list(call->db, name, NULL, 1, &err), "agent", name, &err);
}

/* The member is what `muster-agent make-keys` left in agent-keys.json, so its reader reads it. */
static int read_keys(struct api_call *call, struct agent_public_keys *ret)
{
    const json_t *keys = json_object_get(call->json, "keys");
    char *text = json_is_object(keys) ? json_dumps(keys, JSON_COMPACT) : NULL;
    struct error err = {0};
    int rc = -1;

    if (!text)
        return problem_field(
            &call->problem, "keys",
            "must be the object of agent-keys.json: {\"curve\", \"sign\", \"seal\"}");
    if (agent_public_keys_parse(text, strlen(text), ret, &err) < 0)
        problem_field(&call->problem, "keys", "%s", error_text(&err));
    else
        rc = 0;
    free(text);
    return rc;
}

int agents_add(struct api_call *call)
{
    static const char *const known[] = {"name", "site", "keys", NULL};
    struct agent_public_keys keys;
    const char *name = NULL, *site;
    struct error err = {0};
    struct uuid id, site_id;
    int found;

    if (api_known(call, known) < 0 || api_required(call, "site", 63, &site) < 0 ||
        api_string(call, "name", 63, &name) < 0 ||
        (name && api_name(call, "name", name, false) < 0) || read_keys(call, &keys) < 0)
        return -1;
    name = name ? name : site;
    api_object(call, "agent %s", name);
    if ((found = site_find(call->db, site, &site_id, &err)) < 0)
        return api_failed(call, &err);
    if (found == 0)
        return api_not_found(call, "site", site);
    if (agent_add(call->db, &site_id, name, &keys, &id, &err) == 0)
        return api_answer_created(call, &id, name, "/v1/agents");
    if (err.code != ERROR_CONFLICT)
        return api_failed(call, &err);
    return problem_set(&call->problem, 409, "agent_exists",
                       "Revoke the site's agent first, or make fresh keys.",
                       "the name, one of the keys, or site %s is an agent's already", site);
}

int agents_revoke(struct api_call *call)
{
    const char *name = call->arguments[0];
    struct error err = {0};
    int changed;

    api_object(call, "agent %s", name);
    if ((changed = agent_revoke(call->db, name, &err)) < 0)
        return api_failed(call, &err);
    if (changed == 0)
        return api_not_found(call, "agent", name);
    return api_answer_json(call, json_pack("{s:s, s:s}", "name", name, "state", "revoked"));
}
