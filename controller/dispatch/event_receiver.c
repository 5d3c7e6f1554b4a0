/* event_receiver.c - see event_receiver.h. Invariant: a stream's place moves in the transaction
 * that holds the effects of the records before it, from where the batch begins and by the session's
 * owner only. */
#include "controller/dispatch/event_receiver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/dispatch/event_receiver.sql.h"
#include "controller/dispatch/event_record.h"
#include "controller/tasks/task_book.h"
#include "proto/frame.h"

#define ROOM "dispatch"

/* ---- one transaction ---- */

static uint64_t position_before(const struct session_batch *batch, size_t at)
{
    return at == 0 ? batch->first - 1 : batch->records[at - 1].upto;
}

/* A session's place in both streams, as the transaction has locked and moved it. */
struct position {
    const struct live_session *from;
    uint64_t facts, bulk;
    bool owned;   /* it is ours, and so is its journal */
    bool waiting; /* its facts go no further in this transaction */
    bool moved;
};

struct taking {
    struct db *db;
    struct task_book *book;
    struct event_batch *batches;
    size_t *ends; /* of each batch: behind the last record that was taken */
    size_t count;
    struct position *positions;
    size_t position_count;
};

static struct position *position_of(const struct taking *in, const struct live_session *from)
{
    for (size_t i = 0; i < in->position_count; i++)
        if (uuid_equal(&in->positions[i].from->agent, &from->agent))
            return &in->positions[i];
    return NULL;
}

static int query_positions(struct taking *in, struct uuid *ids, int64_t *fences, struct error *err)
{
    size_t count = in->position_count;
    struct db_rows *rows;

    for (size_t i = 0; i < count; i++) {
        ids[i] = in->positions[i].from->agent;
        ids[count + i] = in->positions[i].from->journal;
        fences[i] = in->positions[i].from->fence;
    }
    rows = db_query(in->db, SQL_EVENT_POSITIONS, err, "UUI", count, ids, count, ids + count, count,
                    fences);
    for (size_t i = 0; rows && i < db_rows_count(rows); i++) {
        const struct live_session found = {.agent = db_uuid(rows, i, 0)};
        struct position *at = position_of(in, &found);

        at->owned = true;
        at->facts = (uint64_t)db_int(rows, i, 1);
        at->bulk = (uint64_t)db_int(rows, i, 2);
    }
    db_rows_destroy(rows);
    return rows ? 0 : -1;
}

static int lock_positions(struct taking *in, struct error *err)
{
    struct uuid *ids = calloc(2 * in->count + 1, sizeof(*ids));
    int64_t *fences = calloc(in->count + 1, sizeof(*fences));
    int rc;

    for (size_t i = 0; i < in->count; i++)
        if (!position_of(in, in->batches[i].from))
            in->positions[in->position_count++].from = in->batches[i].from;
    rc = ids && fences ? query_positions(in, ids, fences, err) : error_no_memory(err);
    free(ids);
    free(fences);
    return rc;
}

static int move_positions(struct taking *in, struct error *err)
{
    struct uuid *ids = calloc(in->position_count + 1, sizeof(*ids));
    int64_t *numbers = calloc(2 * in->position_count + 1, sizeof(*numbers));
    size_t count = in->position_count, moved = 0;
    int rc = -1;

    for (size_t i = 0; ids && numbers && i < count; i++)
        if (in->positions[i].moved) {
            ids[moved] = in->positions[i].from->agent;
            numbers[moved] = (int64_t)in->positions[i].facts;
            numbers[count + moved++] = (int64_t)in->positions[i].bulk;
        }
    if (!ids || !numbers)
        error_no_memory(err);
    else
        rc = db_execute(in->db, SQL_EVENT_MOVED, err, "UII", moved, ids, moved, numbers, moved,
                        numbers + count);
    free(ids);
    free(numbers);
    return rc < 0 ? -1 : 0;
}

/* Which tasks the records name, asked for together. Bulk locks none. */
static int read_ahead(struct taking *in, Muster__Stream stream, struct error *err)
{
    struct task_named *named;
    size_t room = 0, count = 0;
    int rc;

    for (size_t i = 0; i < in->count; i++)
        room += in->batches[i].batch->stream == stream ? in->batches[i].batch->count : 0;
    if (room == 0)
        return 0;
    if (!(named = calloc(room, sizeof(*named))))
        return error_no_memory(err);
    for (size_t i = 0; i < in->count; i++) {
        const struct session_batch *batch = in->batches[i].batch;

        for (size_t at = in->batches[i].at; batch->stream == stream && at < batch->count; at++) {
            const Muster__Record *message = batch->records[at].message;

            if (message && message_uuid(&message->task_id, "", &named[count].task, NULL) == 0) {
                named[count].site = in->batches[i].from->site;
                named[count++].epoch = message->epoch;
            }
        }
    }
    rc = task_book_read(in->book, named, count, stream == MUSTER__STREAM__FACTS, err);
    free(named);
    return rc;
}

/* The records of one batch up to 'end'; its session's place moves with them. */
static int take_one(struct taking *in, size_t number, size_t end, struct error *err)
{
    struct event_batch *one = &in->batches[number];
    const struct session_batch *batch = one->batch;
    bool is_fact = batch->stream == MUSTER__STREAM__FACTS;
    struct position *position = position_of(in, one->from);
    uint64_t *place = is_fact ? &position->facts : &position->bulk;
    struct event_record_reader records =
        event_record_begin(in->book, one->from, one->without_report);
    size_t at = one->at;
    int rc = 0;

    in->ends[number] = at;
    one->progress = EVENTS_WAIT;
    if (is_fact && position->waiting)
        return 0;
    one->progress = EVENTS_STALE;
    if (!position->owned || *place != position_before(batch, at))
        return 0;
    while (at < end && rc == 0 &&
           (rc = event_record_apply(&records, &batch->records[at], is_fact, err)) == 0)
        at++;
    if (rc < 0)
        return -1;
    one->progress = rc == EVENT_RECORD_WAIT ? EVENTS_WAIT : EVENTS_DONE;
    position->waiting |= rc == EVENT_RECORD_WAIT;
    records.counts.records -= rc == EVENT_RECORD_WAIT;
    if (at > one->at) {
        position->moved = true;
        *place = batch->records[at - 1].upto;
        in->ends[number] = at;
    }
    one->counts = records.counts;
    return 0;
}

static int commit(struct taking *in, struct error *err)
{
    bool any = false;

    for (size_t i = 0; i < in->position_count; i++)
        any |= in->positions[i].moved;
    if (!any)
        return 0; /* nothing yet */
    if (task_book_write(in->book, err) < 0 || move_positions(in, err) < 0)
        return -1;
    FAULT_POINT("musterd_records_before_commit");
    if (db_commit(in->db, err) < 0)
        return -1;
    FAULT_POINT("musterd_records_committed");
    return 0;
}

static int take(struct taking *in, const size_t *upto, struct error *err)
{
    if (lock_positions(in, err) < 0 || read_ahead(in, MUSTER__STREAM__FACTS, err) < 0 ||
        read_ahead(in, MUSTER__STREAM__BULK, err) < 0)
        return -1;
    for (size_t i = 0; i < in->count; i++)
        if (take_one(in, i, upto ? *upto : in->batches[i].batch->count, err) < 0)
            return -1;
    return commit(in, err);
}

/* With 'upto' no batch goes beyond that record. */
static int take_set(struct db *db, struct event_batch *batches, size_t count, const size_t *upto,
                    struct error *err)
{
    struct taking in = {.db = db, .batches = batches, .count = count};
    int rc = -1;

    in.ends = calloc(count + 1, sizeof(*in.ends));
    in.positions = calloc(count + 1, sizeof(*in.positions));
    for (size_t i = 0; i < count; i++)
        batches[i].counts = (struct event_counts){0};
    if (!in.ends || !in.positions)
        error_no_memory(err);
    else if (db_begin(db, err) == 0 && (in.book = task_book_create(db, err)))
        rc = take(&in, upto, err);
    task_book_destroy(in.book);
    db_rollback(db); /* what is committed is */
    for (size_t i = 0; i < count; i++) {
        if (rc == 0)
            batches[i].at = in.ends[i];
        else
            batches[i].counts = (struct event_counts){0};
    }
    free(in.ends);
    free(in.positions);
    return rc;
}

int event_receiver_take(struct db *db, struct event_batch *batches, size_t count, struct error *err)
{
    return count == 0 ? 0 : take_set(db, batches, count, NULL, err);
}

/* ---- one by one ---- */

static int skip(struct taking *in, const struct error *why, struct error *err)
{
    struct event_batch *one = in->batches;
    const struct session_record *record = &one->batch->records[one->at];
    bool is_fact = one->batch->stream == MUSTER__STREAM__FACTS;
    struct event_record_reader records = event_record_begin(in->book, one->from, false);
    struct position *position = in->positions;
    uint64_t *place = is_fact ? &position->facts : &position->bulk;

    if (lock_positions(in, err) < 0)
        return -1;
    one->progress = EVENTS_STALE;
    if (!position->owned || *place != position_before(one->batch, one->at))
        return 0;
    if (event_record_skip(&records, record, is_fact, error_text(why), err) < 0)
        return -1;
    one->progress = EVENTS_DONE;
    *place = record->upto;
    position->moved = true;
    return commit(in, err);
}

/* A record that the database refuses. */
static int skip_one(struct db *db, struct event_batch *one, const struct error *why,
                    struct error *err)
{
    struct position position = {0};
    struct taking in = {.db = db, .batches = one, .count = 1, .positions = &position};
    int rc = -1;

    log_warn(ROOM, "record dropped", "agent=%s record=%" PRIu64 " reason=%s", one->from->name,
             one->batch->records[one->at].first, log_quote(error_text(why)));
    if (db_begin(db, err) == 0 && (in.book = task_book_create(db, err)))
        rc = skip(&in, why, err);
    task_book_destroy(in.book);
    db_rollback(db);
    if (rc == 0 && one->progress == EVENTS_DONE) {
        one->at++;
        one->counts = (struct event_counts){.records = 1, .dropped = 1};
    }
    return rc;
}

bool event_receiver_is_records_fault(const struct db *db, const struct error *why)
{
    static const char *const classes[] = {"21", "22", "23", "54", "MU", "P0"};

    if (why->code == ERROR_UNAVAILABLE || why->code == ERROR_TIMEOUT || !db_alive(db))
        return false;
    if (!why->sqlstate[0])
        return true; /* ours: what it says does not fit what is there */
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strncmp(why->sqlstate, classes[i], 2) == 0)
            return true;
    return false;
}

static void add_counts(struct event_counts *to, const struct event_counts *more)
{
    to->records += more->records;
    to->dropped += more->dropped;
    to->orders_refused += more->orders_refused;
}

int event_receiver_take_singly(struct db *db, struct event_batch *one, struct error *err)
{
    struct event_counts counts = {0};
    int rc = 0;

    one->progress = EVENTS_DONE;
    while (rc == 0 && one->at < one->batch->count && one->progress == EVENTS_DONE) {
        size_t upto = one->at + 1;
        struct error why = {0};

        rc = take_set(db, one, 1, &upto, &why);
        if (rc < 0 && event_receiver_is_records_fault(db, &why))
            rc = skip_one(db, one, &why, err);
        else if (rc < 0 && err)
            *err = why;
        if (rc == 0)
            add_counts(&counts, &one->counts);
    }
    one->counts = counts;
    return rc;
}
