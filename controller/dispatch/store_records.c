/* store_records.c - what agents hand over, into the database and acknowledged. Invariant: COMMITTED
 * says no more than what a commit holds.
 */
#include "controller/dispatch/store_inside.h"

#include "common/clock.h"
#include "common/error.h"
#include "controller/db/db.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/event_receiver.h"

#define TRIES 3 /* of a batch that lost a race in the database, or its connection */

static int note_committed(struct dispatch_store *store, struct live *live,
                          const struct session_batch *batch, size_t from, size_t upto,
                          struct error *err)
{
    Muster__Committed committed = MUSTER__COMMITTED__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    struct dispatch_note *note;

    if (upto == from)
        return 0;
    committed.stream = batch->stream;
    committed.upto = batch->records[upto - 1].upto;
    if (batch->stream == MUSTER__STREAM__FACTS)
        live->session.facts_committed = committed.upto;
    else
        live->session.bulk_committed = committed.upto;
    frame.kind_case = MUSTER__FRAME__KIND_COMMITTED;
    frame.committed = &committed;
    note = dispatch_note_create(NOTE_COMMITTED, live->connection, &frame, err);
    if (!note)
        return -1;
    note->stream = batch->stream;
    note->records = upto - from;
    for (size_t i = from; i < upto; i++)
        note->bytes += batch->records[i].length;
    return store_note(store, note, err);
}

/* As far as it goes, acknowledged as far as it went. A lost race is run again a few times, and so is
 * what a database that stood still had ended when it went on: no agent loses its session by it. */
static int take_batch(struct dispatch_store *store, struct live *live,
                      const struct session_batch *batch, size_t *at, enum event_progress *progress,
                      bool without_report, struct error *err)
{
    struct event_counts counts = {0};
    size_t from = *at;
    int rc = -1;

    for (int tried = 0; rc < 0 && tried < TRIES; tried++) {
        error_clear(err);
        rc = event_receiver_take(store->db, &live->session, batch, at, progress, &counts,
                                 without_report, err);
        if (rc < 0 && !db_alive(store->db) && store_connect(store, NULL) < 0)
            break;
    }
    store_add(store, COUNT_RECORDS, counts.records);
    store_add(store, COUNT_DROPPED, counts.dropped);
    store_add(store, COUNT_REFUSED, counts.orders_refused);
    if (note_committed(store, live, batch, from, *at, rc < 0 ? NULL : err) < 0)
        return -1;
    return rc;
}

/* Facts that waited for a report. */
static int go_on(struct dispatch_store *store, struct live *live, bool without_report,
                 struct error *err)
{
    while (live->waiting) {
        enum event_progress progress;

        if (take_batch(store, live, live->waiting->batch, &live->waiting->at, &progress,
                       without_report, err) < 0)
            return -1;
        if (progress == EVENTS_STALE) {
            store_end_stale(store, live);
            return 0;
        }
        if (progress == EVENTS_WAIT)
            return 0;
        live_waited(live);
    }
    return 0;
}

/* Whose report does not come: the agent says no bulk at all, so it has none left. */
int store_look_after_waiting(struct dispatch_store *store, int64_t now_ms, struct error *err)
{
    for (struct live *live = live_sessions_first(store->sessions), *next; live; live = next) {
        next = live->next;
        if (live->waiting && now_ms - live->bulk_ms >= EVENT_REPORT_PATIENCE_MS) {
            live->bulk_ms = now_ms;
            if (go_on(store, live, true, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int begin_waiting(struct live *live, struct session_batch *batch, size_t at,
                         struct error *err)
{
    if (!live->waiting)
        live->bulk_ms = clock_monotonic_ms();
    return live_wait(live, batch, at, err);
}

int store_on_records(struct dispatch_store *store, struct dispatch_job *job, struct error *err)
{
    struct live *live = live_sessions_of_connection(store->sessions, job->connection);
    struct session_batch *batch = job->batch;
    enum event_progress progress = EVENTS_DONE;
    size_t at = 0;

    if (!live)
        return 0; /* its session is over; the records come again in the next */
    if (batch->stream == MUSTER__STREAM__FACTS && live->waiting) {
        job->batch = NULL;
        return live_wait(live, batch, 0, err);
    }
    if (take_batch(store, live, batch, &at, &progress, false, err) < 0)
        return -1;
    if (progress == EVENTS_STALE) {
        store_end_stale(store, live);
    } else if (progress == EVENTS_WAIT) {
        job->batch = NULL;
        return begin_waiting(live, batch, at, err);
    } else if (batch->stream == MUSTER__STREAM__BULK) {
        live->bulk_ms = clock_monotonic_ms();
        return go_on(store, live, false, err);
    }
    return 0;
}
