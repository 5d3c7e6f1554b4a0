/* crypto_error.h - OpenSSL's reason for a failed call, in our error. For the files of this room. */
#pragma once

struct error;

/* In front of calls whose failure crypto_error() will tell: nothing older is taken for its reason.
 */
void crypto_begin(void);
/* Returns -1; takes the oldest entry of OpenSSL's queue of this thread and empties it. A call that
 * lacked memory is ERROR_UNAVAILABLE. */
int crypto_error(struct error *err, const char *what);
