/* enrol_request.c - see enrol_request.h. Invariant: what is signed is rebuilt from what was sent
 * and compared byte for byte; nothing is ever read out of it.
 */
#include "proto/enrol_request.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/envelope.h"
#include "proto/sealed_secret.h"
#include "proto/sha256.h"

#define FINGERPRINT_PREFIX "SHA256:"
#define PROOF_TEXT_MAX 1024
/* Secret's hash, three keys, two proofs, then site and name with a NUL behind each. */
#define STATEMENT_MAX (6 * 32 + 2 * (JOIN_NAME_MAX + 1))

static const char FINGERPRINT_INFO[] = "muster agent keys v1";
static const char CURVE_INFO[] = "muster enrol curve v1";
static const char SEAL_INFO[] = "muster enrol seal v1";

struct statement {
    uint8_t bytes[STATEMENT_MAX];
    size_t length;
};

static void put(struct statement *statement, const void *bytes, size_t length)
{
    memcpy(statement->bytes + statement->length, bytes, length);
    statement->length += length;
}

static int put_name(struct statement *statement, const char *name, struct error *err)
{
    size_t length = strlen(name);

    if (length > JOIN_NAME_MAX)
        return error_set_code(err, ERROR_INVALID, "a name of more than %d bytes", JOIN_NAME_MAX);
    put(statement, name, length + 1);
    return 0;
}

/* Of one X25519 key: ours or the controller's side of the same agreement. */
static int put_proof(struct statement *statement, const uint8_t secret[32], const uint8_t peer[32],
                     const uint8_t challenge[32], const uint8_t key[32], const char *info,
                     struct error *err)
{
    uint8_t salt[64], proof[32];

    memcpy(salt, challenge, 32);
    memcpy(salt + 32, key, 32);
    if (seal_key_prove(secret, peer, salt, info, proof, err) < 0)
        return -1;
    put(statement, proof, sizeof(proof));
    OPENSSL_cleanse(proof, sizeof(proof));
    return 0;
}

static void put_keys(struct statement *statement, const uint8_t secret_hash[32],
                     const struct agent_public_keys *keys)
{
    put(statement, secret_hash, 32);
    put(statement, keys->curve, KEY_BYTES);
    put(statement, keys->sign, KEY_BYTES);
    put(statement, keys->seal, KEY_BYTES);
}

static int agent_statement(const struct agent_keys *keys, const struct join_token *token,
                           struct statement *ret, struct error *err)
{
    const struct agent_public_keys *public = &keys->public;
    uint8_t hash[32];

    ret->length = 0;
    if (join_secret_hash(token->secret, hash) < 0)
        return error_set_code(err, ERROR_INVALID, "the join token's secret is malformed");
    put_keys(ret, hash, public);
    if (put_proof(ret, keys->curve_secret, token->challenge, token->challenge, public->curve,
                  CURVE_INFO, err) < 0 ||
        put_proof(ret, keys->seal_secret, token->challenge, token->challenge, public->seal,
                  SEAL_INFO, err) < 0 ||
        put_name(ret, token->site, err) < 0)
        return -1;
    return put_name(ret, token->name, err);
}

static char *print(const struct agent_public_keys *keys, const char *secret, const uint8_t *proof,
                   size_t length, struct error *err)
{
    char curve[65], sign[65], seal[65], encoded[PROOF_TEXT_MAX], *text = NULL;
    json_t *object = NULL;

    if (4 * ((length + 2) / 3) + 1 <= sizeof(encoded)) {
        text_hex(keys->curve, KEY_BYTES, curve);
        text_hex(keys->sign, KEY_BYTES, sign);
        text_hex(keys->seal, KEY_BYTES, seal);
        text_base64url(proof, length, encoded);
        object = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s}", "secret", secret, "keys", "curve",
                           curve, "sign", sign, "seal", seal, "proof", encoded);
        text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    }
    json_decref(object);
    if (!text) /* all of it is ASCII that fits */
        error_no_memory(err);
    return text;
}

char *enrol_request_make(const struct agent_keys *keys, const struct join_token *token,
                         struct error *err)
{
    struct statement statement;
    struct sign_key *key = sign_key_create(keys->sign_secret, err);
    uint8_t *envelope = NULL;
    size_t length = 0;
    char *text = NULL;

    if (key && agent_statement(keys, token, &statement, err) == 0 &&
        envelope_sign(key, DOMAIN_ENROL, statement.bytes, statement.length, &envelope, &length,
                      err) == 0)
        text = print(&keys->public, token->secret, envelope, length, err);
    OPENSSL_cleanse(&statement, sizeof(statement));
    sign_key_destroy(key);
    free(envelope);
    return text;
}

static int read_keys(const json_t *object, struct agent_public_keys *ret, struct error *err)
{
    const json_t *keys = json_object_get(object, "keys");
    char *text = json_is_object(keys) ? json_dumps(keys, JSON_COMPACT) : NULL;
    int rc = -1;

    if (!text && json_is_object(keys))
        error_no_memory(err);
    else if (!text)
        error_set_code(err, ERROR_INVALID, "'keys' must be {\"curve\", \"sign\", \"seal\"}");
    else if ((rc = agent_public_keys_parse(text, strlen(text), ret, err)) < 0)
        error_prefix(err, "keys");
    free(text);
    return rc;
}

static int read_secret(const json_t *object, uint8_t ret_hash[32], struct error *err)
{
    const char *secret = NULL;

    if (json_read_string(object, "secret", JOIN_SECRET_SIZE - 1, &secret, err) < 0)
        return -1;
    if (!secret || join_secret_hash(secret, ret_hash) < 0)
        return error_set_code(err, ERROR_INVALID, "'secret' is not that of a join token");
    return 0;
}

static int read_proof(const json_t *object, struct enrol_request *request, struct error *err)
{
    const char *proof = NULL;
    int length;

    if (json_read_string(object, "proof", PROOF_TEXT_MAX, &proof, err) < 0)
        return -1;
    length = proof ? text_unbase64url(proof, request->proof, sizeof(request->proof)) : -1;
    if (length <= 0)
        return error_set_code(err, ERROR_INVALID, "'proof' is missing or not base64url");
    request->proof_length = (size_t)length;
    return 0;
}

int enrol_request_parse(const char *json, size_t length, struct enrol_request *ret_request,
                        struct error *err)
{
    static const char *const known[] = {"secret", "keys", "proof", NULL};
    struct enrol_request request = {0};
    json_t *object = json_parse(json, length, ENROL_REQUEST_MAX, err);
    int rc = -1;

    if (object && !json_is_object(object))
        error_set_code(err, ERROR_INVALID, "an enrolment is a JSON object");
    else if (object && json_refuse_unknown(object, known, err) == 0 &&
             read_secret(object, request.secret_hash, err) == 0 &&
             read_keys(object, &request.keys, err) == 0)
        rc = read_proof(object, &request, err);
    json_decref(object);
    if (rc == 0)
        *ret_request = request;
    return rc;
}

/* The same bytes, made with the other half of the challenge. */
static int controller_statement(const struct enrol_request *request, const uint8_t secret[32],
                                const char *site, const char *name, struct statement *ret,
                                struct error *err)
{
    const struct agent_public_keys *keys = &request->keys;
    uint8_t challenge[32];

    ret->length = 0;
    put_keys(ret, request->secret_hash, keys);
    if (seal_key_public(secret, challenge, err) < 0 ||
        put_proof(ret, secret, keys->curve, challenge, keys->curve, CURVE_INFO, err) < 0 ||
        put_proof(ret, secret, keys->seal, challenge, keys->seal, SEAL_INFO, err) < 0 ||
        put_name(ret, site, err) < 0)
        return -1;
    return put_name(ret, name, err);
}

int enrol_request_verify(const struct enrol_request *request, const uint8_t challenge_secret[32],
                         const char *site, const char *name, struct error *err)
{
    struct envelope_view view;
    struct statement statement;
    int rc = -1;

    if (envelope_verify(request->proof, request->proof_length, DOMAIN_ENROL, request->keys.sign,
                        &view, NULL, err) < 0 ||
        controller_statement(request, challenge_secret, site, name, &statement, err) < 0)
        return error_prefix(err, "proof of the keys");
    if (view.payload_length == statement.length &&
        CRYPTO_memcmp(view.payload, statement.bytes, statement.length) == 0)
        rc = 0;
    else
        error_set_code(err, ERROR_FORBIDDEN,
                       "proof of the keys: made for another join token, or without their secrets");
    OPENSSL_cleanse(&statement, sizeof(statement));
    return rc;
}

void agent_fingerprint(const struct agent_public_keys *keys, uint8_t ret_digest[32])
{
    uint8_t bytes[sizeof(FINGERPRINT_INFO) + 3 * KEY_BYTES];

    memcpy(bytes, FINGERPRINT_INFO, sizeof(FINGERPRINT_INFO)); /* its NUL included */
    memcpy(bytes + sizeof(FINGERPRINT_INFO), keys->curve, KEY_BYTES);
    memcpy(bytes + sizeof(FINGERPRINT_INFO) + KEY_BYTES, keys->sign, KEY_BYTES);
    memcpy(bytes + sizeof(FINGERPRINT_INFO) + 2 * KEY_BYTES, keys->seal, KEY_BYTES);
    sha256_of(bytes, sizeof(bytes), ret_digest);
}

void agent_fingerprint_format(const uint8_t digest[32], char out[AGENT_FINGERPRINT_SIZE])
{
    memcpy(out, FINGERPRINT_PREFIX, sizeof(FINGERPRINT_PREFIX) - 1);
    text_base64url(digest, 32, out + sizeof(FINGERPRINT_PREFIX) - 1);
}

int agent_fingerprint_parse(const char *text, uint8_t ret_digest[32])
{
    size_t prefix = sizeof(FINGERPRINT_PREFIX) - 1;

    if (strlen(text) != AGENT_FINGERPRINT_SIZE - 1 ||
        strncmp(text, FINGERPRINT_PREFIX, prefix) != 0)
        return -1;
    return text_unbase64url(text + prefix, ret_digest, 32) == 32 ? 0 : -1;
}
