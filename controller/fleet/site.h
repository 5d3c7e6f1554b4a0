/* site.h - places with one agent each. A platform table: sites serve many tenants. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

struct site_request {
    const char *name;
    const char *time_zone; /* IANA name */
    bool chainload_always; /* answer PXE with our loader even where another would do */
};
/* ERROR_CONFLICT: the name is taken. */
int site_add(struct db *db, const struct site_request *request, struct uuid *ret_id,
             struct error *err);
/* 1 and *ret_id, or 0: no such site. */
int site_find(struct db *db, const char *name, struct uuid *ret_id, struct error *err);
/* {"time_zone": ..., "chainload_always": ...}, and until the transaction's end nobody else changes
 * it. The caller's; NULL: err, ERROR_NOT_FOUND when there is no such site. */
json_t *site_read(struct db *db, const char *name, struct error *err);
/* What rules see of its machines changes with its time zone. */
int site_set(struct db *db, const struct site_request *request, struct error *err);
/* Out of quarantine: its agent's next HELLO is believed as it is. 1: released; 0: no such site, or
 * it was not in quarantine. */
int site_release(struct db *db, const char *name, struct error *err);
/* One JSON document a row (column 0) by name, after 'after' (NULL: from the start), or only the one
 * named 'only' (NULL: all); column 1 is the name. */
struct db_rows *site_list(struct db *db, const char *only, const char *after, int64_t limit,
                          struct error *err);
