/* source.h - a topic that belongs to one tenant: whatever a message says, its alerts are that
 * tenant's. */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

/* Inside a transaction of 'tenant'. ERROR_CONFLICT: the tenant's name or the topic is taken. */
int source_add(struct db *db, const struct uuid *tenant, const char *name, const char *topic,
               struct uuid *ret_id, struct error *err);
/* One JSON document a row (column 0) by name, after 'after' (NULL: from the start); column 1 is the
 * name. */
struct db_rows *source_list(struct db *db, const struct uuid *tenant, const char *after,
                            int64_t limit, struct error *err);
