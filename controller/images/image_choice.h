/* image_choice.h - the version of an image that a tenant may boot now: a pinned one, or the newest
 * granted. The choice is pinned when the task is made; later versions and grants do not change it.
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

#define IMAGE_DEADLINE_DEFAULT_S 1800

struct image_choice {
    struct uuid grant, image_version;
    char *version;      /* "1.4.0" */
    char *document;     /* canonical JSON */
    int64_t deadline_s; /* the document's, or IMAGE_DEADLINE_DEFAULT_S */
};

/* In the caller's transaction, for its tenant. 'version' NULL: the newest. 1: found. 0: the tenant
 * holds no live grant of such a version. -1: err. */
int image_choice_find(struct db *db, const struct uuid *tenant, const char *image,
                      const char *version, struct image_choice *ret, struct error *err);
void image_choice_clear(struct image_choice *choice); /* zeroed is fine */
