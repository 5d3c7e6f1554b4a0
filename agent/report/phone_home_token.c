/* phone_home_token.c - see phone_home_token.h. HKDF: RFC 5869. */
#include "agent/report/phone_home_token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#include "common/error.h"
#include "proto/sha256.h"

#define INFO_MAX 96

static int derive(const uint8_t key[32], const uint8_t *info, size_t length, uint8_t out[32])
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, 32),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, length),
        OSSL_PARAM_construct_end(),
    };
    int ok = context && EVP_KDF_derive(context, out, 32, params) == 1;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return ok ? 0 : -1;
}

static int make(const uint8_t key[32], const char *label, const struct uuid *task, unsigned attempt,
                const uint8_t *nonce, uint8_t out[32], struct error *err)
{
    uint8_t info[INFO_MAX];
    size_t length = strlen(label);
    int rc;

    memcpy(info, label, length);
    memcpy(info + length, task->bytes, 16);
    length += 16;
    for (int shift = 24; shift >= 0; shift -= 8)
        info[length++] = (uint8_t)(attempt >> shift);
    if (nonce) {
        memcpy(info + length, nonce, 32);
        length += 32;
    }
    rc = derive(key, info, length, out);
    OPENSSL_cleanse(info, sizeof(info));
    return rc == 0 ? 0 : error_set(err, "the phone-home secret could not be derived");
}

int phone_home_token(const uint8_t key[32], const struct uuid *task, unsigned attempt,
                     uint8_t ret_token[32], struct error *err)
{
    return make(key, "muster phone-home token v1", task, attempt, NULL, ret_token, err);
}

int phone_home_session(const uint8_t key[32], const struct uuid *task, unsigned attempt,
                       const uint8_t nonce[32], uint8_t ret_secret[32], struct error *err)
{
    return make(key, "muster phone-home session v1", task, attempt, nonce, ret_secret, err);
}

void phone_home_hash(const uint8_t secret[32], uint8_t ret_hash[32])
{
    sha256_of(secret, 32, ret_hash);
}

bool phone_home_is(const uint8_t secret[32], const uint8_t hash[32])
{
    uint8_t mine[32];

    phone_home_hash(secret, mine);
    return CRYPTO_memcmp(mine, hash, 32) == 0;
}
