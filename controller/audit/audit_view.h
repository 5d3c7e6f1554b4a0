/* audit_view.h - audit rows as people read them. */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

struct audit_filter {
    struct uuid tenant;
    const struct uuid *before;             /* NULL: from the newest */
    const char *action, *outcome, *object; /* NULL: every; 'object' is the start of one */
    const struct uuid *id;                 /* NULL: every; of that one row */
    int64_t limit;
};
/* One JSON document a row (column 0), newest first; column 1 is the id. */
struct db_rows *audit_view_list(struct db *db, const struct audit_filter *filter,
                                struct error *err);
