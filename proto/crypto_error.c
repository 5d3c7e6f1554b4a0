/* crypto_error.c - see crypto_error.h. */
#include "proto/crypto_error.h"

#include <openssl/err.h>

#include "common/error.h"

int crypto_error(struct error *err, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return error_set(err, "%s: %s", what, reason ? reason : "OpenSSL gave no reason");
}
