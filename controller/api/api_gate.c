/* api_gate.c - see api_gate.h. Invariant: no function of a route that needs a permission runs
 * before its principal was found and has it; nothing is answered "done" before the commit.
 */
#include "controller/api/api_gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/error.h"
#include "common/json.h"
#include "common/log.h"
#include "controller/access/tenant.h"
#include "controller/access/token.h"
#include "controller/api/api_call.h"
#include "controller/api/idempotency.h"
#include "controller/api/resources.h"
#include "controller/api/routes.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"

static bool is_platform(const struct principal *principal)
{
    return uuid_equal(&principal->tenant, &PLATFORM_TENANT);
}

static char *details_of(const struct api_call *call)
{
    json_t *details = json_pack("{s:s, s:s, s:s}", "request_id", call->request_id, "route",
                                call->route->path, "method", call->route->method);
    char token[UUID_TEXT_SIZE], *text;

    uuid_format(&call->principal.token, token);
    json_object_set_new(details, "token", json_string(token));
    if (call->problem.status) {
        json_object_set_new(details, "status", json_integer(call->problem.status));
        json_object_set_new(details, "code", json_string(call->problem.code));
    }
    if (call->changed)
        json_object_update(details, call->changed);
    text = json_dumps(details, JSON_COMPACT);
    json_decref(details);
    return text;
}

static const char *action_of(const struct api_call *call, char out[64])
{
    if (call->route->action)
        return call->route->action;
    snprintf(out, 64, "%s", permission_name(call->route->permission));
    return out;
}

/* The path's first argument says what was meant when the function did not come to say it. */
static const char *object_of(const struct api_call *call)
{
    return call->object[0] ? call->object : call->arguments[0];
}

/* Someone known was refused: a row of its own, since there is no act to ride on. Where the tenant
 * is not settled yet it is the principal's. */
static void audit_problem(struct api_call *call, struct db *db)
{
    char who[API_ACTOR_SIZE], action[64];
    const struct uuid *tenant =
        uuid_is_nil(&call->tenant) ? &call->principal.tenant : &call->tenant;
    struct audit_entry entry = {.who = who,
                                .action = action_of(call, action),
                                .object = object_of(call),
                                .outcome = call->problem.status >= 500 ? "failed" : "refused",
                                .why = call->problem.detail};
    struct error err = {0};
    char *details = details_of(call);

    api_actor(call, who);
    entry.details = details;
    if (audit_refusal(db, tenant, &entry, &err) < 0)
        log_error("api", "a refusal could not be audited", "request=%s reason=%s", call->request_id,
                  log_quote(error_text(&err)));
    free(details);
}

static int unauthenticated(struct api_call *call, const char *code, const char *detail)
{
    return problem_set(
        &call->problem, 401, code,
        "Send Authorization: Bearer with a token; who runs the controller makes them "
        "(muster token create).",
        "%s", detail);
}

static int find_principal(struct api_call *call, const char *authorization, struct db *db)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    struct error err = {0};

    if (!authorization)
        return unauthenticated(call, "no_token", "there is no token");
    if (strncasecmp(authorization, "Bearer ", 7) != 0 ||
        token_hash(authorization + 7 + strspn(authorization + 7, " "), hash) < 0)
        return unauthenticated(call, "unknown_token", "this is not a token of ours");
    if (token_find(db, hash, call->services->now_us(), &call->principal, &err) == 0)
        return 0;
    if (err.code == ERROR_NOT_FOUND)
        return unauthenticated(call, "unknown_token", "this is not a token of ours");
    if (err.code != ERROR_STALE)
        return api_failed(call, &err);
    unauthenticated(call, "stale_token", error_text(&err));
    audit_problem(call, db);
    return -1;
}

static int named_tenant(struct api_call *call, const char *name, struct db *db)
{
    struct error err = {0};
    int found;

    if (!is_platform(&call->principal)) {
        if (strcmp(name, call->principal.tenant_name) != 0)
            return api_not_found(call, "tenant", name);
        call->tenant = call->principal.tenant;
        return 0;
    }
    if (db_begin(db, &err) < 0 || (found = tenant_find(db, name, &call->tenant, &err)) < 0) {
        db_rollback(db);
        return api_failed(call, &err);
    }
    db_rollback(db);
    if (found == 0) {
        call->tenant = (struct uuid){{0}};
        return api_not_found(call, "tenant", name);
    }
    snprintf(call->tenant_name, sizeof(call->tenant_name), "%s", name);
    call->for_platform = uuid_equal(&call->tenant, &PLATFORM_TENANT);
    return 0;
}

/* Whose objects is it about? */
static int settle_tenant(struct api_call *call, const char *named, struct db *db)
{
    enum api_scope scope = call->route->scope;

    snprintf(call->tenant_name, sizeof(call->tenant_name), "%s", call->principal.tenant_name);
    if (named && scope != SCOPE_PLATFORM) {
        if (named_tenant(call, named, db) < 0)
            return -1;
    } else {
        call->tenant = call->principal.tenant;
        call->for_platform = is_platform(&call->principal);
    }
    if (scope == SCOPE_TENANT && call->for_platform)
        return problem_set(&call->problem, 400, "tenant_required",
                           "Name one: header Muster-Tenant, or muster --tenant NAME.",
                           "this is about one tenant's objects, and you are the platform's");
    return 0;
}

static int check_permission(struct api_call *call)
{
    enum permission permission = call->route->permission;

    if (role_may(call->principal.role, permission) &&
        (call->route->scope != SCOPE_PLATFORM || is_platform(&call->principal)))
        return 0;
    return problem_set(
        &call->problem, 403, "permission_missing", "Use a token of a principal whose role has it.",
        "this needs the permission %s, which the role %s of '%s' does not have",
        permission_name(permission), role_name(call->principal.role), call->principal.name);
}

static int check_query(struct api_call *call)
{
    for (size_t i = 0; i < call->query_count; i++) {
        char show[TEXT_SHOW_SIZE];

        if (!api_route_takes_query(call->route, call->query[i].name))
            return problem_set(&call->problem, 400, "unknown_filter", NULL,
                               "'%s' is not a key here; known: %s",
                               text_show(call->query[i].name, show),
                               call->route->query ? call->route->query : "none");
    }
    return 0;
}

static int read_body(struct api_call *call)
{
    struct error err = {0};

    if (call->route->body != BODY_JSON)
        return 0;
    /* No body is an empty object: then what is missing is named. */
    call->json = call->body_length == 0
                     ? json_object()
                     : json_parse(call->body, call->body_length, API_BODY_MAX, &err);
    if (!call->json && (call->body_length == 0 || err.code == ERROR_UNAVAILABLE))
        return problem_set(&call->problem, 503, "busy", "Try again in a moment.", "out of memory");
    if (!call->json)
        return problem_set(&call->problem, 400, "malformed_body", "Send one JSON object.", "%s",
                           error_text(&err));
    if (!json_is_object(call->json))
        return problem_set(&call->problem, 400, "malformed_body", "Send one JSON object.",
                           "the body is no JSON object");
    return 0;
}

/* Who, may they, for whom. A known principal's refusal is audited here. */
static int admit(struct api_call *call, const struct api_credentials *credentials, struct db *db)
{
    if (find_principal(call, credentials->authorization, db) < 0)
        return -1;
    if (check_permission(call) == 0 && settle_tenant(call, credentials->tenant, db) == 0)
        return 0;
    audit_problem(call, db);
    return -1;
}

static int audit_done(struct api_call *call, struct error *err)
{
    char who[API_ACTOR_SIZE];
    char *details = details_of(call);
    struct audit_entry entry = {.who = who,
                                .action = call->route->action,
                                .object = object_of(call),
                                .outcome = "ok",
                                .why = call->why[0] ? call->why : NULL,
                                .details = details};
    int rc;

    api_actor(call, who);
    rc = audit_append(call->db, &call->tenant, &entry, err);
    free(details);
    return rc;
}

static int replay(struct api_call *call, const struct idempotency *entry)
{
    call->status = (unsigned)entry->status;
    snprintf(call->location, sizeof(call->location), "%s", entry->location);
    text_format(&call->answer, "%s", entry->response);
    return 0;
}

/* 0: go on; 1: answered from what is kept; -1: the problem. */
static int begin_once(struct api_call *call, struct idempotency *entry)
{
    struct error err = {0};

    if (!*entry->key || strlen(entry->key) > IDEMPOTENCY_KEY_MAX)
        return problem_set(&call->problem, 400, "invalid_idempotency_key", NULL,
                           "Idempotency-Key has 1 to %d bytes", IDEMPOTENCY_KEY_MAX);
    switch (idempotency_begin(call->db, entry, &err)) {
    case IDEMPOTENCY_NEW:
        return 0;
    case IDEMPOTENCY_REPLAY:
        replay(call, entry);
        return 1;
    case IDEMPOTENCY_OTHER_REQUEST:
        return problem_set(&call->problem, 422, "idempotency_key_reused",
                           "Take a new key for a new request.",
                           "this Idempotency-Key came with another request within 24 hours");
    case IDEMPOTENCY_IN_FLIGHT:
        return problem_set(&call->problem, 409, "in_flight", "Ask again in a moment.",
                           "the first request with this Idempotency-Key is still under way");
    default:
        return api_failed(call, &err);
    }
}

/* Inside the transaction. 0: done and to be committed; 1: nothing to commit, the call is answered
 * or waits (then *ret_wait); -1: the problem. */
static int act(struct api_call *call, struct idempotency *entry, bool *ret_wait)
{
    struct error err = {0};
    int rc;

    if (entry->key && (rc = begin_once(call, entry)) != 0)
        return rc;
    rc = call->route->function(call);
    *ret_wait = rc == 1;
    if (rc != 0)
        return rc;
    if (call->route->action && !call->audited && audit_done(call, &err) < 0)
        return api_failed(call, &err);
    if (entry->key && idempotency_keep(call->db, entry, call->status ? (int)call->status : 200,
                                       call->replay ? call->replay : text_string(&call->answer),
                                       call->location, &err) < 0)
        return api_failed(call, &err);
    return db_commit(call->db, &err) < 0 ? api_failed(call, &err) : 0;
}

static int hash_request(struct api_call *call, struct idempotency *entry)
{
    struct text query = {0};
    int rc = 0;

    /* With lengths: '=' and '&' inside a value make no other query of it. */
    for (size_t i = 0; i < call->query_count; i++)
        text_format(&query, "%zu:%s=%zu:%s&", strlen(call->query[i].name), call->query[i].name,
                    strlen(call->query[i].value), call->query[i].value);
    if (text_ok(&query))
        idempotency_hash(entry, call->route->method, call->path, text_string(&query), call->body,
                         call->body_length);
    else
        rc = problem_set(&call->problem, 503, "unavailable", NULL, "out of memory");
    text_clear(&query);
    return rc;
}

static int in_transaction(struct api_call *call, const char *idempotency_key, struct db *db)
{
    struct idempotency entry = {.tenant = call->tenant};
    char who[API_ACTOR_SIZE];
    struct error err = {0};
    bool wait = false;
    int rc;

    if (call->route->action && idempotency_key && call->route->body != BODY_FILE) {
        api_actor(call, who);
        entry.principal = who;
        entry.key = idempotency_key;
        call->once = true;
        if (hash_request(call, &entry) < 0)
            return -1;
    }
    if (db_begin_tenant(db, &call->tenant, &err) < 0)
        return api_failed(call, &err);
    call->db = db;
    rc = act(call, &entry, &wait);
    db_rollback(db);
    call->db = NULL;
    idempotency_clear(&entry);
    return rc < 0 ? -1 : wait ? 1 : 0;
}

static int run_public(struct api_call *call, struct db *db)
{
    struct error err = {0};
    int rc;

    if (db && db_begin(db, &err) < 0)
        return api_failed(call, &err);
    call->db = db;
    rc = call->route->function(call);
    if (db)
        db_rollback(db);
    call->db = NULL;
    return rc;
}

int api_gate_run(struct api_call *call, const struct api_credentials *credentials, struct db *db)
{
    int rc;

    if (call->route->scope == SCOPE_NOBODY)
        return check_query(call) < 0 ? -1 : run_public(call, db);
    if (admit(call, credentials, db) < 0)
        return -1;
    if (check_query(call) < 0 || (!call->json && read_body(call) < 0))
        rc = -1;
    else
        rc = in_transaction(call, credentials->idempotency_key, db);
    if (rc < 0 && call->route->action)
        audit_problem(call, db);
    return rc;
}

int api_gate_open(struct api_call *call, const struct api_credentials *credentials, struct db *db)
{
    struct error err = {0};
    int rc = -1;

    if (admit(call, credentials, db) < 0)
        return -1;
    if (check_query(call) == 0) {
        call->db = db;
        rc = db_begin_tenant(db, &call->tenant, &err) < 0 ? api_failed(call, &err)
                                                          : images_upload_begin(call);
        db_rollback(db);
        call->db = NULL;
    }
    if (rc < 0)
        audit_problem(call, db);
    return rc;
}

int api_gate_refuse(struct api_call *call, const struct api_credentials *credentials,
                    struct problem *form, struct db *db)
{
    if (admit(call, credentials, db) < 0)
        return -1;
    call->problem = *form;
    *form = (struct problem){0};
    audit_problem(call, db);
    return -1;
}
