/* idempotency.h - Idempotency-Key: the same request again gets the first one's answer, for 24 h.
 * The row is written in the business transaction, so that it is there exactly when the act is; a
 * lock of that transaction tells a second one that is under way. Only what succeeded is kept: a
 * refused request may be corrected under the same key.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

#define IDEMPOTENCY_KEY_MAX 255

struct idempotency {
    struct uuid tenant;
    const char *principal, *key; /* borrowed */
    uint8_t request_sha256[32];  /* of method, path, query and body */
    int status;                  /* of the replay */
    char *response, *location;   /* of the replay; owned */
};

enum idempotency_verdict {
    IDEMPOTENCY_FAILED = -1,   /* err */
    IDEMPOTENCY_NEW,           /* go on, then idempotency_keep() before the commit */
    IDEMPOTENCY_REPLAY,        /* answer with what is in 'ret' */
    IDEMPOTENCY_OTHER_REQUEST, /* the key was used for another request: 422 */
    IDEMPOTENCY_IN_FLIGHT,     /* the first one is still under way: 409 */
};
enum idempotency_verdict idempotency_begin(struct db *db, struct idempotency *entry,
                                           struct error *err);
int idempotency_keep(struct db *db, const struct idempotency *entry, int status,
                     const char *response, const char *location, struct error *err);
/* 'query' as text, "" when there is none: ?arm=true is another request than ?arm=false. */
void idempotency_hash(struct idempotency *entry, const char *method, const char *path,
                      const char *query, const void *body, size_t length);
void idempotency_clear(struct idempotency *entry);
