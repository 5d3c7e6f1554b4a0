/* enrolments.c - /v1/enrolments: join tokens for new agents, and who waits with one;
 * /v1/agent/enrol: what the agent itself posts, with no other credential than its token. A token's
 * secret is in the answer that made it, once.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/rate_limit.h"
#include "controller/api/resources.h"
#include "controller/db/db.h"
#include "controller/fleet/enrolment.h"
#include "controller/fleet/site.h"
#include "controller/health/metrics.h"
#include "proto/enrol_request.h"

#define MINUTES_DEFAULT 60
#define MINUTES_MAX (7 * 24 * 60)

int enrolments_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    struct uuid before;
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor_uuid(call, "enrolments", key, &after, &before) < 0)
        return -1;
    return api_answer_list(call, "enrolments",
                           enrolment_list(call->db, after ? &before : NULL, limit + 1, &err), limit,
                           &err);
}

static int enrolment_is_on(struct api_call *call)
{
    if (call->services->enrolment)
        return 0;
    return problem_set(&call->problem, 409, "enrolment_off",
                       "Set dispatch.root_key and dispatch.endpoints in musterd's configuration.",
                       "this controller does not know what to tell agents that enrol");
}

/* 1: given, 0: not, -1. */
static int read_fingerprint(struct api_call *call, uint8_t ret_digest[32])
{
    const char *text = NULL;
    int there = api_string(call, "fingerprint", AGENT_FINGERPRINT_SIZE - 1, &text);

    if (there > 0 && agent_fingerprint_parse(text, ret_digest) < 0)
        return problem_field(&call->problem, "fingerprint",
                             "is not one: SHA256: and 43 characters, as `muster-agent enrol` and "
                             "`muster-agent make-keys` print it");
    return there;
}

/* The same answer with and without the secret. */
static int answer_offer(struct api_call *call, const struct enrolment_made *made, const char *name,
                        const char *site)
{
    char id[UUID_TEXT_SIZE], expires[CLOCK_TEXT_SIZE], challenge[65];
    json_t *json;

    uuid_format(&made->id, id);
    clock_format(made->expires_us, expires);
    text_hex(made->challenge, sizeof(made->challenge), challenge);
    json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", id, "name", name, "site", site,
                     "expires_at", expires, "challenge", challenge);
    if (!json)
        return api_answer_json(call, NULL);
    call->replay = json_dumps(json, JSON_COMPACT);
    json_object_set_new(json, "secret", json_string(made->secret));
    call->status = 201;
    snprintf(call->location, sizeof(call->location), "/v1/enrolments");
    return api_answer_json(call, json);
}

int enrolments_offer(struct api_call *call)
{
    static const char *const known[] = {"site", "name", "fingerprint", "minutes", NULL};
    struct enrolment_offer offer = {.minutes = MINUTES_DEFAULT};
    struct enrolment_made made = {0};
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    uint8_t expected[32];
    const char *site;
    int found, expects, rc;

    if (enrolment_is_on(call) < 0 || api_known(call, known) < 0 ||
        api_required(call, "site", 63, &site) < 0 ||
        api_string(call, "name", 63, &offer.name) < 0 ||
        (offer.name && api_name(call, "name", offer.name, false) < 0) ||
        (expects = read_fingerprint(call, expected)) < 0 ||
        api_int(call, "minutes", 1, MINUTES_MAX, &offer.minutes) < 0)
        return -1;
    offer.name = offer.name ? offer.name : site;
    offer.expected = expects ? expected : NULL;
    api_actor(call, who);
    offer.made_by = who;
    api_object(call, "agent %s", offer.name);
    if ((found = site_find(call->db, site, &offer.site, &err)) < 0)
        return api_failed(call, &err);
    if (found == 0)
        return api_not_found(call, "site", site);
    if (enrolment_offer(call->db, &offer, &made, &err) < 0)
        return err.code == ERROR_CONFLICT && !err.sqlstate[0]
                   ? problem_set(&call->problem, 409, "agent_exists",
                                 "muster agent revoke, muster agent refuse, or another --name.",
                                 "%s", error_text(&err))
                   : api_failed(call, &err);
    snprintf(call->why, sizeof(call->why), "a join token for site %s%s", site,
             expects ? ", approved beforehand by its fingerprint" : "");
    rc = answer_offer(call, &made, offer.name, site);
    OPENSSL_cleanse(&made, sizeof(made));
    return rc;
}

int enrolments_approve(struct api_call *call)
{
    static const char *const known[] = {"fingerprint", NULL};
    const char *name = call->arguments[0];
    char who[API_ACTOR_SIZE], text[UUID_TEXT_SIZE];
    uint8_t fingerprint[32];
    struct error err = {0};
    struct uuid agent;
    int rc;

    api_object(call, "agent %s", name);
    if (api_known(call, known) < 0 || (rc = read_fingerprint(call, fingerprint)) < 0)
        return -1;
    if (rc == 0)
        return problem_field(&call->problem, "fingerprint", "is missing");
    api_actor(call, who);
    rc = enrolment_approve(call->db, name, fingerprint, who, &agent, &err);
    if (rc == 0)
        return api_not_found(call, "enrolment", name);
    if (rc < 0 && err.code == ERROR_FORBIDDEN && !err.sqlstate[0])
        return problem_set(&call->problem, 409, "fingerprint_mismatch", NULL, "%s",
                           error_text(&err));
    if (rc < 0)
        return api_failed(call, &err);
    uuid_format(&agent, text);
    return api_answer_json(
        call, json_pack("{s:s, s:s, s:s}", "name", name, "state", "approved", "agent_id", text));
}

int enrolments_refuse(struct api_call *call)
{
    const char *name = call->arguments[0];
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    int changed;

    api_object(call, "agent %s", name);
    api_actor(call, who);
    if ((changed = enrolment_refuse(call->db, name, who, &err)) < 0)
        return api_failed(call, &err);
    if (changed == 0)
        return api_not_found(call, "enrolment", name);
    return api_answer_json(call, json_pack("{s:s, s:s}", "name", name, "state", "refused"));
}

/* ---- the agent's own ---- */

static int answer_case(struct api_call *call, const struct enrolment_case *to,
                       const struct api_enrolment *own)
{
    char root[65], curve[65], id[UUID_TEXT_SIZE];
    json_t *json, *endpoints = json_array(), *keys = json_array();

    for (size_t i = 0; i < own->endpoint_count; i++) {
        json_array_append_new(endpoints, json_string(own->endpoints[i]));
        text_hex(own->curve_publics[i], 32, curve);
        json_array_append_new(keys, json_string(curve));
    }
    text_hex(own->root_public, 32, root);
    json = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "state",
                     to->state == ENROL_APPROVED ? "approved" : "pending", "name", to->name, "site",
                     to->site_name, "root_key", root, "curve_keys", keys, "endpoints", endpoints);
    if (to->state == ENROL_APPROVED && json) {
        uuid_format(&to->agent, id);
        json_object_set_new(json, "agent_id", json_string(id));
        uuid_format(&to->site, id);
        json_object_set_new(json, "site_id", json_string(id));
    }
    return api_answer_json(call, json);
}

int agent_enrol(struct api_call *call)
{
    struct enrolment_refusal refusal = {0};
    struct enrol_request request;
    struct enrolment_case to;
    struct error err = {0};
    int rc;

    if (!rate_limit_take(call->services->enrol_rate, call->peer, clock_monotonic_ms())) {
        metric_add(METRIC_API_UNKNOWN, 1);
        return problem_set(&call->problem, 429, "too_many", "Come again in a minute.",
                           "too many enrolments from this address");
    }
    if (enrolment_is_on(call) < 0)
        return -1;
    if (enrol_request_parse(call->body ? call->body : "", call->body_length, &request, &err) < 0)
        return problem_set(&call->problem, 400, "malformed_body", NULL, "%s", error_text(&err));
    db_rollback(
        call->db); /* it names no tenant; what is presented commits in a transaction of its own */
    rc = enrolment_present(call->db, &request, &to, &refusal, &err);
    if (rc < 0)
        return api_failed(call, &err);
    if (rc == 0)
        return problem_set(
            &call->problem, refusal.status, refusal.code,
            "Ask who runs the controller for a new join token (muster agent welcome).", "%s",
            error_text(&err));
    return answer_case(call, &to, call->services->enrolment);
}
