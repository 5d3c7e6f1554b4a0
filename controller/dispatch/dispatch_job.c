/* dispatch_job.c - see dispatch_job.h. */
#include "controller/dispatch/dispatch_job.h"

#include <stdlib.h>

#include "common/error.h"
#include "controller/dispatch/agent_session.h"
#include "proto/frame.h"

struct dispatch_job *dispatch_job_create(enum dispatch_job_kind kind, uint64_t connection,
                                         const struct uuid *agent)
{
    struct dispatch_job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->kind = kind;
    job->connection = connection;
    job->agent = *agent;
    return job;
}

void dispatch_job_free(struct dispatch_job *job)
{
    if (!job)
        return;
    free(job->hello);
    session_batch_free(job->batch);
    free(job);
}

struct dispatch_note *dispatch_note_create(enum dispatch_note_kind kind, uint64_t connection,
                                           const Muster__Frame *frame, struct error *err)
{
    struct dispatch_note *note = calloc(1, sizeof(*note));

    if (!note) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a note");
        return NULL;
    }
    note->kind = kind;
    note->connection = connection;
    if (message_pack(&frame->base, &note->frame, &note->frame_length, err) < 0) {
        free(note);
        return NULL;
    }
    return note;
}

struct dispatch_note *dispatch_note_reject(uint64_t connection, const struct session_reject *reject,
                                           struct error *err)
{
    Muster__Reject message = MUSTER__REJECT__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    message.code = (char *)reject->code;
    message.text = (char *)reject->text;
    message.remedy = (char *)reject->remedy;
    message.retry_ms = reject->retry_ms;
    frame.kind_case = MUSTER__FRAME__KIND_REJECT;
    frame.reject = &message;
    return dispatch_note_create(NOTE_REJECT, connection, &frame, err);
}

static struct dispatch_note *without_frame(enum dispatch_note_kind kind, struct error *err)
{
    struct dispatch_note *note = calloc(1, sizeof(*note));

    if (note)
        note->kind = kind;
    else
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a note");
    return note;
}

struct dispatch_note *dispatch_note_probe(uint64_t connection, struct error *err)
{
    struct dispatch_note *note = without_frame(NOTE_PROBE, err);

    if (note)
        note->connection = connection;
    return note;
}

struct dispatch_note *dispatch_note_check(uint64_t *known, size_t count, struct error *err)
{
    struct dispatch_note *note = without_frame(NOTE_CHECK, err);

    if (!note) {
        free(known);
        return NULL;
    }
    note->known = known;
    note->known_count = count;
    return note;
}

void dispatch_note_free(struct dispatch_note *note)
{
    if (!note)
        return;
    free(note->known);
    free(note->frame);
    free(note);
}
