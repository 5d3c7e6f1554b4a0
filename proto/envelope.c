/* envelope.c - see envelope.h. Bytes: docs/wire-format.md, "Signed envelope".
 * Invariant: nothing of an envelope leaves envelope_verify() unless every rung held.
 */
#include "proto/envelope.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "proto/crypto_error.h"
#include "proto/sha256.h"

enum {
    AT_VERSION = 4,
    AT_DOMAIN = 5,
    AT_KEY_ID = 6,
    AT_LENGTH = 14,
    AT_PAYLOAD = 18,
    SIGNATURE_BYTES = 64,
    VERSION = 1,
};
_Static_assert(AT_PAYLOAD + SIGNATURE_BYTES == ENVELOPE_OVERHEAD, "docs/wire-format.md");

static const uint8_t MAGIC[4] = {'M', 'S', 'T', 'R'};

struct sign_key {
    EVP_PKEY *pkey;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
};

const char *envelope_domain_name(enum envelope_domain domain)
{
    static const char *const NAMES[] = {
        [DOMAIN_TASK] = "task",     [DOMAIN_CANCEL] = "cancel",     [DOMAIN_RELEASE] = "release",
        [DOMAIN_SETTLE] = "settle", [DOMAIN_MANIFEST] = "manifest", [DOMAIN_RESULT] = "result",
        [DOMAIN_ENROL] = "enrol",
    };

    return (size_t)domain < sizeof(NAMES) / sizeof(NAMES[0]) ? NAMES[domain] : NULL;
}

int sign_key_make(uint8_t ret_secret[SIGN_SECRET_BYTES], uint8_t ret_public[SIGN_PUBLIC_BYTES],
                  struct error *err)
{
    size_t secret_length = SIGN_SECRET_BYTES, public_length = SIGN_PUBLIC_BYTES;
    EVP_PKEY *pkey;
    int rc = 0;

    crypto_begin();
    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!pkey || EVP_PKEY_get_raw_private_key(pkey, ret_secret, &secret_length) != 1 ||
        EVP_PKEY_get_raw_public_key(pkey, ret_public, &public_length) != 1)
        rc = crypto_error(err, "make an Ed25519 key");
    EVP_PKEY_free(pkey);
    return rc;
}

struct sign_key *sign_key_create(const uint8_t secret[SIGN_SECRET_BYTES], struct error *err)
{
    struct sign_key *key = calloc(1, sizeof(*key));
    size_t length = SIGN_PUBLIC_BYTES;

    if (!key) {
        error_no_memory(err);
        return NULL;
    }
    crypto_begin();
    key->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, SIGN_SECRET_BYTES);
    if (!key->pkey || EVP_PKEY_get_raw_public_key(key->pkey, key->public_key, &length) != 1) {
        crypto_error(err, "take an Ed25519 key");
        sign_key_destroy(key);
        return NULL;
    }
    return key;
}

void sign_key_destroy(struct sign_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey); /* clears the secret */
    free(key);
}

const uint8_t *sign_key_public(const struct sign_key *key)
{
    return key->public_key;
}

void key_id_of(const uint8_t *public_key, size_t length, uint8_t ret_id[KEY_ID_BYTES])
{
    uint8_t digest[SHA256_BYTES];

    sha256_of(public_key, length, digest);
    memcpy(ret_id, digest, KEY_ID_BYTES);
}

static void write_head(uint8_t *at, enum envelope_domain domain, const struct sign_key *key,
                       size_t length)
{
    memcpy(at, MAGIC, sizeof(MAGIC));
    at[AT_VERSION] = VERSION;
    at[AT_DOMAIN] = (uint8_t)domain;
    key_id_of(key->public_key, SIGN_PUBLIC_BYTES, at + AT_KEY_ID);
    for (int i = 0; i < 4; i++)
        at[AT_LENGTH + i] = (uint8_t)(length >> (24 - 8 * i));
}

int envelope_sign(const struct sign_key *key, enum envelope_domain domain, const void *payload,
                  size_t length, uint8_t **ret_bytes, size_t *ret_length, struct error *err)
{
    size_t signature_length = SIGNATURE_BYTES, signed_length = AT_PAYLOAD + length;
    EVP_MD_CTX *context = NULL;
    uint8_t *bytes;
    int rc = -1;

    if (!envelope_domain_name(domain))
        return error_set_code(err, ERROR_INVALID, "no envelope domain %d", (int)domain);
    if (length > ENVELOPE_PAYLOAD_MAX)
        return error_set_code(err, ERROR_INVALID, "payload of %zu bytes: an envelope holds %d",
                              length, ENVELOPE_PAYLOAD_MAX);
    crypto_begin();
    bytes = malloc(ENVELOPE_OVERHEAD + length);
    context = EVP_MD_CTX_new();
    if (!bytes || !context) {
        error_no_memory(err);
        goto out;
    }
    write_head(bytes, domain, key, length);
    if (length)
        memcpy(bytes + AT_PAYLOAD, payload, length);
    if (EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key->pkey, NULL) != 1 ||
        EVP_DigestSign(context, bytes + signed_length, &signature_length, bytes, signed_length) !=
            1) {
        crypto_error(err, "sign");
        goto out;
    }
    *ret_bytes = bytes;
    *ret_length = signed_length + SIGNATURE_BYTES;
    bytes = NULL;
    rc = 0;
out:
    EVP_MD_CTX_free(context);
    free(bytes);
    return rc;
}

static int malformed(struct error *err, const char *why)
{
    return error_set_code(err, ERROR_INVALID, "envelope malformed: %s", why);
}

int envelope_open(const void *bytes, size_t length, struct envelope_view *ret_view,
                  struct error *err)
{
    const uint8_t *at = bytes;
    size_t payload_length = 0;

    memset(ret_view, 0, sizeof(*ret_view));
    if (length < ENVELOPE_OVERHEAD)
        return malformed(err, "shorter than its frame");
    if (length > ENVELOPE_MAX)
        return malformed(err, "longer than the limit");
    if (memcmp(at, MAGIC, sizeof(MAGIC)) != 0)
        return malformed(err, "wrong magic");
    if (at[AT_VERSION] != VERSION)
        return malformed(err, "unknown version");
    if (!envelope_domain_name(at[AT_DOMAIN]))
        return malformed(err, "unknown domain");
    for (int i = 0; i < 4; i++)
        payload_length = payload_length << 8 | at[AT_LENGTH + i];
    if (payload_length != length - ENVELOPE_OVERHEAD)
        return malformed(err, "length field and length differ");
    ret_view->domain = at[AT_DOMAIN];
    memcpy(ret_view->key_id, at + AT_KEY_ID, KEY_ID_BYTES);
    ret_view->payload = at + AT_PAYLOAD;
    ret_view->payload_length = payload_length;
    return 0;
}

/* Whether the signature holds for 'public_key'. */
static enum envelope_fault check_signature(const uint8_t *bytes, size_t signed_length,
                                           const uint8_t public_key[SIGN_PUBLIC_BYTES],
                                           struct error *err)
{
    EVP_PKEY *pkey;
    EVP_MD_CTX *context;
    enum envelope_fault fault = ENVELOPE_OK;
    struct error why = {0};

    crypto_begin();
    pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, SIGN_PUBLIC_BYTES);
    context = EVP_MD_CTX_new();
    if (!pkey || !context ||
        EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, pkey, NULL) != 1 ||
        EVP_DigestVerify(context, bytes + signed_length, SIGNATURE_BYTES, bytes, signed_length) !=
            1) {
        crypto_error(&why, "check an Ed25519 signature");
        fault = why.code == ERROR_UNAVAILABLE ? ENVELOPE_UNREAD : ENVELOPE_BAD_SIGNATURE;
    }
    if (fault == ENVELOPE_UNREAD)
        error_no_memory(err);
    else if (fault == ENVELOPE_BAD_SIGNATURE)
        error_set_code(err, ERROR_FORBIDDEN, "the signature does not hold");
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return fault;
}

int envelope_verify(const void *bytes, size_t length, enum envelope_domain domain,
                    const uint8_t public_key[SIGN_PUBLIC_BYTES], struct envelope_view *ret_view,
                    enum envelope_fault *ret_fault, struct error *err)
{
    struct envelope_view view;
    uint8_t key_id[KEY_ID_BYTES];
    enum envelope_fault fault = ENVELOPE_OK;

    memset(ret_view, 0, sizeof(*ret_view));
    key_id_of(public_key, SIGN_PUBLIC_BYTES, key_id);
    if (envelope_open(bytes, length, &view, err) < 0) {
        fault = ENVELOPE_MALFORMED;
    } else if (view.domain != domain) {
        error_set_code(err, ERROR_FORBIDDEN, "envelope is of domain %s, not %s",
                       envelope_domain_name(view.domain), envelope_domain_name(domain));
        fault = ENVELOPE_WRONG_DOMAIN;
    } else if (memcmp(view.key_id, key_id, KEY_ID_BYTES) != 0) {
        error_set_code(err, ERROR_FORBIDDEN,
                       "envelope names another key than the one it is checked with");
        fault = ENVELOPE_BAD_SIGNATURE;
    } else {
        fault = check_signature(bytes, length - SIGNATURE_BYTES, public_key, err);
    }
    if (ret_fault)
        *ret_fault = fault;
    if (fault != ENVELOPE_OK)
        return -1;
    *ret_view = view;
    return 0;
}
