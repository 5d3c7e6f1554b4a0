/* image_choice.h - the version of an image that a tenant may boot now: a pinned one, or the newest
 * granted. The choice is pinned when the task is made; later versions and grants do not change it.
 */
#pragma once

#include "common/ids.h"

struct db;
struct error;

struct image_choice {
    struct uuid grant, image_version;
    char *version;  /* "1.4.0" */
    char *document; /* canonical JSON */
};

/* In the caller's transaction, for its tenant. 'version' as rules have it: "=1.4.0" is exactly this
 * one, "~1.4" the newest 1.4, NULL the newest. 1: found. 0: the tenant holds no live grant of such
 * a version. -1: err. */
int image_choice_find(struct db *db, const struct uuid *tenant, const char *image,
                      const char *version, struct image_choice *ret, struct error *err);
void image_choice_clear(struct image_choice *choice); /* zeroed is fine */
