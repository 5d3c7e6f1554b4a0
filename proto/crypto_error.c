/* crypto_error.c - see crypto_error.h. */
#include "proto/crypto_error.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdbool.h>

#include "common/error.h"

void crypto_begin(void)
{
    ERR_clear_error();
    errno = 0;
}

int crypto_error(struct error *err, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    bool no_memory = errno == ENOMEM; /* OpenSSL does not always say so */

    ERR_clear_error();
    if (no_memory)
        return error_no_memory(err);
    return error_set(err, "%s: %s", what, reason ? reason : "OpenSSL gave no reason");
}
