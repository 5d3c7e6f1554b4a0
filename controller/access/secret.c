/* secret.c - see secret.h. Owns the key-encryption key while the process lives; it is wiped at the
 * end and never printed. Spec: NIST SP 800-38D, RFC 5869.
 */
#include "controller/access/secret.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "proto/key_files.h"
#include "proto/sha256.h"

enum {
    VERSION = 1,
    AT_KEY_ID = 1,
    AT_NONCE = 9,
    AT_CIPHERTEXT = 21,
    KEY_ID_BYTES = 8,
    NONCE_BYTES = 12,
    TAG_BYTES = 16,
};
_Static_assert(AT_CIPHERTEXT + TAG_BYTES == SECRET_OVERHEAD, "docs/operations.md");

struct secret_key {
    uint8_t bytes[KEY_BYTES];
    uint8_t id[KEY_ID_BYTES];
    EVP_CIPHER *cipher;
};

int secret_key_make(const char *path, struct error *err)
{
    uint8_t key[KEY_BYTES];
    int rc = -1;

    if (RAND_priv_bytes(key, sizeof(key)) != 1)
        error_set(err, "key-encryption key: no random bytes");
    else
        rc = key_file_write(path, key, err);
    OPENSSL_cleanse(key, sizeof(key));
    return rc;
}

/* The id tells keys apart and tells nothing else: a hash of a key derived from the key (RFC 5869).
 */
static int make_id(struct secret_key *key, struct error *err)
{
    static const char info[] = "muster key id v1";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    uint8_t derived[KEY_BYTES], digest[SHA256_DIGEST_LENGTH];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key->bytes, KEY_BYTES),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (char *)info, sizeof(info) - 1),
        OSSL_PARAM_construct_end(),
    };
    int rc = 0;

    if (!context || EVP_KDF_derive(context, derived, sizeof(derived), params) != 1)
        rc = error_set(err, "cannot derive the key's id");
    else {
        sha256_of(derived, sizeof(derived), digest);
        memcpy(key->id, digest, KEY_ID_BYTES);
    }
    OPENSSL_cleanse(derived, sizeof(derived));
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return rc;
}

struct secret_key *secret_key_load(const char *path, struct error *err)
{
    struct secret_key *key = calloc(1, sizeof(*key));

    if (!key) {
        error_set(err, "key-encryption key: out of memory");
        return NULL;
    }
    if (key_file_read(path, key->bytes, err) < 0) {
        error_prefix(err, "key-encryption key");
        goto fail;
    }
    if (!(key->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL))) {
        error_set(err, "OpenSSL has no AES-256-GCM");
        goto fail;
    }
    if (make_id(key, err) == 0)
        return key;
fail:
    secret_key_destroy(key);
    return NULL;
}

void secret_key_destroy(struct secret_key *key)
{
    if (!key)
        return;
    EVP_CIPHER_free(key->cipher);
    OPENSSL_cleanse(key, sizeof(*key));
    free(key);
}

/* Version, key id, field and row are associated data: a value moved elsewhere does not open. */
static int begin(EVP_CIPHER_CTX *context, const struct secret_key *key, int seal,
                 const uint8_t *sealed, const char *field, const struct uuid *row)
{
    int ignored;

    return context &&
           EVP_CipherInit_ex2(context, key->cipher, key->bytes, sealed + AT_NONCE, seal, NULL) ==
               1 &&
           EVP_CipherUpdate(context, NULL, &ignored, sealed, AT_NONCE) == 1 &&
           EVP_CipherUpdate(context, NULL, &ignored, (const uint8_t *)field,
                            (int)strlen(field) + 1) == 1 &&
           EVP_CipherUpdate(context, NULL, &ignored, row->bytes, sizeof(row->bytes)) == 1;
}

int secret_seal(const struct secret_key *key, const char *field, const struct uuid *row,
                const void *plain, size_t length, uint8_t *sealed, struct error *err)
{
    EVP_CIPHER_CTX *context = NULL;
    int size = 0, ignored, rc = -1;

    if (length > SECRET_PLAIN_MAX)
        return error_set_code(err, ERROR_INVALID, "a secret of more than %d bytes",
                              SECRET_PLAIN_MAX);
    sealed[0] = VERSION;
    memcpy(sealed + AT_KEY_ID, key->id, KEY_ID_BYTES);
    if (RAND_bytes(sealed + AT_NONCE, NONCE_BYTES) == 1 && (context = EVP_CIPHER_CTX_new()) &&
        begin(context, key, 1, sealed, field, row) &&
        EVP_CipherUpdate(context, sealed + AT_CIPHERTEXT, &size, plain, (int)length) == 1 &&
        EVP_CipherFinal_ex(context, sealed + AT_CIPHERTEXT + size, &ignored) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES,
                            sealed + AT_CIPHERTEXT + length) == 1)
        rc = 0;
    else
        error_set(err, "cannot seal %s", field);
    EVP_CIPHER_CTX_free(context);
    return rc;
}

static int check_head(const struct secret_key *key, const uint8_t *sealed, size_t length,
                      struct error *err)
{
    if (length < SECRET_OVERHEAD || length > SECRET_OVERHEAD + SECRET_PLAIN_MAX)
        return error_set_code(err, ERROR_INVALID, "a sealed secret of %zu bytes", length);
    if (sealed[0] != VERSION)
        return error_set_code(err, ERROR_INVALID, "a sealed secret of format %u", sealed[0]);
    if (memcmp(sealed + AT_KEY_ID, key->id, KEY_ID_BYTES) != 0)
        return error_set_code(err, ERROR_NOT_FOUND,
                              "sealed with another key-encryption key than the one configured");
    return 0;
}

int secret_open(const struct secret_key *key, const char *field, const struct uuid *row,
                const void *sealed, size_t length, uint8_t *ret_plain, size_t *ret_length,
                struct error *err)
{
    const uint8_t *bytes = sealed;
    EVP_CIPHER_CTX *context = NULL;
    int size = 0, ignored, rc = -1;

    if (check_head(key, bytes, length, err) < 0)
        return -1;
    length -= SECRET_OVERHEAD;
    if ((context = EVP_CIPHER_CTX_new()) && begin(context, key, 0, bytes, field, row) &&
        EVP_CipherUpdate(context, ret_plain, &size, bytes + AT_CIPHERTEXT, (int)length) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES,
                            (void *)(bytes + AT_CIPHERTEXT + length)) == 1 &&
        EVP_CipherFinal_ex(context, ret_plain + size, &ignored) == 1) {
        *ret_length = length;
        rc = 0;
    } else {
        OPENSSL_cleanse(ret_plain, length);
        error_set_code(err, ERROR_INVALID, "%s does not open: changed, or of another row", field);
    }
    EVP_CIPHER_CTX_free(context);
    return rc;
}
