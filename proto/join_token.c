/* join_token.c - see join_token.h. */
#include "proto/join_token.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/sha256.h"

#define FORMAT 1
#define TIME_MAX 40

static int missing(const char *name, struct error *err)
{
    return error_set_code(err, ERROR_INVALID, "join token: '%s' is missing", name);
}

/* A copy for the token; NULL: told. */
static char *read_text(const json_t *object, const char *name, size_t cap, struct error *err)
{
    const char *value = NULL;
    int there = json_read_string(object, name, cap, &value, err);
    char *copy;

    if (there < 0 || (there == 0 && missing(name, err) < 0))
        return NULL;
    if (!*value) {
        missing(name, err);
        return NULL;
    }
    if (!(copy = strdup(value)))
        error_no_memory(err);
    return copy;
}

static int read_hex(const json_t *object, const char *name, uint8_t ret[32], struct error *err)
{
    const char *hex = NULL;
    int there = json_read_string(object, name, 64, &hex, err);

    if (there < 0 || (there == 0 && missing(name, err) < 0))
        return -1;
    return text_unhex(hex, ret, 32) < 0
               ? error_set_code(err, ERROR_INVALID, "join token: '%s' is not 64 hex digits", name)
               : 0;
}

static int read_expiry(const json_t *object, int64_t *ret, struct error *err)
{
    const char *time = NULL;
    int there = json_read_string(object, "expires_at", TIME_MAX, &time, err);

    if (there < 0 || (there == 0 && missing("expires_at", err) < 0))
        return -1;
    return clock_parse(time, ret) < 0
               ? error_set_code(err, ERROR_INVALID, "join token: 'expires_at' is not a time")
               : 0;
}

static int check_name(const char *member, const char *name, struct error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    if (name[0] == '-' || strspn(name, allowed) != strlen(name))
        return error_set_code(err, ERROR_INVALID,
                              "join token: '%s' has a-z, 0-9 and '-', a letter or digit first",
                              member);
    return 0;
}

static int check(const struct join_token *token, struct error *err)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----";
    uint8_t hash[32];
    size_t length = strlen(token->url);

    if (strncmp(token->url, "https://", 8) != 0 || length == 8 || token->url[length - 1] == '/' ||
        strpbrk(token->url, " ?#@\\\"'\t\r\n"))
        return error_set_code(err, ERROR_INVALID,
                              "join token: 'url' must look like https://HOST:PORT");
    if (join_secret_hash(token->secret, hash) < 0)
        return error_set_code(err, ERROR_INVALID, "join token: 'secret' is not one of ours");
    if (!strstr(token->ca, pem))
        return error_set_code(err, ERROR_INVALID, "join token: 'ca' holds no certificate in PEM");
    if (check_name("site", token->site, err) < 0)
        return -1;
    return check_name("name", token->name, err);
}

static int read_members(const json_t *object, struct join_token *token, struct error *err)
{
    static const char *const known[] = {"muster_join", "url",       "site",        "name",
                                        "secret",      "challenge", "root_sha256", "expires_at",
                                        "ca",          NULL};
    int64_t format = 0;

    if (!json_is_object(object))
        return error_set_code(err, ERROR_INVALID, "a join token is a JSON object");
    if (json_read_int(object, "muster_join", FORMAT, FORMAT, &format, err) < 0)
        return -1;
    if (format != FORMAT)
        return error_set_code(err, ERROR_INVALID,
                              "this is no join token: `muster agent welcome` makes them");
    if (json_refuse_unknown(object, known, err) < 0 ||
        !(token->url = read_text(object, "url", JOIN_URL_MAX, err)) ||
        !(token->site = read_text(object, "site", JOIN_NAME_MAX, err)) ||
        !(token->name = read_text(object, "name", JOIN_NAME_MAX, err)) ||
        !(token->secret = read_text(object, "secret", JOIN_SECRET_SIZE - 1, err)) ||
        !(token->ca = read_text(object, "ca", JOIN_CA_MAX, err)) ||
        read_hex(object, "challenge", token->challenge, err) < 0 ||
        read_hex(object, "root_sha256", token->root_sha256, err) < 0 ||
        read_expiry(object, &token->expires_us, err) < 0)
        return -1;
    return check(token, err);
}

int join_token_parse(const char *json, size_t length, struct join_token *ret_token,
                     struct error *err)
{
    struct join_token token = {0};
    json_t *object = json_parse(json, length, JOIN_TOKEN_MAX, err);
    int rc = object ? read_members(object, &token, err) : -1;

    json_decref(object);
    if (rc == 0)
        *ret_token = token;
    else
        join_token_clear(&token);
    return rc;
}

char *join_token_print(const struct join_token *token, struct error *err)
{
    char challenge[65], root[65], expires[CLOCK_TEXT_SIZE], *text;
    json_t *object;

    if (check(token, err) < 0)
        return NULL;
    text_hex(token->challenge, 32, challenge);
    text_hex(token->root_sha256, 32, root);
    clock_format(token->expires_us, expires);
    errno = 0;
    object = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "muster_join", FORMAT,
                       "url", token->url, "site", token->site, "name", token->name, "secret",
                       token->secret, "challenge", challenge, "root_sha256", root, "expires_at",
                       expires, "ca", token->ca);
    text = object ? json_dumps(object, JSON_INDENT(1)) : NULL;
    json_decref(object);
    if (!text && errno == ENOMEM)
        error_no_memory(err);
    else if (!text)
        error_set_code(err, ERROR_INVALID, "join token: a member is not UTF-8");
    return text;
}

void join_token_clear(struct join_token *token)
{
    if (token->secret)
        OPENSSL_cleanse(token->secret, strlen(token->secret));
    free(token->url);
    free(token->site);
    free(token->name);
    free(token->secret);
    free(token->ca);
    memset(token, 0, sizeof(*token));
}

int join_secret_hash(const char *secret, uint8_t ret_hash[32])
{
    uint8_t bytes[JOIN_SECRET_BYTES];
    int length = -1;

    if (strlen(secret) == JOIN_SECRET_SIZE - 1)
        length = text_unbase64url(secret, bytes, sizeof(bytes));
    if (length == JOIN_SECRET_BYTES)
        sha256_of(bytes, sizeof(bytes), ret_hash);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return length == JOIN_SECRET_BYTES ? 0 : -1;
}

void join_root_hash(const uint8_t root_public[32], uint8_t ret_hash[32])
{
    sha256_of(root_public, 32, ret_hash);
}
