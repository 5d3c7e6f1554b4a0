/* dispatch_job.h - what the socket's thread and the database's thread of dispatch hand each other.
 * Ownership moves with the item. A connection is named by a number that is never used again; what
 * is addressed to one that is gone is dropped.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "proto/fleet.pb-c.h"

struct session_batch;
struct session_hello;
struct session_reject;
struct error;

/* Socket -> database, in the order in which things happened on a connection. */
enum dispatch_job_kind {
    JOB_HELLO,   /* 'hello': answer with NOTE_WELCOME or NOTE_REJECT */
    JOB_RESUMED, /* orders may go */
    JOB_RECORDS, /* 'batch': answer with NOTE_COMMITTED or NOTE_REJECT */
    JOB_CLOSED,
    JOB_CLONED, /* two live boot ids say they are this agent */
    JOB_POSED,  /* this agent's key said that it is another agent */
};
struct dispatch_job {
    enum dispatch_job_kind kind;
    uint64_t connection;
    struct uuid agent;
    struct session_hello *hello;
    struct session_batch *batch;
};
struct dispatch_job *dispatch_job_create(enum dispatch_job_kind kind, uint64_t connection,
                                         const struct uuid *agent);
void dispatch_job_free(struct dispatch_job *job);

/* Database -> socket. */
enum dispatch_note_kind {
    NOTE_WELCOME,   /* opens the session with the numbers below */
    NOTE_FRAME,     /* send it: an order, a renewing WELCOME */
    NOTE_COMMITTED, /* send it; the window has room for 'records' and 'bytes' more */
    NOTE_REJECT,    /* send it and forget the connection */
    NOTE_PROBE,     /* a run of the agent that was replaced: is it alive? JOB_CLONED if it is */
    NOTE_CHECK, /* 'known' are live for the database's thread: JOB_CLOSED for each that is gone */
};
struct dispatch_note {
    enum dispatch_note_kind kind;
    uint64_t connection;
    uint8_t *frame; /* packed */
    size_t frame_length;
    struct uuid session;
    uint64_t facts_committed, bulk_committed; /* NOTE_WELCOME */
    Muster__Stream stream;                    /* NOTE_COMMITTED */
    size_t records, bytes;
    uint64_t *known; /* NOTE_CHECK */
    size_t known_count;
};
/* 'frame' is packed into the note. NULL with 'err': memory, or larger than a frame may be. */
struct dispatch_note *dispatch_note_create(enum dispatch_note_kind kind, uint64_t connection,
                                           const Muster__Frame *frame, struct error *err);
struct dispatch_note *dispatch_note_reject(uint64_t connection, const struct session_reject *reject,
                                           struct error *err);
struct dispatch_note *dispatch_note_probe(uint64_t connection, struct error *err);
/* Takes 'known'. */
struct dispatch_note *dispatch_note_check(uint64_t *known, size_t count, struct error *err);
void dispatch_note_free(struct dispatch_note *note);
