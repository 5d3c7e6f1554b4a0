/* crypto_error.h - OpenSSL's reason for a failed call, in our error. For the files of this room. */
#pragma once

struct error;

/* Returns -1; takes the oldest entry of OpenSSL's queue of this thread and empties it. */
int crypto_error(struct error *err, const char *what);
