/* webhook.h - alerts that come by HTTP, through the very transaction that those of Kafka go
 * through. Any thread may bring one; a few are kept at a time. Spec: docs/alert-format.md,
 * "Webhooks"; docs/guarantees.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db_pool;
struct error;
struct mapping_header;
struct webhook;

#define WEBHOOK_KEEPERS 2 /* connections at work */

/* 'pool' (login muster_engine) is borrowed and has WEBHOOK_KEEPERS connections to spare. */
struct webhook *webhook_create(struct db_pool *pool, struct error *err);
void webhook_destroy(struct webhook *webhook); /* nobody is in webhook_take() */

struct webhook_request { /* all borrowed */
    struct uuid tenant, source;
    const char *name; /* what the sender calls the source */
    const char *bytes;
    size_t length;
    const struct mapping_header *headers;
    size_t header_count;
    int64_t now_us;
};
struct webhook_kept {
    int64_t received_us; /* of the first such message */
    int64_t alerts;      /* how many it was */
};

/* 0: committed, now or before. -1: ERROR_NOT_FOUND: no such source, or it takes none by HTTP;
 * ERROR_STALE: it is paused; ERROR_UNAVAILABLE, ERROR_TIMEOUT: nothing was kept, or the commit's
 * answer was lost: come again. */
int webhook_take(struct webhook *webhook, const struct webhook_request *request,
                 struct webhook_kept *ret, struct error *err);

struct webhook_counts {
    uint64_t alerts, tasks, refused, batches, retries;
};
void webhook_read_counts(struct webhook *webhook, struct webhook_counts *ret);
