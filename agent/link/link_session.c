/* link_session.c - see link_session.h. */
#include "agent/link/link_session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/link/controller_link.h"
#include "agent/link/link_endpoints.h"
#include "agent/link/link_shared.h"
#include "agent/link/link_socket.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/fault_point.h"
#include "common/handover.h"
#include "common/log.h"
#include "proto/features.h"
#include "proto/frame.h"

#define ROOM "link"
#define PING_MS 5000
#define MEET_MS 4000 /* to connect and shake hands; the kernel accepts for a process that hangs */

/* ---- sending ---- */

int link_session_send(struct link_session *session, const Muster__Frame *frame, struct error *err)
{
    uint8_t *bytes;
    size_t length;
    int rc;

    if (message_pack(&frame->base, &bytes, &length, err) < 0)
        return -1;
    rc = link_socket_send(session->sock, bytes, length, err);
    free(bytes);
    return rc;
}

static int send_hello(struct link_session *session, struct error *err)
{
    Muster__Hello hello = MUSTER__HELLO__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    hello.protocol_min = hello.protocol_max = PROTOCOL_VERSION;
    hello.features = (char **)agent_features;
    while (agent_features[hello.n_features])
        hello.n_features++;
    hello.agent_id = message_from_uuid(&session->home->settings->agent_id);
    hello.site_id = message_from_uuid(&session->home->settings->site_id);
    hello.journal_id = message_from_uuid(&session->journal.journal_id);
    hello.facts_head = session->journal.facts_head;
    hello.bulk_head = session->journal.bulk_head;
    hello.boot_id = message_from_uuid(&session->home->boot_id);
    hello.nonce = (ProtobufCBinaryData){sizeof(session->nonce), session->nonce};
    hello.highest_epoch = session->journal.highest_epoch;
    hello.manifest_version = session->journal.manifest_version;
    hello.software = (char *)"muster-agent " MUSTER_VERSION;
    frame.kind_case = MUSTER__FRAME__KIND_HELLO;
    frame.hello = &hello;
    return link_session_send(session, &frame, err);
}

static int send_resume(struct link_session *session, struct error *err)
{
    Muster__Resume resume = MUSTER__RESUME__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    resume.session_id = message_from_uuid(&session->id);
    resume.facts_from = session->facts.next;
    resume.bulk_from = session->bulk.next;
    frame.kind_case = MUSTER__FRAME__KIND_RESUME;
    frame.resume = &resume;
    return link_session_send(session, &frame, err);
}

static int send_ping(struct link_session *session, int64_t now_ms, struct error *err)
{
    Muster__Ping ping = MUSTER__PING__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    session->pinged_ms = now_ms;
    ping.number = ++session->ping_number;
    frame.kind_case = MUSTER__FRAME__KIND_PING;
    frame.ping = &ping;
    return link_session_send(session, &frame, err);
}

static int send_pong(struct link_session *session, uint64_t number, struct error *err)
{
    Muster__Pong pong = MUSTER__PONG__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    pong.controller_time_us = link_shared_controller_time(session->home->shared);
    pong.number = number;
    frame.kind_case = MUSTER__FRAME__KIND_PONG;
    frame.pong = &pong;
    return link_session_send(session, &frame, err);
}

/* ---- receiving ---- */

static struct key_manifest *take_manifest(struct link_session *session,
                                          const Muster__Welcome *welcome, struct error *err)
{
    struct key_manifest *manifest = key_manifest_read(
        welcome->manifest.data, welcome->manifest.len, session->home->settings->root_public,
        session->journal.manifest_version, welcome->controller_time_us, err);
    uint64_t version;

    if (!manifest)
        return NULL;
    version = key_manifest_version(manifest);
    if (version > session->journal.manifest_version) {
        if (task_journal_saw_manifest(session->home->journal, version, err) < 0) {
            key_manifest_release(manifest);
            return NULL;
        }
        session->journal.manifest_version = version;
    }
    return manifest;
}

static int check_welcome(const struct link_session *session, const Muster__Welcome *welcome,
                         struct uuid *ret_id, struct error *err)
{
    struct link_state *limits = NULL;

    if (welcome->protocol != PROTOCOL_VERSION)
        return error_set_code(err, ERROR_INVALID,
                              "the controller chose protocol %u, this agent speaks %d",
                              welcome->protocol, PROTOCOL_VERSION);
    if (message_uuid(&welcome->session_id, "Welcome.session_id", ret_id, err) < 0)
        return -1;
    if (strlen(welcome->fetch_url) >= sizeof(limits->fetch_url) ||
        strlen(welcome->fetch_token) >= sizeof(limits->fetch_token))
        return error_set_code(err, ERROR_INVALID, "Welcome.fetch_url or fetch_token is too long");
    if (!session->open && (welcome->facts_committed > session->journal.facts_head ||
                           welcome->bulk_committed > session->journal.bulk_head))
        return error_set_code(
            err, ERROR_INVALID,
            "the controller has committed records that this journal does not hold");
    return 0;
}

static int begin_session(struct link_session *session, const Muster__Welcome *welcome,
                         struct error *err)
{
    link_window_open(&session->facts, welcome->facts_committed, welcome->window_records,
                     welcome->window_bytes);
    link_window_open(&session->bulk, welcome->bulk_committed, welcome->window_records,
                     welcome->window_bytes);
    task_journal_committed(session->home->journal, JOURNAL_FACTS, welcome->facts_committed);
    task_journal_committed(session->home->journal, JOURNAL_BULK, welcome->bulk_committed);
    session->open = true;
    log_info(ROOM, "connected", "endpoint=%s facts_from=%llu bulk_from=%llu manifest=%llu",
             log_quote(session->endpoint), (unsigned long long)session->facts.next,
             (unsigned long long)session->bulk.next,
             (unsigned long long)session->journal.manifest_version);
    return send_resume(session, err);
}

/* The first opens the session; a later one renews time, manifest and fetch token within it. */
static int on_welcome(struct link_session *session, const Muster__Welcome *welcome,
                      struct error *err)
{
    struct key_manifest *manifest;
    struct uuid id;

    if (check_welcome(session, welcome, &id, err) < 0)
        return -1;
    if (session->open && !uuid_equal(&id, &session->id))
        return error_set_code(err, ERROR_INVALID, "WELCOME of another session");
    manifest = take_manifest(session, welcome, err);
    if (!manifest)
        return -1;
    session->id = id;
    link_shared_welcome(session->home->shared, session->nonce, welcome, manifest);
    return session->open ? 0 : begin_session(session, welcome, err);
}

static int on_reject(struct link_session *session, const Muster__Reject *reject, struct error *err)
{
    session->retry_ms = reject->retry_ms ? (int64_t)reject->retry_ms : LINK_RETRY_PARKED;
    return error_set_code(err, ERROR_FORBIDDEN, "the controller refused: %s: %s; %s", reject->code,
                          reject->text, reject->remedy);
}

static int on_committed(struct link_session *session, const Muster__Committed *committed,
                        struct error *err)
{
    bool facts = committed->stream == MUSTER__STREAM__FACTS;
    int rc;

    if (!facts && committed->stream != MUSTER__STREAM__BULK)
        return error_set_code(err, ERROR_INVALID, "COMMITTED names no stream");
    FAULT_POINT("agent_committed_received");
    rc = link_window_committed(facts ? &session->facts : &session->bulk, committed->upto);
    if (rc < 0)
        return error_set_code(err, ERROR_INVALID, "COMMITTED claims records that were never sent");
    if (rc == 0)
        task_journal_committed(session->home->journal, facts ? JOURNAL_FACTS : JOURNAL_BULK,
                               committed->upto);
    return 0;
}

static int on_order(struct link_session *session, const Muster__Order *message, struct error *err)
{
    struct link_order *order = calloc(1, sizeof(*order));

    if (!order || !(order->envelope = malloc(message->envelope.len + 1))) {
        free(order);
        return error_no_memory(err);
    }
    memcpy(order->envelope, message->envelope.data, message->envelope.len);
    order->length = message->envelope.len;
    /* Never waits: the controller leases again what nobody answers. */
    if (handover_try_send(session->home->orders, order)) {
        log_warn(ROOM, "order dropped: the runner is behind", "bytes=%zu", order->length);
        link_order_free(order);
    }
    return 0;
}

/* Frames that mean something only within a session are refused before WELCOME. */
static int dispatch(struct link_session *session, const Muster__Frame *frame, struct error *err)
{
    switch (frame->kind_case) {
    case MUSTER__FRAME__KIND_WELCOME:
        return on_welcome(session, frame->welcome, err);
    case MUSTER__FRAME__KIND_REJECT:
        return on_reject(session, frame->reject, err);
    case MUSTER__FRAME__KIND_PING:
        return send_pong(session, frame->ping->number, err);
    case MUSTER__FRAME__KIND_PONG:
    case MUSTER__FRAME__KIND__NOT_SET: /* a newer controller's */
        return 0;
    case MUSTER__FRAME__KIND_COMMITTED:
        if (session->open)
            return on_committed(session, frame->committed, err);
        break;
    case MUSTER__FRAME__KIND_ORDER:
        if (session->open)
            return on_order(session, frame->order, err);
        break;
    default:
        break;
    }
    return error_set_code(err, ERROR_INVALID, "the controller sent a frame out of place (kind %d)",
                          (int)frame->kind_case);
}

int link_session_receive(struct link_session *session, struct error *err)
{
    uint8_t *bytes;
    size_t length;
    int rc;

    while ((rc = link_socket_receive(session->sock, &bytes, &length, err)) == 1) {
        Muster__Frame *frame = message_unpack(&muster__frame__descriptor, bytes, length, err);

        free(bytes);
        if (!frame)
            return -1;
        session->heard_ms = clock_monotonic_ms();
        link_shared_heard(session->home->shared, session->heard_ms);
        rc = dispatch(session, frame, err);
        message_free(frame);
        if (rc < 0)
            return -1;
    }
    return rc;
}

/* ---- by the clock ---- */

/* When silence ends it: a controller that does not even shake hands is given less time. */
static int64_t dead_at(const struct link_session *session)
{
    return session->heard_ms + (session->met ? LINK_DEAD_MS : MEET_MS);
}

int link_session_keep_alive(struct link_session *session, int64_t now_ms, struct error *err)
{
    if (now_ms >= dead_at(session))
        return session->met
                   ? error_set_code(err, ERROR_TIMEOUT, "silent for %d s", LINK_DEAD_MS / 1000)
                   : error_set_code(err, ERROR_TIMEOUT, "no handshake within %d s", MEET_MS / 1000);
    if (session->open && now_ms - session->pinged_ms >= PING_MS)
        return send_ping(session, now_ms, err);
    return 0;
}

long link_session_until_next(const struct link_session *session, int64_t now_ms)
{
    int64_t due = dead_at(session);

    if (session->open && session->pinged_ms + PING_MS < due)
        due = session->pinged_ms + PING_MS;
    return due > now_ms ? (long)(due - now_ms) : 0;
}

int link_session_check(struct link_session *session, struct error *err)
{
    bool was = session->met;
    int rc = link_socket_check(session->sock, &session->met, err);

    if (session->met && !was) /* WELCOME has its time from here on */
        session->heard_ms = clock_monotonic_ms();
    return rc;
}

/* ---- life ---- */

int link_session_open(struct link_session *session, const struct link_home *home, void *context,
                      const struct link_endpoint *endpoint, struct error *err)
{
    struct link_socket_keys keys = {endpoint->curve_public, home->settings->curve_public,
                                    home->settings->curve_secret};

    session->home = home;
    session->endpoint = endpoint->address;
    if (task_journal_identity(home->journal, &session->journal, err) < 0)
        return -1;
    /* The kernel's pool does not fail once it is seeded. */
    if (getrandom(session->nonce, sizeof(session->nonce), 0) != (ssize_t)sizeof(session->nonce))
        return error_set(err, "no random bytes for a nonce");
    session->sock = link_socket_open(context, session->endpoint, &keys, err);
    if (!session->sock)
        return -1;
    session->heard_ms = session->pinged_ms = clock_monotonic_ms();
    return send_hello(session, err);
}

void link_session_close(struct link_session *session)
{
    link_socket_close(session->sock);
    session->sock = NULL;
}
