/* sealed_secret.c - see sealed_secret.h. Bytes and derivation: docs/wire-format.md, "Sealed secret"
 * (RFC 7748, RFC 5869, NIST SP 800-38D).
 */
#include "proto/sealed_secret.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/error.h"
#include "proto/crypto_error.h"
#include "proto/envelope.h"

enum {
    AT_VERSION = 4,
    AT_KEY_ID = 5,
    AT_EPHEMERAL = 13,
    AT_NONCE = 45,
    AT_CIPHERTEXT = 57,
    NONCE_BYTES = 12,
    TAG_BYTES = 16,
    VERSION = 1,
    AEAD_KEY_BYTES = 32,
    UUID_BYTES = 16,
};
_Static_assert(AT_CIPHERTEXT + TAG_BYTES == SEALED_SECRET_OVERHEAD, "docs/wire-format.md");

static const uint8_t MAGIC[4] = {'M', 'S', 'E', 'C'};
static const char INFO[] = "muster sealed secret v1";

int seal_key_make(uint8_t ret_secret[SEAL_SECRET_BYTES], uint8_t ret_public[SEAL_PUBLIC_BYTES],
                  struct error *err)
{
    size_t secret_length = SEAL_SECRET_BYTES, public_length = SEAL_PUBLIC_BYTES;
    EVP_PKEY *pkey;
    int rc = 0;

    crypto_begin();
    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    if (!pkey || EVP_PKEY_get_raw_private_key(pkey, ret_secret, &secret_length) != 1 ||
        EVP_PKEY_get_raw_public_key(pkey, ret_public, &public_length) != 1)
        rc = crypto_error(err, "make an X25519 key");
    EVP_PKEY_free(pkey);
    return rc;
}

int seal_key_public(const uint8_t secret[SEAL_SECRET_BYTES], uint8_t ret_public[SEAL_PUBLIC_BYTES],
                    struct error *err)
{
    size_t length = SEAL_PUBLIC_BYTES;
    EVP_PKEY *pkey;
    int rc = 0;

    crypto_begin();
    pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, SEAL_SECRET_BYTES);
    if (!pkey || EVP_PKEY_get_raw_public_key(pkey, ret_public, &length) != 1)
        rc = crypto_error(err, "take an X25519 key");
    EVP_PKEY_free(pkey);
    return rc;
}

/* X25519; a peer key of low order is refused by OpenSSL (the result would be all zero). */
static int agree(const uint8_t secret[SEAL_SECRET_BYTES], const uint8_t peer[SEAL_PUBLIC_BYTES],
                 uint8_t ret_shared[32], struct error *err)
{
    EVP_PKEY *own, *other;
    EVP_PKEY_CTX *context;
    size_t length = 32;
    int rc = 0;

    crypto_begin();
    own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, SEAL_SECRET_BYTES);
    other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, SEAL_PUBLIC_BYTES);
    context = own ? EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL) : NULL;
    if (!other || !context || EVP_PKEY_derive_init(context) != 1 ||
        EVP_PKEY_derive_set_peer(context, other) != 1 ||
        EVP_PKEY_derive(context, ret_shared, &length) != 1 || length != 32)
        rc = crypto_error(err, "X25519");
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(other);
    EVP_PKEY_free(own);
    return rc;
}

static int expand(const uint8_t shared[32], const uint8_t salt[2 * SEAL_PUBLIC_BYTES],
                  const char *info, uint8_t ret_key[AEAD_KEY_BYTES], struct error *err)
{
    EVP_KDF *kdf;
    EVP_KDF_CTX *context;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)shared, 32),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, 2 * SEAL_PUBLIC_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
        OSSL_PARAM_construct_end(),
    };
    int rc = 0;

    crypto_begin();
    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    if (!context || EVP_KDF_derive(context, ret_key, AEAD_KEY_BYTES, params) != 1)
        rc = crypto_error(err, "HKDF");
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return rc;
}

int seal_key_prove(const uint8_t secret[SEAL_SECRET_BYTES], const uint8_t peer[SEAL_PUBLIC_BYTES],
                   const uint8_t salt[2 * SEAL_PUBLIC_BYTES], const char *info,
                   uint8_t ret_proof[32], struct error *err)
{
    uint8_t shared[32];
    int rc = agree(secret, peer, shared, err) < 0 ? -1 : expand(shared, salt, info, ret_proof, err);

    OPENSSL_cleanse(shared, sizeof(shared));
    return rc;
}

static int derive_key(const uint8_t secret[SEAL_SECRET_BYTES],
                      const uint8_t peer[SEAL_PUBLIC_BYTES],
                      const uint8_t ephemeral[SEAL_PUBLIC_BYTES],
                      const uint8_t recipient[SEAL_PUBLIC_BYTES], uint8_t ret_key[AEAD_KEY_BYTES],
                      struct error *err)
{
    uint8_t salt[2 * SEAL_PUBLIC_BYTES];

    memcpy(salt, ephemeral, SEAL_PUBLIC_BYTES);
    memcpy(salt + SEAL_PUBLIC_BYTES, recipient, SEAL_PUBLIC_BYTES);
    return seal_key_prove(secret, peer, salt, INFO, ret_key, err);
}

struct aead {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *context;
};

static void aead_close(struct aead *aead)
{
    EVP_CIPHER_CTX_free(aead->context);
    EVP_CIPHER_free(aead->cipher);
}

/* The head of 'sealed' and the place are in, ready for the text. */
static int aead_begin(struct aead *aead, int seal, const uint8_t key[AEAD_KEY_BYTES],
                      const uint8_t *sealed, const struct sealed_place *place)
{
    int ignored;

    crypto_begin();
    aead->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    aead->context = EVP_CIPHER_CTX_new();
    return aead->cipher && aead->context &&
           EVP_CipherInit_ex2(aead->context, aead->cipher, key, sealed + AT_NONCE, seal, NULL) ==
               1 &&
           EVP_CipherUpdate(aead->context, NULL, &ignored, sealed, AT_NONCE) == 1 &&
           EVP_CipherUpdate(aead->context, NULL, &ignored, place->tenant.bytes, UUID_BYTES) == 1 &&
           EVP_CipherUpdate(aead->context, NULL, &ignored, place->machine.bytes, UUID_BYTES) == 1 &&
           EVP_CipherUpdate(aead->context, NULL, &ignored, place->bmc.bytes, UUID_BYTES) == 1;
}

static int encrypt(const uint8_t key[AEAD_KEY_BYTES], const struct sealed_place *place,
                   const void *plain, size_t length, uint8_t *sealed, struct error *err)
{
    struct aead aead = {0};
    int out = 0, rc = 0;

    if (!aead_begin(&aead, 1, key, sealed, place) ||
        (length &&
         EVP_CipherUpdate(aead.context, sealed + AT_CIPHERTEXT, &out, plain, (int)length) != 1) ||
        EVP_CipherFinal_ex(aead.context, sealed + AT_CIPHERTEXT + length, &out) != 1 ||
        EVP_CIPHER_CTX_ctrl(aead.context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
                            sealed + AT_CIPHERTEXT + length) != 1)
        rc = crypto_error(err, "AES-256-GCM");
    aead_close(&aead);
    return rc;
}

int sealed_secret_seal(const uint8_t recipient[SEAL_PUBLIC_BYTES], const struct sealed_place *place,
                       const void *plain, size_t length, uint8_t *ret_sealed, struct error *err)
{
    uint8_t ephemeral_secret[SEAL_SECRET_BYTES], key[AEAD_KEY_BYTES];
    int rc = -1;

    if (length > SEALED_SECRET_PLAIN_MAX)
        return error_set_code(err, ERROR_INVALID, "a sealed secret holds at most %d bytes",
                              SEALED_SECRET_PLAIN_MAX);
    memcpy(ret_sealed, MAGIC, sizeof(MAGIC));
    ret_sealed[AT_VERSION] = VERSION;
    key_id_of(recipient, SEAL_PUBLIC_BYTES, ret_sealed + AT_KEY_ID);
    if (seal_key_make(ephemeral_secret, ret_sealed + AT_EPHEMERAL, err) < 0)
        goto out;
    crypto_begin();
    if (RAND_bytes(ret_sealed + AT_NONCE, NONCE_BYTES) != 1) {
        crypto_error(err, "random bytes");
        goto out;
    }
    if (derive_key(ephemeral_secret, recipient, ret_sealed + AT_EPHEMERAL, recipient, key, err) < 0)
        goto out;
    rc = encrypt(key, place, plain, length, ret_sealed, err);
out:
    OPENSSL_cleanse(ephemeral_secret, sizeof(ephemeral_secret));
    OPENSSL_cleanse(key, sizeof(key));
    return rc;
}

static int decrypt(const uint8_t key[AEAD_KEY_BYTES], const struct sealed_place *place,
                   const uint8_t *sealed, size_t length, uint8_t *ret_plain, struct error *err)
{
    struct aead aead = {0};
    int out = 0, rc = 0;

    if (!aead_begin(&aead, 0, key, sealed, place) ||
        (length && EVP_CipherUpdate(aead.context, ret_plain, &out, sealed + AT_CIPHERTEXT,
                                    (int)length) != 1) ||
        EVP_CIPHER_CTX_ctrl(aead.context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES,
                            (void *)(sealed + AT_CIPHERTEXT + length)) != 1) {
        rc = crypto_error(err, "AES-256-GCM");
    } else if (EVP_CipherFinal_ex(aead.context, ret_plain + length, &out) != 1) {
        ERR_clear_error();
        rc = error_set_code(
            err, ERROR_FORBIDDEN,
            "the sealed secret is not for this tenant, machine and BMC, or was changed");
    }
    aead_close(&aead);
    return rc;
}

/* magic, version, recipient: told apart from a failed opening so that a person sees a wrong key. */
static int check_head(const uint8_t *sealed, size_t length,
                      const uint8_t own_public[SEAL_PUBLIC_BYTES], struct error *err)
{
    uint8_t key_id[KEY_ID_BYTES];

    if (length < SEALED_SECRET_OVERHEAD ||
        length > SEALED_SECRET_OVERHEAD + SEALED_SECRET_PLAIN_MAX)
        return error_set_code(err, ERROR_INVALID, "sealed secret malformed: %zu bytes", length);
    if (memcmp(sealed, MAGIC, sizeof(MAGIC)) != 0 || sealed[AT_VERSION] != VERSION)
        return error_set_code(err, ERROR_INVALID,
                              "sealed secret malformed: wrong magic or version");
    key_id_of(own_public, SEAL_PUBLIC_BYTES, key_id);
    if (memcmp(sealed + AT_KEY_ID, key_id, KEY_ID_BYTES) != 0)
        return error_set_code(err, ERROR_FORBIDDEN, "the secret is sealed for another key");
    return 0;
}

int sealed_secret_open(const uint8_t secret[SEAL_SECRET_BYTES], const struct sealed_place *place,
                       const void *sealed, size_t length, uint8_t *ret_plain, size_t *ret_length,
                       struct error *err)
{
    uint8_t own_public[SEAL_PUBLIC_BYTES], key[AEAD_KEY_BYTES];
    const uint8_t *bytes = sealed;
    size_t plain_length;
    int rc;

    if (seal_key_public(secret, own_public, err) < 0 ||
        check_head(bytes, length, own_public, err) < 0)
        return -1;
    plain_length = length - SEALED_SECRET_OVERHEAD;
    rc = derive_key(secret, bytes + AT_EPHEMERAL, bytes + AT_EPHEMERAL, own_public, key, err);
    if (rc == 0 && (rc = decrypt(key, place, bytes, plain_length, ret_plain, err)) < 0)
        OPENSSL_cleanse(ret_plain, plain_length);
    if (rc == 0)
        *ret_length = plain_length;
    OPENSSL_cleanse(key, sizeof(key));
    return rc;
}
