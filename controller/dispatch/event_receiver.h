/* event_receiver.h - an agent's journal records into the database: one transaction for a batch and
 * the stream's position. What a record says of a task counts only for a task granted to that site;
 * all else is dropped, counted, audited.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/agent_session.h"

struct db;
struct error;

/* How long a RESULT waits for its report while no bulk comes at all: then it is gone, as after the
 * restore of an older database, which asks for chunks that the agent has deleted. */
#define EVENT_REPORT_PATIENCE_MS 30000

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
 * *at says is committed stays so. A RESULT goes without its report when all bulk of before HELLO
 * has come and the RESULT is of before HELLO too, or 'without_report'. */
int event_receiver_take(struct db *db, const struct live_session *from,
                        const struct session_batch *batch, size_t *at, enum event_progress *ret,
                        struct event_counts *counts, bool without_report, struct error *err);
