/* store_records.c - what agents hand over, into the database and acknowledged: the batches of all
 * sessions that have some, together. Invariant: COMMITTED says no more than what a commit holds.
 */
#include "controller/dispatch/store_inside.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "controller/db/db.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/event_receiver.h"

#define TRIES 3 /* of what lost a race in the database, or its connection */
/* Of what waited for a lock, or for a database that stood still, until its time was over: each such
 * wait is 10 s to 30 s of this thread. */
#define TIMEOUT_TRIES 2
/* So many sessions may have their own such wait in a row, then the others come back later. */
#define TIMEOUTS_A_SET 2

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

/* A lost race is run again a few times, a wait that took too long 'timeouts' times in all. */
static int try_set(struct dispatch_store *store, struct event_batch *batches, size_t count,
                   int timeouts, struct error *err)
{
    int rc = -1;

    for (int tried = 0; rc < 0 && tried < TRIES; tried++) {
        error_clear(err);
        rc = event_receiver_take(store->db, batches, count, err);
        if (rc == 0)
            break;
        if (!db_alive(store->db)) {
            if (store_connect(store, NULL) < 0)
                break;
        } else if (err->code == ERROR_TIMEOUT ? --timeouts <= 0 : err->code != ERROR_UNAVAILABLE) {
            break;
        }
    }
    return rc;
}

/* As far as it goes. 'timeouts': how many it may have. */
static int take_alone(struct dispatch_store *store, struct event_batch *one, int timeouts,
                      struct error *err)
{
    if (try_set(store, one, 1, timeouts, err) == 0)
        return 0;
    return event_receiver_is_records_fault(store->db, err)
               ? event_receiver_take_singly(store->db, one, err)
               : -1;
}

/* A machine whose task has ended may be the next one's. */
static bool has_result(const struct session_batch *batch, size_t from, size_t upto)
{
    for (size_t i = from; i < upto; i++)
        if (batch->records[i].message &&
            batch->records[i].message->kind_case == MUSTER__RECORD__KIND_RESULT)
            return true;
    return false;
}

/* Acknowledged as far as it went. -1: the session cannot go on. */
static int acknowledge(struct dispatch_store *store, struct live *live,
                       const struct event_batch *one, size_t from, struct error *err)
{
    store_add(store, COUNT_RECORDS, one->counts.records);
    store_add(store, COUNT_DROPPED, one->counts.dropped);
    store_add(store, COUNT_REFUSED, one->counts.orders_refused);
    if (has_result(one->batch, from, one->at))
        store_look_for(store, &live->session.site);
    return note_committed(store, live, one->batch, from, one->at, err);
}

/* Facts that waited for a report; of those that came before 'lost_ms' it does not come any more. */
static int go_on(struct dispatch_store *store, struct live *live, int64_t lost_ms,
                 struct error *err)
{
    while (live->waiting) {
        struct waiting_batch *item = live->waiting;
        struct event_batch one = {.from = &live->session,
                                  .batch = item->batch,
                                  .at = item->at,
                                  .without_report = item->since_ms <= lost_ms};
        size_t before = item->at;
        int rc = take_alone(store, &one, TIMEOUT_TRIES, err);

        item->at = one.at; /* also of a try that failed in the middle: this much is committed */
        if (acknowledge(store, live, &one, before, rc < 0 ? NULL : err) < 0 || rc < 0)
            return -1;
        if (one.progress == EVENTS_STALE) {
            store_end_stale(store, live);
            return 0;
        }
        if (one.progress == EVENTS_WAIT)
            return 0;
        live_waited(live);
    }
    return 0;
}

/* Whose report does not come: the agent has said no bulk at all since it said the RESULT, for so
 * long that it has none left. What it said meanwhile and nobody has looked at yet may be bulk. */
int store_look_after_waiting(struct dispatch_store *store, int64_t now_ms, struct error *err)
{
    int64_t lost_ms = now_ms - EVENT_REPORT_PATIENCE_MS;

    if (store->behind)
        return 0;
    for (struct live *live = live_sessions_first(store->sessions), *next; live; live = next) {
        struct error why = {0};

        next = live->next;
        if (!live->waiting || live->waiting->since_ms > lost_ms || live->bulk_ms > lost_ms ||
            live->failed_ms > lost_ms)
            continue;
        if (go_on(store, live, lost_ms, &why) == 0)
            continue;
        if (!db_alive(store->db)) {
            *err = why;
            return -1;
        }
        live->failed_ms = now_ms;
        /* In nobody else's way; it is tried again. */
        log_warn(STORE_ROOM, "facts that waited for a report wait on", "agent=%s reason=%s",
                 live->session.name, log_quote(error_text(&why)));
    }
    return 0;
}

static int begin_waiting(struct live *live, struct dispatch_job *job, size_t at, struct error *err)
{
    if (live_wait(live, job->batch, at, clock_monotonic_ms(), err) < 0)
        return -1;
    job->batch = NULL;
    return 0;
}

/* ---- a set ---- */

/* A job's batch on its way. */
struct under_way {
    struct dispatch_job *job;
    struct error why;
    bool failed;
};

/* What a batch has come to is told to its session, if that is still there. */
static int tell(struct dispatch_store *store, struct dispatch_job *job,
                const struct event_batch *one, struct error *err)
{
    struct live *live = live_sessions_of_connection(store->sessions, job->connection);

    if (!live)
        return 0; /* it ended with a batch before this one */
    if (acknowledge(store, live, one, 0, err) < 0)
        return -1;
    if (one->progress == EVENTS_STALE) {
        store_end_stale(store, live);
        return 0;
    }
    if (one->progress == EVENTS_WAIT)
        return begin_waiting(live, job, one->at, err);
    if (one->batch->stream == MUSTER__STREAM__BULK) {
        live->bulk_ms = clock_monotonic_ms();
        live->wakes = true;
    }
    return 0;
}

/* Does an earlier batch of the same session keep this one back? Its place would be called stale. */
static const struct under_way *held_up_by(const struct under_way *list,
                                          const struct event_batch *batches, size_t at)
{
    for (size_t i = at; i-- > 0;)
        if (batches[i].from == batches[at].from &&
            (list[i].failed || (batches[i].progress == EVENTS_WAIT &&
                                batches[i].batch->stream == batches[at].batch->stream)))
            return &list[i];
    return NULL;
}

/* One session's trouble is no other's. */
static void take_each(struct dispatch_store *store, struct under_way *list,
                      struct event_batch *batches, size_t count)
{
    int timeouts = 0;

    for (size_t i = 0; i < count; i++) {
        const struct under_way *before = held_up_by(list, batches, i);

        batches[i].progress = EVENTS_WAIT;
        if (before && !before->failed)
            continue;
        /* A connection that died was tried anew by then: each try may take its whole time. */
        if (before || timeouts >= TIMEOUTS_A_SET || !db_alive(store->db)) {
            error_set_code(&list[i].why, ERROR_UNAVAILABLE, "the database is behind");
            list[i].failed = true;
            continue;
        }
        list[i].failed = take_alone(store, &batches[i], TIMEOUT_TRIES - 1, &list[i].why) < 0;
        timeouts += list[i].failed && list[i].why.code == ERROR_TIMEOUT;
    }
}

static void take_together(struct dispatch_store *store, struct under_way *list,
                          struct event_batch *batches, size_t count)
{
    struct error err = {0};

    if (count == 1) {
        list[0].failed = take_alone(store, &batches[0], TIMEOUT_TRIES, &list[0].why) < 0;
        return;
    }
    if (try_set(store, batches, count, 1, &err) == 0)
        return;
    log_info(STORE_ROOM, "a set of batches is taken one by one", "batches=%zu reason=%s", count,
             log_quote(error_text(&err)));
    take_each(store, list, batches, count);
}

/* Of what one connection says behind its session's end, once a set: it is told then. */
static bool is_first_of_its_connection(struct dispatch_job *const *jobs, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (jobs[i]->connection == jobs[at]->connection)
            return false;
    return true;
}

/* What waits behind a RESULT goes there, what is of no session any more is left; the others make
 * the set. One that fails stands in the list as failed: its session lives until the set is told,
 * since other batches are 'from' it. */
static size_t choose(struct dispatch_store *store, struct dispatch_job **jobs, size_t count,
                     struct under_way *list, size_t *ret_failed, struct event_batch *batches)
{
    size_t chosen = 0, failed = 0;

    for (size_t i = 0; i < count; i++) {
        struct live *live = live_sessions_of_connection(store->sessions, jobs[i]->connection);
        struct under_way way = {.job = jobs[i]};

        if (!live) { /* the records come again in its next session */
            if (is_first_of_its_connection(jobs, i))
                store_end_unknown(store, jobs[i]->connection);
            continue;
        }
        if (jobs[i]->batch->stream == MUSTER__STREAM__FACTS && live->waiting) {
            way.failed = begin_waiting(live, jobs[i], 0, &way.why) < 0;
            if (way.failed)
                list[count - ++failed] = way;
            continue;
        }
        list[chosen] = way;
        batches[chosen++] = (struct event_batch){.from = &live->session, .batch = jobs[i]->batch};
    }
    *ret_failed = failed;
    return chosen;
}

static void tell_one(struct dispatch_store *store, struct under_way *way,
                     const struct event_batch *one)
{
    struct error err = {0};

    if (!way->failed) {
        way->failed = tell(store, way->job, one, &way->why) < 0;
    } else {
        struct live *live = live_sessions_of_connection(store->sessions, way->job->connection);

        if (live && acknowledge(store, live, one, 0, &err) < 0)
            log_warn(STORE_ROOM, "COMMITTED not sent", "reason=%s", log_quote(error_text(&err)));
    }
    if (way->failed)
        store_fail_job(store, way->job, &way->why);
}

/* Of which session was there bulk? Once each, and behind all of the set: facts that came behind the
 * bulk may have begun to wait only when they were told, and nobody else would wake them. */
static void wake(struct dispatch_store *store, const struct under_way *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct live *live = live_sessions_of_connection(store->sessions, list[i].job->connection);
        struct error err = {0};

        if (!live || !live->wakes)
            continue;
        live->wakes = false;
        if (go_on(store, live, INT64_MIN, &err) < 0)
            store_fail_job(store, list[i].job, &err);
    }
}

void store_on_records(struct dispatch_store *store, struct dispatch_job **jobs, size_t count)
{
    struct under_way list[STORE_SET_MAX];
    struct event_batch batches[STORE_SET_MAX];
    size_t failed, chosen = choose(store, jobs, count, list, &failed, batches);

    if (chosen > 0)
        take_together(store, list, batches, chosen);
    for (size_t i = 0; i < chosen; i++)
        tell_one(store, &list[i], &batches[i]);
    for (size_t i = count - failed; i < count; i++)
        store_fail_job(store, list[i].job, &list[i].why);
    wake(store, list, chosen);
}
