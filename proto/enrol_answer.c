/* enrol_answer.c - see enrol_answer.h. */
#include "proto/enrol_answer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/join_token.h"

static int bad(struct error *err, const char *member, const char *why)
{
    return error_set_code(err, ERROR_INVALID, "the controller's answer: '%s' %s", member, why);
}

static int read_hex(const json_t *object, const char *name, uint8_t ret[32], struct error *err)
{
    const char *hex = NULL;

    if (json_read_string(object, name, 64, &hex, err) < 0)
        return -1;
    return hex && text_unhex(hex, ret, 32) == 0 ? 0 : bad(err, name, "is not 64 hex digits");
}

static int read_uuid(const json_t *object, const char *name, struct uuid *ret, struct error *err)
{
    const char *text = NULL;

    if (json_read_string(object, name, UUID_TEXT_SIZE - 1, &text, err) < 0)
        return -1;
    return text && uuid_parse(text, ret) == 0 ? 0 : bad(err, name, "is not a UUID");
}

static int read_state(const json_t *object, enum enrol_state *ret, struct error *err)
{
    const char *state = NULL;

    if (json_read_string(object, "state", 16, &state, err) < 0)
        return -1;
    if (state && strcmp(state, "pending") == 0)
        *ret = ENROL_PENDING;
    else if (state && strcmp(state, "approved") == 0)
        *ret = ENROL_APPROVED;
    else
        return bad(err, "state", "is neither pending nor approved");
    return 0;
}

/* What goes into a configuration: no white space, no control characters, one host and port. */
bool enrol_endpoint_is_right(const char *text)
{
    const char *colon = strrchr(text, ':');

    if (strlen(text) > ENROL_ENDPOINT_MAX || strncmp(text, "tcp://", 6) != 0 || !colon ||
        colon < text + 7 || !colon[1] || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    return strspn(text + 6,
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") ==
           strlen(text + 6);
}

static int read_endpoints(const json_t *object, struct enrol_answer *answer, struct error *err)
{
    const json_t *list = json_object_get(object, "endpoints"), *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0 ||
        json_array_size(list) > ENROL_ENDPOINTS_MAX)
        return bad(err, "endpoints", "must be a list of 1 to 16");
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);

        if (!text || !enrol_endpoint_is_right(text))
            return bad(err, "endpoints", "must look like tcp://HOST:PORT");
        if (!(answer->endpoints[i] = strdup(text)))
            return error_no_memory(err);
        answer->endpoint_count++;
    }
    return 0;
}

/* One an endpoint, in their order. */
static int read_curve_keys(const json_t *object, struct enrol_answer *answer, struct error *err)
{
    const json_t *list = json_object_get(object, "curve_keys"), *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) != answer->endpoint_count)
        return bad(err, "curve_keys", "must name one key for each endpoint");
    json_array_foreach(list, i, item)
    {
        const char *hex = json_string_value(item);

        if (!hex || text_unhex(hex, answer->curve_publics[i], 32) < 0)
            return bad(err, "curve_keys", "is not 64 hex digits");
    }
    return 0;
}

static int check_root(const struct enrol_answer *answer, const struct join_token *token,
                      struct error *err)
{
    uint8_t hash[32];

    join_root_hash(answer->root_public, hash);
    if (memcmp(hash, token->root_sha256, sizeof(hash)) == 0)
        return 0;
    return error_set_code(err, ERROR_FORBIDDEN,
                          "this controller's root key is not the one that the join token vouches "
                          "for: nothing was written; ask who made the token");
}

static int read_members(const json_t *object, const struct join_token *token,
                        struct enrol_answer *answer, struct error *err)
{
    if (!json_is_object(object))
        return error_set_code(err, ERROR_INVALID, "the controller's answer is no JSON object");
    /* Other members are a newer controller's. */
    if (read_state(object, &answer->state, err) < 0 ||
        read_hex(object, "root_key", answer->root_public, err) < 0 ||
        check_root(answer, token, err) < 0 || read_endpoints(object, answer, err) < 0 ||
        read_curve_keys(object, answer, err) < 0)
        return -1;
    if (answer->state == ENROL_PENDING)
        return 0;
    if (read_uuid(object, "agent_id", &answer->agent, err) < 0)
        return -1;
    return read_uuid(object, "site_id", &answer->site, err);
}

int enrol_answer_parse(const char *json, size_t length, const struct join_token *token,
                       struct enrol_answer *ret_answer, struct error *err)
{
    struct enrol_answer answer = {0};
    json_t *object = json_parse(json, length, ENROL_ANSWER_MAX, err);
    int rc = object ? read_members(object, token, &answer, err) : -1;

    json_decref(object);
    if (rc == 0)
        *ret_answer = answer;
    else
        enrol_answer_clear(&answer);
    return rc;
}

void enrol_answer_clear(struct enrol_answer *answer)
{
    for (size_t i = 0; i < answer->endpoint_count; i++)
        free(answer->endpoints[i]);
    memset(answer, 0, sizeof(*answer));
}
