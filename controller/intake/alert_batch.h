/* alert_batch.h - the one transaction: cursor, alerts, dispositions, decisions, tasks and audit
 * rows of a batch of records of one partition, or nothing of it. Spec: docs/guarantees.md,
 * "Alerts"; docs/alert-format.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "controller/intake/alert_store.h"
#include "controller/intake/kafka_cursor.h"
#include "rules/mapping/mapping_run.h"

struct alert_batch;
struct alert_item;
struct db;
struct error;

#define ALERT_BATCH_MAX 2000 /* alerts: one statement a table, well below a second */
/* Those of one record are not parted: the last record may bring more. */
#define ALERT_ITEMS_MAX (ALERT_BATCH_MAX + MAPPING_EVENTS_MAX)

struct alert_partition {
    struct alert_origin origin;
    struct kafka_cursor cursor; /* opened */
    unsigned refused_in_row;    /* single records that the database refused, one after the other */
};

struct alert_counts {
    uint64_t alerts, tasks, refused, batches, retries; /* added to */
};

/* What is kept between batches (rule books by tenant). One thread uses it at a time. */
struct alert_batch *alert_batch_create(struct error *err);
void alert_batch_destroy(struct alert_batch *batch);

/* Keeps the records that the prepared items are of (all of each), in order of offset, at most
 * ALERT_ITEMS_MAX; those below the cursor were kept before. 'now_us' is our clock. 1: kept. 0:
 * another consumer owns the partition: nothing was kept, discard everything of it; of a request
 * (origin.receipt): it was kept before. -1:
 * ERROR_UNAVAILABLE or ERROR_TIMEOUT: come again with the same items, whatever was kept of them;
 * any other code: the partition must halt, 'err' is the reason.
 */
int alert_batch_keep(struct alert_batch *batch, struct db *db, struct alert_partition *partition,
                     struct alert_item **items, size_t count, int64_t now_us,
                     struct alert_counts *counts, struct error *err);
