/* image.h - images and their versions: an immutable document (arguments, firmware, checks, profile,
 * deadline, files by digest) and who may boot it (image_grant: closed, never deleted). Platform
 * tables but the grants.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

#define IMAGE_REFERENCE_MAX 192
#define IMAGE_FILE_MAX (INT64_C(16) << 30)

/* Takes a version in from its document (docs/image-format.md), checked field by field. 1: new; 0:
 * this very version is there already; ERROR_CONFLICT: the version is there with other content. */
int image_register(struct db *db, const json_t *document, struct uuid *ret_version,
                   struct error *err);

struct image_version {
    struct uuid id, grant; /* grant: nil unless looked up for a tenant */
    char name[64], version[64];
    int64_t deadline_s;
    char *document; /* owned */
};
void image_version_clear(struct image_version *version);

/* 'reference' is NAME:VERSION, NAME-VERSION or NAME (its newest active version); a name that is
 * there as such wins. For a tenant only what is granted to it now ('tenant' nil: all). 1: found; 0:
 * none; -1: err, ERROR_CONFLICT when several match. */
int image_version_find(struct db *db, const struct uuid *tenant, const char *reference,
                       struct image_version *ret, struct error *err);

struct image_file {
    uint8_t sha256[32];
    int64_t size;
};
/* 1: found. 0: no such name, version or role. */
int image_file_find(struct db *db, const char *name, const char *version, const char *role,
                    struct image_file *ret, struct error *err);
/* Is it a file of any image: 1 and its size, or 0. */
int image_file_known(struct db *db, const uint8_t sha256[32], int64_t *ret_size, struct error *err);
/* Rows: role, name, sha256, size. */
struct db_rows *image_files(struct db *db, const struct uuid *version, struct error *err);

/* Inside a transaction of 'tenant'. 1: granted; 0: it was already. */
int image_grant(struct db *db, const struct uuid *tenant, const struct uuid *version,
                struct error *err);
/* One JSON document a row (column 0), newest first, below 'before' (NULL: from the start); column 1
 * is the version's id. 'tenant' nil: all. */
struct db_rows *image_list(struct db *db, const struct uuid *tenant, const struct uuid *before,
                           int64_t limit, const struct uuid *only, struct error *err);
