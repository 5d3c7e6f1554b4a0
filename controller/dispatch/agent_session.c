/* agent_session.c - see agent_session.h. Invariant: a record is handed on only in state OPEN, once,
 * and in the order of its stream; what is under way never exceeds the window by more than one
 * record.
 */
#include "controller/dispatch/agent_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

#define RETRY_MS 2000 /* the agent adds its own jitter */

enum state { STATE_NEW, STATE_GREETED, STATE_WELCOMED, STATE_OPEN };

struct stream {
    uint64_t next;         /* the number that must come next */
    size_t records, bytes; /* handed on, not committed yet */
};

struct agent_session {
    enum state state;
    struct uuid agent, boot, id;
    struct stream facts, bulk;
    int64_t heard_ms, pinged_ms;
    uint64_t ping_number;
};

void session_batch_free(struct session_batch *batch)
{
    if (!batch)
        return;
    for (size_t i = 0; i < batch->count; i++)
        message_free(batch->records[i].message);
    free(batch->records);
    message_free(batch->frame);
    free(batch);
}

struct agent_session *agent_session_create(const struct uuid *agent, int64_t now_ms,
                                           struct error *err)
{
    struct agent_session *session = calloc(1, sizeof(*session));

    if (!session) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a session");
        return NULL;
    }
    session->agent = *agent;
    session->heard_ms = session->pinged_ms = now_ms;
    return session;
}

void agent_session_destroy(struct agent_session *session)
{
    free(session);
}

static void over(struct session_outcome *ret, const char *code, const char *remedy,
                 uint32_t retry_ms, const char *text)
{
    ret->verdict = SESSION_OVER;
    ret->reject.code = code;
    ret->reject.remedy = remedy;
    ret->reject.retry_ms = retry_ms;
    snprintf(ret->reject.text, sizeof(ret->reject.text), "%s", text);
}

static void over_starved(struct session_outcome *ret)
{
    over(ret, "busy", "nothing: the agent comes back", RETRY_MS, "out of memory");
}

static void out_of_place(struct session_outcome *ret, const char *text)
{
    over(ret, "protocol_error", "say HELLO again", RETRY_MS, text);
}

/* ---- HELLO ---- */

static int copy_name(const char *name, const char *field, char out[SESSION_NAME_MAX + 1],
                     struct error *err)
{
    if (strlen(name) > SESSION_NAME_MAX)
        return error_set_code(err, ERROR_INVALID, "%s is longer than %d bytes", field,
                              SESSION_NAME_MAX);
    strcpy(out, name);
    return 0;
}

static int read_hello(const Muster__Hello *from, struct session_hello *to, struct error *err)
{
    if (message_uuid(&from->agent_id, "Hello.agent_id", &to->agent, err) < 0 ||
        message_uuid(&from->site_id, "Hello.site_id", &to->site, err) < 0 ||
        message_uuid(&from->journal_id, "Hello.journal_id", &to->journal, err) < 0 ||
        message_uuid(&from->boot_id, "Hello.boot_id", &to->boot, err) < 0 ||
        copy_name(from->software, "Hello.software", to->software, err) < 0)
        return -1;
    if (from->nonce.len != sizeof(to->nonce))
        return error_set_code(err, ERROR_INVALID, "Hello.nonce has %zu bytes, not 32",
                              from->nonce.len);
    memcpy(to->nonce, from->nonce.data, sizeof(to->nonce));
    if (from->n_features > SESSION_FEATURES_MAX)
        return error_set_code(err, ERROR_INVALID, "Hello.features names more than %d",
                              SESSION_FEATURES_MAX);
    for (; to->feature_count < from->n_features; to->feature_count++)
        if (copy_name(from->features[to->feature_count], "Hello.features",
                      to->features[to->feature_count], err) < 0)
            return -1;
    if (from->facts_head > INT64_MAX || from->bulk_head > INT64_MAX ||
        from->highest_epoch > INT64_MAX)
        return error_set_code(err, ERROR_INVALID, "a head or epoch of Hello is beyond all numbers");
    to->facts_head = from->facts_head;
    to->bulk_head = from->bulk_head;
    to->highest_epoch = from->highest_epoch;
    to->manifest_version = from->manifest_version;
    return 0;
}

static void on_hello(struct agent_session *session, const Muster__Hello *message,
                     struct session_outcome *ret)
{
    struct session_hello *hello;
    struct error err = {0};

    if (session->state != STATE_NEW) {
        out_of_place(ret, "a second HELLO on one connection");
        return;
    }
    if (message->protocol_min > PROTOCOL_VERSION || message->protocol_max < PROTOCOL_VERSION) {
        over(ret, "protocol_unsupported", "install an agent of the controller's release", 60000,
             "this controller speaks protocol 1");
        return;
    }
    hello = calloc(1, sizeof(*hello));
    if (!hello || read_hello(message, hello, &err) < 0) {
        over(ret, "protocol_error", "report this agent's version", 60000,
             hello ? error_text(&err) : "out of memory");
        free(hello);
        return;
    }
    if (!uuid_equal(&hello->agent, &session->agent)) {
        over(ret, "unknown_agent",
             "set agent.id to the id that `muster agent add` gave for these keys", 60000,
             "HELLO names another agent than its key belongs to");
        free(hello);
        return;
    }
    session->boot = hello->boot;
    session->state = STATE_GREETED;
    ret->verdict = SESSION_GREETED;
    ret->hello = hello;
}

void agent_session_welcome(struct agent_session *session, const struct uuid *session_id,
                           uint64_t facts_committed, uint64_t bulk_committed)
{
    session->id = *session_id;
    session->facts.next = facts_committed + 1;
    session->bulk.next = bulk_committed + 1;
    session->state = STATE_WELCOMED;
}

static void on_resume(struct agent_session *session, const Muster__Resume *resume,
                      struct session_outcome *ret)
{
    struct uuid id;

    if (session->state != STATE_WELCOMED ||
        message_uuid(&resume->session_id, "Resume.session_id", &id, NULL) < 0 ||
        !uuid_equal(&id, &session->id))
        out_of_place(ret, "RESUME of no session that was offered");
    else if (resume->facts_from != session->facts.next || resume->bulk_from != session->bulk.next)
        out_of_place(ret, "RESUME does not go on where WELCOME said");
    else {
        session->state = STATE_OPEN;
        ret->verdict = SESSION_RESUMED;
    }
}

/* ---- records ---- */

/* Number and unpack the records that are new. NULL: memory. */
/* NULL: out of memory; 'frame' stays the caller's. */
static struct session_batch *read_batch(Muster__Frame *frame, uint64_t next)
{
    const Muster__Records *from = frame->records;
    struct session_batch *batch = calloc(1, sizeof(*batch));
    uint64_t number = from->first;

    if (!batch || !(batch->records = calloc(from->n_record + 1, sizeof(*batch->records)))) {
        session_batch_free(batch);
        return NULL;
    }
    batch->stream = from->stream;
    for (size_t i = 0; i < from->n_record; i++) {
        struct session_record record = {number, number, NULL, from->record[i].data,
                                        from->record[i].len};
        struct error why = {0};

        record.message =
            message_unpack(&muster__record__descriptor, record.bytes, record.length, &why);
        if (!record.message && why.code == ERROR_UNAVAILABLE) {
            session_batch_free(batch); /* its frame is not yet its own */
            return NULL;
        }
        if (record.message && record.message->kind_case == MUSTER__RECORD__KIND_GAP &&
            record.message->gap->to > number && batch->stream == MUSTER__STREAM__BULK)
            record.upto = record.message->gap->to;
        number = record.upto + 1;
        if (record.upto < next) { /* handed on before */
            message_free(record.message);
            continue;
        }
        batch->bytes += record.length;
        batch->records[batch->count++] = record;
    }
    batch->first = next;
    batch->upto = number - 1;
    batch->frame = frame;
    return batch;
}

static void on_records(struct agent_session *session, Muster__Frame **frame,
                       struct session_outcome *ret)
{
    const Muster__Records *records = (*frame)->records;
    struct stream *stream = records->stream == MUSTER__STREAM__FACTS  ? &session->facts
                            : records->stream == MUSTER__STREAM__BULK ? &session->bulk
                                                                      : NULL;
    struct session_batch *batch;

    if (session->state != STATE_OPEN || !stream) {
        out_of_place(ret, "RECORDS outside of a session");
        return;
    }
    if (records->first == 0 || records->first > stream->next) {
        out_of_place(ret, "RECORDS leave out numbers");
        return;
    }
    if (stream->records + records->n_record > SESSION_WINDOW_RECORDS ||
        stream->bytes > SESSION_WINDOW_BYTES) {
        out_of_place(ret, "RECORDS beyond the window");
        return;
    }
    batch = read_batch(*frame, stream->next);
    if (!batch) {
        over_starved(ret);
        return;
    }
    *frame = NULL; /* the batch's now */
    if (batch->count == 0) {
        session_batch_free(batch);
        return;
    }
    if (batch->upto < stream->next ||
        batch->upto > INT64_MAX) { /* the database's numbers are signed */
        out_of_place(ret, "a GAP to beyond all numbers");
        session_batch_free(batch);
        return;
    }
    stream->next = batch->upto + 1;
    stream->records += batch->count;
    stream->bytes += batch->bytes;
    ret->verdict = SESSION_RECORDS;
    ret->batch = batch;
}

void agent_session_committed(struct agent_session *session, Muster__Stream name, size_t records,
                             size_t bytes)
{
    struct stream *stream = name == MUSTER__STREAM__FACTS ? &session->facts : &session->bulk;

    stream->records -= records < stream->records ? records : stream->records;
    stream->bytes -= bytes < stream->bytes ? bytes : stream->bytes;
}

/* ---- any frame ---- */

/* An agent that was silent, or was not reached, for so long that its session was ended here does
 * not know that: what it hears next has to tell it. */
static void on_ping(const struct agent_session *session, const Muster__Ping *ping,
                    struct session_outcome *ret)
{
    if (session->state == STATE_NEW) {
        out_of_place(ret, "PING outside of a session");
        return;
    }
    ret->verdict = SESSION_PONG;
    ret->number = ping->number;
}

void agent_session_frame(struct agent_session *session, Muster__Frame *frame, int64_t now_ms,
                         struct session_outcome *ret)
{
    memset(ret, 0, sizeof(*ret));
    session->heard_ms = now_ms;
    if (!frame) {
        out_of_place(ret, "a message that is no frame");
        return;
    }
    switch (frame->kind_case) {
    case MUSTER__FRAME__KIND_HELLO:
        on_hello(session, frame->hello, ret);
        break;
    case MUSTER__FRAME__KIND_RESUME:
        on_resume(session, frame->resume, ret);
        break;
    case MUSTER__FRAME__KIND_RECORDS:
        on_records(session, &frame, ret);
        break;
    case MUSTER__FRAME__KIND_PING:
        on_ping(session, frame->ping, ret);
        break;
    case MUSTER__FRAME__KIND_PONG:
        ret->verdict = SESSION_PROBED;
        ret->number = frame->pong->number;
        break;
    case MUSTER__FRAME__KIND__NOT_SET: /* a newer agent's */
        break;
    default:
        out_of_place(ret, "a frame that only a controller sends");
    }
    message_free(frame);
}

void agent_session_starved(struct agent_session *session, int64_t now_ms,
                           struct session_outcome *ret)
{
    memset(ret, 0, sizeof(*ret));
    session->heard_ms = now_ms;
    over_starved(ret);
}

bool agent_session_open(const struct agent_session *session)
{
    return session->state == STATE_OPEN;
}

bool agent_session_greeted(const struct agent_session *session)
{
    return session->state != STATE_NEW;
}

const struct uuid *agent_session_boot(const struct agent_session *session)
{
    return &session->boot;
}

bool agent_session_ping_due(struct agent_session *session, int64_t now_ms, uint64_t *ret_number)
{
    if (session->state != STATE_OPEN || now_ms - session->pinged_ms < SESSION_PING_MS)
        return false;
    session->pinged_ms = now_ms;
    *ret_number = ++session->ping_number;
    return true;
}

bool agent_session_dead(const struct agent_session *session, int64_t now_ms)
{
    return now_ms - session->heard_ms >= SESSION_DEAD_MS;
}
