/* source_events.c - /v1/sources/{name}/events: messages of other monitors, by HTTP; and the tokens
 * that their senders show. A source's token opens nothing else; what is not known leaves no audit
 * row, as with other tokens.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"
#include "controller/access/token.h"
#include "controller/api/api_call.h"
#include "controller/api/resources.h"
#include "controller/db/db.h"
#include "controller/intake/source.h"
#include "controller/intake/webhook.h"
#include "rules/mapping/mapping_run.h"

_Static_assert(SOURCE_SECRET_HASH == TOKEN_HASH_BYTES, "one kind of token");
_Static_assert(API_HEADERS_MAX <= MAPPING_HEADERS_MAX, "mappings see all headers");

#define BASIC_MAX 512 /* of a user's name, a colon and a token */

static int unauthenticated(struct api_call *call)
{
    return problem_set(
        &call->problem, 401, "unknown_token",
        "Send Authorization: Bearer with the source's token, or Basic with it as the "
        "password (muster source token NAME).",
        "this is not a token of source %s", call->arguments[0]);
}

/* ---- who sends ---- */

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* RFC 4648, padding or not. -1: it is none, or does not fit. */
static int unbase64(const char *in, char out[BASIC_MAX])
{
    size_t length = strcspn(in, "="), at = 0;
    unsigned bits = 0;
    int held = 0;

    if (strspn(in + length, "=") != strlen(in + length))
        return -1;
    for (size_t i = 0; i < length; i++) {
        int digit = digit_of(in[i]);

        if (digit < 0 || at + 1 >= BASIC_MAX)
            return -1;
        bits = (bits << 6 | (unsigned)digit) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[at++] = (char)(bits >> held & 0xff);
        }
    }
    out[at] = '\0';
    return 0;
}

/* The password of "user:password", whatever the user is called. */
static int hash_basic(const char *encoded, uint8_t ret_hash[TOKEN_HASH_BYTES])
{
    char plain[BASIC_MAX];
    const char *colon;
    int rc = unbase64(encoded, plain);

    colon = rc == 0 ? strchr(plain, ':') : NULL;
    rc = colon ? token_hash(colon + 1, ret_hash) : -1;
    OPENSSL_cleanse(plain, sizeof(plain));
    return rc;
}

static int read_token(const char *authorization, uint8_t ret_hash[TOKEN_HASH_BYTES])
{
    const char *at;

    if (!authorization)
        return -1;
    at = authorization + strcspn(authorization, " ");
    at += strspn(at, " ");
    if (strncasecmp(authorization, "Bearer ", 7) == 0)
        return token_hash(at, ret_hash);
    return strncasecmp(authorization, "Basic ", 6) == 0 ? hash_basic(at, ret_hash) : -1;
}

static int find_source(struct api_call *call, struct webhook_request *request)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    struct error err = {0};
    int found;

    if (read_token(call->authorization, hash) < 0)
        return unauthenticated(call);
    found = source_secret_find(call->db, hash, &request->tenant, &request->source, &err);
    db_rollback(call->db); /* the rest is the engine's */
    if (found < 0)
        return api_failed(call, &err);
    return found == 0 ? unauthenticated(call) : 0;
}

/* ---- what is sent ---- */

static int answer(struct api_call *call, const struct webhook_kept *kept)
{
    char received[CLOCK_TEXT_SIZE];

    clock_format(kept->received_us, received);
    call->status = 202;
    return api_answer_json(
        call, json_pack("{s:s, s:I}", "received_at", received, "alerts", (json_int_t)kept->alerts));
}

/* What the database refuses of a message is kept all the same, with its reason. When it refuses
 * that too, it is no fault of the sender's, who gives up what is answered with 4xx. */
static int refuse(struct api_call *call, const struct error *err)
{
    struct error ours = *err;

    if (err->sqlstate[0] && err->code != ERROR_UNAVAILABLE && err->code != ERROR_TIMEOUT)
        ours.code = ERROR_FAILED;
    if (err->code == ERROR_NOT_FOUND)
        return unauthenticated(call);
    if (err->code == ERROR_STALE)
        return problem_set(&call->problem, 409, "source_paused", NULL, "source %s is paused",
                           call->arguments[0]);
    return api_failed(call, &ours);
}

int sources_events(struct api_call *call)
{
    struct mapping_header headers[API_HEADERS_MAX];
    struct webhook_request request = {.name = call->arguments[0],
                                      .bytes = call->body,
                                      .length = call->body_length,
                                      .headers = headers,
                                      .header_count = call->header_count,
                                      .now_us = call->services->now_us()};
    struct webhook_kept kept;
    struct error err = {0};

    if (!call->services->webhook)
        return problem_set(&call->problem, 503, "unavailable", NULL, "no messages are taken here");
    if (find_source(call, &request) < 0)
        return -1;
    if (call->body_length == 0)
        return problem_set(&call->problem, 400, "malformed_body", "Send the message as the body.",
                           "there is no message in the body");
    for (size_t i = 0; i < call->header_count; i++)
        headers[i] = (struct mapping_header){call->headers[i].name, call->headers[i].value,
                                             strlen(call->headers[i].value)};
    return webhook_take(call->services->webhook, &request, &kept, &err) < 0 ? refuse(call, &err)
                                                                            : answer(call, &kept);
}

/* ---- tokens ---- */

/* The same answer with and without the secret. */
static int answer_token(struct api_call *call, const struct uuid *id, const char *token)
{
    char text[UUID_TEXT_SIZE];
    json_t *json;

    uuid_format(id, text);
    json = json_pack("{s:s, s:s}", "id", text, "source", call->arguments[0]);
    if (!json)
        return api_answer_json(call, NULL);
    call->replay = json_dumps(json, JSON_COMPACT);
    json_object_set_new(json, "token", json_string(token));
    call->status = 201;
    return api_answer_json(call, json);
}

int sources_add_token(struct api_call *call)
{
    static const char *const known[] = {"label", NULL};
    const char *name = call->arguments[0], *label = "";
    uint8_t hash[TOKEN_HASH_BYTES];
    char token[TOKEN_SIZE] = "";
    struct error err = {0};
    struct uuid id;
    int rc;

    if (api_known(call, known) < 0 || api_string(call, "label", 200, &label) < 0)
        return -1;
    api_object(call, "source %s", name);
    if (token_make(token, hash, &err) < 0 ||
        (rc = source_secret_add(call->db, &call->tenant, name, hash, label, &id, &err)) < 0)
        return api_failed(call, &err);
    rc = rc > 0 ? answer_token(call, &id, token) : api_not_found(call, "webhook", name);
    OPENSSL_cleanse(token, sizeof(token));
    return rc;
}

int sources_revoke_token(struct api_call *call)
{
    const char *name = call->arguments[0], *token = call->arguments[1];
    struct error err = {0};
    struct uuid id;
    int changed;

    api_object(call, "source %s, token %.40s", name, token);
    if (uuid_parse(token, &id) < 0)
        return api_not_found(call, "token", token);
    if ((changed = source_secret_revoke(call->db, &call->tenant, name, &id, &err)) < 0)
        return api_failed(call, &err);
    if (changed == 0)
        return api_not_found(call, "token", token);
    return api_answer_json(call, json_pack("{s:s, s:s}", "id", token, "state", "revoked"));
}
