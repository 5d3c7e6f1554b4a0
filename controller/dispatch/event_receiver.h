/* event_receiver.h - agents' journal records into the database: one transaction for the batches of
 * many sessions and their streams' positions. What a record says of a task counts only for a task
 * granted to that site; all else is dropped, counted, audited.
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
/* One batch on its way: from record 'at' on, which moves past all that is committed. */
struct event_batch {
    const struct live_session *from; /* borrowed, both */
    const struct session_batch *batch;
    size_t at;
    bool without_report; /* a RESULT does not wait for its report */
    enum event_progress progress;
    struct event_counts counts;
};
/* All of them in one transaction, in the order given (one session's in the order of its stream): a
 * stale or waiting session holds nobody up. -1: the database, and nothing of them is committed. A
 * RESULT goes without its report when all bulk of before HELLO has come and the RESULT is of before
 * HELLO too, or 'without_report'. */
int event_receiver_take(struct db *db, struct event_batch *batches, size_t count,
                        struct error *err);
/* Was it a record that the database cannot take? Memory, a lock or a disk that is waited for, a
 * right or a table that is missing is no fault of a record: it comes again until that is mended. */
bool event_receiver_is_records_fault(const struct db *db, const struct error *why);
/* One by one, so that a record that cannot be taken does not hold up the others: its number is used
 * up, and an audit row says why. -1: the database; what 'at' says is committed stays so. */
int event_receiver_take_singly(struct db *db, struct event_batch *batch, struct error *err);
