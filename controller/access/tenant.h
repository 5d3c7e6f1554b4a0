/* tenant.h - the list of tenants. Their rows carry tenant_id; this list is the platform's. */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

/* ERROR_CONFLICT: the name is taken. ERROR_INVALID: not [a-z0-9-]. */
int tenant_add(struct db *db, const char *name, const char *title, struct uuid *ret_id,
               struct error *err);
/* 1 and *ret_id, or 0: no tenant of this name. */
int tenant_find(struct db *db, const char *name, struct uuid *ret_id, struct error *err);
/* One JSON document a row (column 0) by name, after 'after' (NULL: from the start), or only the one
 * named 'only' (NULL: all); column 1 is the name. */
struct db_rows *tenant_list(struct db *db, const char *only, const char *after, int64_t limit,
                            struct error *err);
