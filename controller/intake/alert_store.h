/* alert_store.h - rows of tables alert, alert_identity and decision, a column an array. Everything
 * runs inside the caller's transaction, for its tenant.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct alert_item;
struct db;
struct error;

/* Where a batch comes from. */
struct alert_origin {
    struct uuid tenant, source;
    const char *source_name, *cluster, *topic; /* borrowed */
    int32_t partition;
};

/* Takes the events' identities, in one order for every controller; who comes second is settled as
 * `duplicate`. */
int alert_store_claim(struct db *db, const struct alert_origin *origin, struct alert_item **items,
                      size_t count, struct error *err);

/* All settled. The order number is taken here, after the identities are locked. */
int alert_store_alerts(struct db *db, const struct alert_origin *origin, struct alert_item **items,
                       size_t count, int64_t engine_time_us, struct error *err);

struct decision_row {
    struct uuid id, alert, rule, task; /* task nil: none */
    int64_t rule_version;
    const char *outcome; /* static: boot | outranked | refused */
    char *reason;        /* owned by the list */
    char key[UUID_TEXT_SIZE];
    int64_t offset;
};
struct decision_rows {
    struct decision_row *rows;
    size_t count, room;
};
/* Appends; 'reason' is copied. */
int decision_rows_add(struct decision_rows *rows, const struct decision_row *row,
                      const char *reason, struct error *err);
void decision_rows_clear(struct decision_rows *rows);
int alert_store_decisions(struct db *db, const struct alert_origin *origin,
                          const struct decision_rows *rows, struct error *err);

#define ALERT_TRIGGER_SIZE                                                                         \
    400 /* cluster/topic/partition/offset; a topic has at most 249 characters */
void alert_trigger_format(const struct alert_origin *origin, int64_t offset,
                          char out[ALERT_TRIGGER_SIZE]);
