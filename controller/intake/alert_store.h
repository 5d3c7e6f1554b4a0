/* alert_store.h - rows of tables alert and alert_identity, a column an array. Everything
 * runs inside the caller's transaction, for its tenant.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct alert_item;
struct alert_receipt;
struct db;
struct error;

/* Where a batch comes from. */
struct alert_origin {
    struct uuid tenant, source;
    const char *source_name, *cluster, *topic; /* borrowed */
    int32_t partition;
    struct alert_receipt *receipt; /* NULL: a partition of Kafka, with its cursor; else a request */
};

/* Takes the events' identities, in one order for every controller; who comes second is settled as
 * `duplicate`. */
int alert_store_claim(struct db *db, const struct alert_origin *origin, struct alert_item **items,
                      size_t count, struct error *err);

/* All settled. The order number is taken here, after the identities are locked. */
int alert_store_alerts(struct db *db, const struct alert_origin *origin, struct alert_item **items,
                       size_t count, int64_t engine_time_us, struct error *err);

/* cluster/topic/partition/offset, of a request webhook/source/received/digest; and #index behind
 * all but the first of a record; a topic has at most 249 characters. */
#define ALERT_TRIGGER_SIZE 400
void alert_trigger_format(const struct alert_origin *origin, const struct alert_item *item,
                          char out[ALERT_TRIGGER_SIZE]);
