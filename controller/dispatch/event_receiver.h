/* event_receiver.h - an agent's journal records into the database: one transaction for a batch and
 * the stream's position. What a record says of a task counts only for a task granted to that site;
 * all else is dropped, counted, audited.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/agent_session.h"

struct db;
struct error;

struct event_counts {
    uint64_t records, dropped, orders_refused;
};

enum event_progress {
    EVENTS_DONE,
    EVENTS_WAIT, /* at a RESULT whose report is not whole yet: come again when bulk was committed */
    EVENTS_STALE, /* the position or the fence is elsewhere: another session has gone on, this one
                     is over */
};
/* From record '*at' of the batch on, which moves past all that is committed. -1: the database; what
 * *at says is committed stays so. */
int event_receiver_take(struct db *db, const struct live_session *from,
                        const struct session_batch *batch, size_t *at, enum event_progress *ret,
                        struct event_counts *counts, struct error *err);
