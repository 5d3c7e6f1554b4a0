/* alert_view.h - alerts as people read them: what came, what was decided, and why. */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

struct alert_filter {
    struct uuid tenant;
    const struct uuid *before; /* NULL: from the newest */
    const char *disposition;   /* NULL: every; as the next */
    const struct uuid *machine;
    const struct uuid *id;
    int64_t limit;
};
/* One JSON document a row (column 0), newest first; column 1 is the id. */
struct db_rows *alert_list(struct db *db, const struct alert_filter *filter, struct error *err);
