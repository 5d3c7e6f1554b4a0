/* alert_recall.h - an alert that was kept, once more as its rules see it: for what comes due behind
 * it. In the caller's transaction, for its tenant.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "common/ids.h"
#include "controller/decide/alert_moment.h"

struct db;
struct db_rows;
struct error;

struct recalled_alert {
    bool found; /* false: it is older than alerts are kept */
    struct uuid machine;
    struct alert_words words; /* without machine and asset */
    json_t *event, *raw;      /* owned; NULL: it has none */
    /* Its record, and which of its events it is. */
    const char *cluster, *topic;
    int64_t partition, offset, item, record_us;
    uint8_t sha256[32]; /* of the record's value */
};

/* ret[i] is ids[i]; *ret_rows, the caller's, holds its texts. */
int alert_recall(struct db *db, const struct uuid *tenant, const struct uuid *ids, size_t count,
                 struct recalled_alert *ret, struct db_rows **ret_rows, struct error *err);
void alert_recall_clear(struct recalled_alert *alerts, size_t count);
