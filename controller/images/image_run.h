/* image_run.h - how a task runs an image: as the image is, or by one of its profiles, and which of
 * its checks. A profile adds kernel arguments behind the image's, and has checks, a deadline and
 * parameters of its own. Spec: docs/image-format.md, "Profiles".
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define IMAGE_ARGUMENTS_MAX 512
#define IMAGE_CHECKS_MAX 64
#define IMAGE_PROFILES_MAX 32
#define IMAGE_DEADLINE_DEFAULT_S 1800 /* of a document that has none */

struct image_wish {
    const char *profile;       /* NULL: none of them */
    const char *const *checks; /* in the order in which they run */
    size_t check_count;        /* 0: those of the profile, else the image's */
};

struct image_run {
    char *arguments; /* owned */
    json_t *checks;  /* owned: a list of names */
    int64_t deadline_s;
};

/* Are the profiles of an image's document well formed? 0 or -1. */
int image_run_check(const json_t *document, struct error *err);
/* ERROR_INVALID: the image has no such profile or check; 'err' names it, and those that there are.
 */
int image_run_make(const json_t *document, const struct image_wish *wish, struct image_run *ret,
                   struct error *err);
void image_run_clear(struct image_run *run); /* zeroed is fine */
