/* tokens.c - /v1/tokens: credentials of people and programs. A token's text is in the answer that
 * made it, once; not even a replay has it.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "controller/access/token.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define DAYS_DEFAULT 30

int tokens_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    struct uuid before;
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor_uuid(call, "tokens", key, &after, &before) < 0)
        return -1;
    return api_answer_list(
        call, "tokens",
        token_list(call->db, &call->tenant, NULL, after ? &before : NULL, limit + 1, &err), limit,
        &err);
}

int tokens_show(struct api_call *call)
{
    const char *text = call->arguments[0];
    struct error err = {0};
    struct uuid id;

    if (uuid_parse(text, &id) < 0)
        return api_not_found(call, "token", text);
    return api_answer_row(call, token_list(call->db, &call->tenant, &id, NULL, 1, &err), "token",
                          text, &err);
}

/* Administrators are the platform's, operators a tenant's: nobody is both. */
static int read_role(struct api_call *call, enum role *ret)
{
    const char *name = NULL;

    *ret = call->for_platform ? ROLE_PLATFORM_ADMIN : ROLE_TENANT_OPERATOR;
    if (api_string(call, "role", 64, &name) < 0)
        return -1;
    if (name && role_parse(name, ret) < 0)
        return problem_field(&call->problem, "role", "is platform-admin or tenant-operator");
    if ((*ret == ROLE_PLATFORM_ADMIN) != call->for_platform)
        return problem_field(&call->problem, "role",
                             call->for_platform
                                 ? "%s belongs to a tenant: name it with Muster-Tenant"
                                 : "%s belongs to the platform: leave Muster-Tenant out",
                             role_name(*ret));
    return 0;
}

static int store(struct api_call *call, const struct principal *principal, const char *label,
                 int64_t expires_us, char token[TOKEN_SIZE], struct uuid *ret_id)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    struct error err = {0};

    if (token_make(token, hash, &err) < 0 ||
        token_add(call->db, principal, hash, label, expires_us, ret_id, &err) < 0)
        return api_failed(call, &err);
    return 0;
}

/* The same answer with and without the secret. */
static int answer(struct api_call *call, const struct principal *principal, const struct uuid *id,
                  int64_t expires_us, const char *token)
{
    char text[UUID_TEXT_SIZE], expires[CLOCK_TEXT_SIZE];
    json_t *json;

    uuid_format(id, text);
    clock_format(expires_us, expires);
    json =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", text, "principal", principal->name, "role",
                  role_name(principal->role), "tenant", call->tenant_name, "expires_at", expires);
    if (!json)
        return api_answer_json(call, NULL);
    call->replay = json_dumps(json, JSON_COMPACT);
    json_object_set_new(json, "token", json_string(token));
    call->status = 201;
    snprintf(call->location, sizeof(call->location), "/v1/tokens");
    return api_answer_json(call, json);
}

int tokens_add(struct api_call *call)
{
    static const char *const known[] = {"principal", "role", "label", "days", NULL};
    const char *name, *label = "";
    char token[TOKEN_SIZE] = "", id_text[UUID_TEXT_SIZE];
    struct principal principal = {0};
    int64_t days = DAYS_DEFAULT, expires_us;
    struct error err = {0};
    struct uuid id;
    enum role role;
    int rc;

    if (api_known(call, known) < 0 ||
        api_required(call, "principal", PRINCIPAL_NAME_SIZE - 1, &name) < 0 ||
        read_role(call, &role) < 0 || api_string(call, "label", 200, &label) < 0 ||
        api_int(call, "days", 1, TOKEN_DAYS_MAX, &days) < 0)
        return -1;
    if (principal_check_name(name, &err) < 0)
        return problem_field(&call->problem, "principal", "%s", error_text(&err));
    if (principal_ensure(call->db, &call->tenant, name, role, &principal, &err) < 0)
        return api_failed(call, &err);
    expires_us = call->services->now_us() + days * DAY_US;
    if (store(call, &principal, label, expires_us, token, &id) < 0)
        return -1;
    uuid_format(&id, id_text);
    api_object(call, "token %s of %s", id_text, name);
    rc = answer(call, &principal, &id, expires_us, token);
    OPENSSL_cleanse(token, sizeof(token));
    return rc;
}

int tokens_revoke(struct api_call *call)
{
    struct error err = {0};
    struct uuid id;
    int changed;

    api_object(call, "token %s", call->arguments[0]);
    if (uuid_parse(call->arguments[0], &id) < 0)
        return api_not_found(call, "token", call->arguments[0]);
    if ((changed = token_revoke(call->db, &call->tenant, &id, &err)) < 0)
        return api_failed(call, &err);
    if (changed == 0)
        return api_not_found(call, "token", call->arguments[0]);
    return api_answer_json(call,
                           json_pack("{s:s, s:s}", "id", call->arguments[0], "state", "revoked"));
}
