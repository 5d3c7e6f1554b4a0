/* sha256.c - see sha256.h. */
#define OPENSSL_SUPPRESS_DEPRECATED /* only these calls work on the stack */
#include "proto/sha256.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

void sha256_of(const void *bytes, size_t length, uint8_t ret_digest[SHA256_BYTES])
{
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, bytes, length);
    SHA256_Final(ret_digest, &context);
    OPENSSL_cleanse(&context, sizeof(context));
}
