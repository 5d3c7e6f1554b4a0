/* controller_link.c - see controller_link.h. Protocol: docs/wire-format.md, "Session", "Journal
 * streams". Owns the socket, the windows and the session; all of them belong to the link's thread.
 * What others may read stands in 'shared' under its lock. Invariant: no record is sent before
 * WELCOME, none before an earlier one of its stream, and nothing of a manifest is used before its
 * version is durable.
 */
#include "agent/link/controller_link.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#include "agent/link/link_socket.h"
#include "agent/link/link_window.h"
#include "agent/journal/task_journal.h"
#include "proto/features.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"
#include "proto/frame.h"

#define ROOM "link"
#define PING_MS 5000
#define DEAD_MS 15000
#define RETRY_MIN_MS 2000
#define RETRY_JITTER_MS 3000
#define PARKED (-1)                 /* REJECT said: do not come back by yourself */
#define RECORDS_BYTES (60 * 1024)   /* of records in one frame; the rest of 64 KiB is framing */
#define SAME_TROUBLE_MS (60 * 1000) /* an unchanged reason is logged once a minute */

/* The session as the link's thread knows it. */
struct session {
    struct link_socket *sock;
    const char *endpoint; /* borrowed from the settings */
    uint8_t nonce[32];
    struct uuid id;
    bool open; /* WELCOME held */
    struct journal_identity journal;
    struct link_window facts, bulk;
    int64_t heard_ms, pinged_ms;
    uint64_t ping_number;
    int64_t retry_ms; /* 0: our own choice; else what REJECT asked for, or PARKED */
};

struct controller_link {
    struct controller_link_settings settings;
    char **endpoints; /* owned copies, NULL-terminated */
    struct task_journal *journal;
    struct handover *orders;
    struct uuid boot_id;
    void *context;
    int stop_fd;
    bool started;
    pthread_t thread;

    size_t next_endpoint;
    char trouble[sizeof(((struct error *)0)->text)]; /* the last reason that was logged */
    int64_t trouble_ms;

    pthread_mutex_t lock;
    struct {
        bool open;
        int64_t heard_ms;
        int64_t welcome_time_us, welcome_boot_us; /* 0: none yet */
        uint8_t nonce[32];
        bool chainload_always;
        char fetch_url[256], fetch_token[128];
        struct key_manifest *manifest;
    } shared;
};

void link_order_free(struct link_order *order)
{
    if (!order)
        return;
    free(order->envelope);
    free(order);
}

/* ---- what others may see ---- */

static int64_t controller_time(const struct controller_link *link)
{
    if (!link->shared.welcome_boot_us)
        return clock_realtime_us();
    return link->shared.welcome_time_us + clock_boottime_us() - link->shared.welcome_boot_us;
}

void controller_link_state(struct controller_link *link, struct link_state *ret_state)
{
    memset(ret_state, 0, sizeof(*ret_state));
    pthread_mutex_lock(&link->lock);
    ret_state->connected =
        link->shared.open && clock_monotonic_ms() - link->shared.heard_ms < DEAD_MS;
    memcpy(ret_state->nonce, link->shared.nonce, sizeof(ret_state->nonce));
    ret_state->controller_time_us = controller_time(link);
    ret_state->chainload_always = link->shared.chainload_always;
    memcpy(ret_state->fetch_url, link->shared.fetch_url, sizeof(ret_state->fetch_url));
    memcpy(ret_state->fetch_token, link->shared.fetch_token, sizeof(ret_state->fetch_token));
    ret_state->manifest = key_manifest_reference(link->shared.manifest);
    pthread_mutex_unlock(&link->lock);
}

static void share_heard(struct controller_link *link, struct session *session)
{
    session->heard_ms = clock_monotonic_ms();
    pthread_mutex_lock(&link->lock);
    link->shared.heard_ms = session->heard_ms;
    pthread_mutex_unlock(&link->lock);
}

/* Takes 'manifest'. */
static void share_welcome(struct controller_link *link, const struct session *session,
                          const Muster__Welcome *welcome, struct key_manifest *manifest)
{
    struct key_manifest *old;

    pthread_mutex_lock(&link->lock);
    old = link->shared.manifest;
    link->shared.manifest = manifest;
    link->shared.open = true;
    link->shared.heard_ms = clock_monotonic_ms();
    link->shared.welcome_time_us = welcome->controller_time_us;
    link->shared.welcome_boot_us = clock_boottime_us();
    memcpy(link->shared.nonce, session->nonce, sizeof(link->shared.nonce));
    link->shared.chainload_always = welcome->chainload_always;
    snprintf(link->shared.fetch_url, sizeof(link->shared.fetch_url), "%s", welcome->fetch_url);
    snprintf(link->shared.fetch_token, sizeof(link->shared.fetch_token), "%s",
             welcome->fetch_token);
    pthread_mutex_unlock(&link->lock);
    key_manifest_release(old);
}

static void share_closed(struct controller_link *link)
{
    pthread_mutex_lock(&link->lock);
    link->shared.open = false;
    pthread_mutex_unlock(&link->lock);
}

/* ---- sending ---- */

static int send_frame(struct session *session, const Muster__Frame *frame, struct error *err)
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

static int send_hello(struct controller_link *link, struct session *session, struct error *err)
{
    Muster__Hello hello = MUSTER__HELLO__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    hello.protocol_min = hello.protocol_max = PROTOCOL_VERSION;
    hello.features = (char **)agent_features;
    while (agent_features[hello.n_features])
        hello.n_features++;
    hello.agent_id = message_from_uuid(&link->settings.agent_id);
    hello.site_id = message_from_uuid(&link->settings.site_id);
    hello.journal_id = message_from_uuid(&session->journal.journal_id);
    hello.facts_head = session->journal.facts_head;
    hello.bulk_head = session->journal.bulk_head;
    hello.boot_id = message_from_uuid(&link->boot_id);
    hello.nonce = (ProtobufCBinaryData){sizeof(session->nonce), session->nonce};
    hello.highest_epoch = session->journal.highest_epoch;
    hello.manifest_version = session->journal.manifest_version;
    hello.software = (char *)"muster-agent " MUSTER_VERSION;
    frame.kind_case = MUSTER__FRAME__KIND_HELLO;
    frame.hello = &hello;
    return send_frame(session, &frame, err);
}

static int send_resume(struct session *session, struct error *err)
{
    Muster__Resume resume = MUSTER__RESUME__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    resume.session_id = message_from_uuid(&session->id);
    resume.facts_from = session->facts.next;
    resume.bulk_from = session->bulk.next;
    frame.kind_case = MUSTER__FRAME__KIND_RESUME;
    frame.resume = &resume;
    return send_frame(session, &frame, err);
}

static int send_ping(struct session *session, int64_t now_ms, struct error *err)
{
    Muster__Ping ping = MUSTER__PING__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    session->pinged_ms = now_ms;
    ping.number = ++session->ping_number;
    frame.kind_case = MUSTER__FRAME__KIND_PING;
    frame.ping = &ping;
    return send_frame(session, &frame, err);
}

static int send_pong(struct controller_link *link, struct session *session, uint64_t number,
                     struct error *err)
{
    Muster__Pong pong = MUSTER__PONG__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    pthread_mutex_lock(&link->lock);
    pong.controller_time_us = controller_time(link);
    pthread_mutex_unlock(&link->lock);
    pong.number = number;
    frame.kind_case = MUSTER__FRAME__KIND_PONG;
    frame.pong = &pong;
    return send_frame(session, &frame, err);
}

/* The last number that a record stands for: of a GAP its end, else its own. 0 with 'err': not what
 * was asked. */
static uint64_t record_end(enum journal_stream stream, const struct journal_record *record,
                           uint64_t number, struct error *err)
{
    Muster__Record *body;
    uint64_t upto = number;

    /* A range thinned after its first part went out is asked for from its middle. */
    if (record->sequence > number || (stream == JOURNAL_FACTS && record->sequence != number)) {
        error_set(err,
                  "the journal holds no record %llu of stream %d any more; the controller asks "
                  "from there",
                  (unsigned long long)number, (int)stream);
        return 0;
    }
    if (stream == JOURNAL_FACTS)
        return upto;
    body = message_unpack(&muster__record__descriptor, record->bytes, record->length, err);
    if (!body)
        return 0;
    if (body->kind_case == MUSTER__RECORD__KIND_GAP && body->gap->to > number)
        upto = body->gap->to;
    message_free(body);
    return upto;
}

static int send_list(struct session *session, enum journal_stream stream,
                     struct link_window *window, const struct journal_records *list,
                     struct error *err)
{
    ProtobufCBinaryData parts[LINK_WINDOW_RECORDS];
    Muster__Records records = MUSTER__RECORDS__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    records.stream = stream == JOURNAL_FACTS ? MUSTER__STREAM__FACTS : MUSTER__STREAM__BULK;
    records.first = window->next;
    records.record = parts;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t upto = record_end(stream, &list->items[i], window->next, err);

        if (!upto)
            return -1;
        parts[records.n_record++] =
            (ProtobufCBinaryData){list->items[i].length, list->items[i].bytes};
        link_window_sent(window, upto, list->items[i].length);
    }
    frame.kind_case = MUSTER__FRAME__KIND_RECORDS;
    frame.records = &records;
    return send_frame(session, &frame, err);
}

/* 1: a frame of records went out; 0: none to send or no room; -1. */
static int send_records(struct controller_link *link, struct session *session,
                        enum journal_stream stream, uint64_t head, struct error *err)
{
    struct link_window *window = stream == JOURNAL_FACTS ? &session->facts : &session->bulk;
    struct journal_records list = {0};
    size_t bytes, count = link_window_room(window, &bytes);
    int rc;

    if (count == 0 || window->next > head)
        return 0;
    if (task_journal_read(link->journal, stream, window->next, count,
                          bytes < RECORDS_BYTES ? bytes : RECORDS_BYTES, &list, err) < 0)
        return -1;
    rc = list.count == 0 ? 0 : send_list(session, stream, window, &list, err) < 0 ? -1 : 1;
    journal_records_free(&list);
    return rc;
}

/* Facts first: one frame of bulk goes only when no fact can. 1: more may follow at once. */
static int send_waiting(struct controller_link *link, struct session *session, struct error *err)
{
    int rc;

    do {
        task_journal_heads(link->journal, &session->journal.facts_head,
                           &session->journal.bulk_head);
        rc = send_records(link, session, JOURNAL_FACTS, session->journal.facts_head, err);
    } while (rc == 1);
    return rc < 0 ? -1 : send_records(link, session, JOURNAL_BULK, session->journal.bulk_head, err);
}

/* ---- receiving ---- */

static struct key_manifest *take_manifest(struct controller_link *link, struct session *session,
                                          const Muster__Welcome *welcome, struct error *err)
{
    struct key_manifest *manifest =
        key_manifest_read(welcome->manifest.data, welcome->manifest.len, link->settings.root_public,
                          session->journal.manifest_version, welcome->controller_time_us, err);
    uint64_t version;

    if (!manifest)
        return NULL;
    version = key_manifest_version(manifest);
    if (version > session->journal.manifest_version) {
        if (task_journal_saw_manifest(link->journal, version, err) < 0) {
            key_manifest_release(manifest);
            return NULL;
        }
        session->journal.manifest_version = version;
    }
    return manifest;
}

static int check_welcome(const struct session *session, const Muster__Welcome *welcome,
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

static int begin_session(struct controller_link *link, struct session *session,
                         const Muster__Welcome *welcome, struct error *err)
{
    link_window_open(&session->facts, welcome->facts_committed, welcome->window_records,
                     welcome->window_bytes);
    link_window_open(&session->bulk, welcome->bulk_committed, welcome->window_records,
                     welcome->window_bytes);
    task_journal_committed(link->journal, JOURNAL_FACTS, welcome->facts_committed);
    task_journal_committed(link->journal, JOURNAL_BULK, welcome->bulk_committed);
    session->open = true;
    link->trouble[0] = '\0';
    log_info(ROOM, "connected", "endpoint=%s facts_from=%llu bulk_from=%llu manifest=%llu",
             log_quote(session->endpoint), (unsigned long long)session->facts.next,
             (unsigned long long)session->bulk.next,
             (unsigned long long)session->journal.manifest_version);
    return send_resume(session, err);
}

/* The first opens the session; a later one renews time, manifest and fetch token within it. */
static int on_welcome(struct controller_link *link, struct session *session,
                      const Muster__Welcome *welcome, struct error *err)
{
    struct key_manifest *manifest;
    struct uuid id;

    if (check_welcome(session, welcome, &id, err) < 0)
        return -1;
    if (session->open && !uuid_equal(&id, &session->id))
        return error_set_code(err, ERROR_INVALID, "WELCOME of another session");
    manifest = take_manifest(link, session, welcome, err);
    if (!manifest)
        return -1;
    session->id = id;
    share_welcome(link, session, welcome, manifest);
    return session->open ? 0 : begin_session(link, session, welcome, err);
}

static int on_reject(struct session *session, const Muster__Reject *reject, struct error *err)
{
    session->retry_ms = reject->retry_ms ? (int64_t)reject->retry_ms : PARKED;
    return error_set_code(err, ERROR_FORBIDDEN, "the controller refused: %s: %s; %s", reject->code,
                          reject->text, reject->remedy);
}

static int on_committed(struct controller_link *link, struct session *session,
                        const Muster__Committed *committed, struct error *err)
{
    bool facts = committed->stream == MUSTER__STREAM__FACTS;
    int rc;

    if (!facts && committed->stream != MUSTER__STREAM__BULK)
        return error_set_code(err, ERROR_INVALID, "COMMITTED names no stream");
    rc = link_window_committed(facts ? &session->facts : &session->bulk, committed->upto);
    if (rc < 0)
        return error_set_code(err, ERROR_INVALID, "COMMITTED claims records that were never sent");
    if (rc == 0)
        task_journal_committed(link->journal, facts ? JOURNAL_FACTS : JOURNAL_BULK,
                               committed->upto);
    return 0;
}

static int on_order(struct controller_link *link, const Muster__Order *message, struct error *err)
{
    struct link_order *order = calloc(1, sizeof(*order));

    if (!order || !(order->envelope = malloc(message->envelope.len + 1))) {
        free(order);
        return error_set(err, "out of memory for an order");
    }
    memcpy(order->envelope, message->envelope.data, message->envelope.len);
    order->length = message->envelope.len;
    /* Never waits: the controller leases again what nobody answers. */
    if (handover_try_send(link->orders, order)) {
        log_warn(ROOM, "order dropped: the runner is behind", "bytes=%zu", order->length);
        link_order_free(order);
    }
    return 0;
}

/* Frames that mean something only within a session are refused before WELCOME. */
static int dispatch(struct controller_link *link, struct session *session,
                    const Muster__Frame *frame, struct error *err)
{
    switch (frame->kind_case) {
    case MUSTER__FRAME__KIND_WELCOME:
        return on_welcome(link, session, frame->welcome, err);
    case MUSTER__FRAME__KIND_REJECT:
        return on_reject(session, frame->reject, err);
    case MUSTER__FRAME__KIND_PING:
        return send_pong(link, session, frame->ping->number, err);
    case MUSTER__FRAME__KIND_PONG:
    case MUSTER__FRAME__KIND__NOT_SET: /* a newer controller's */
        return 0;
    case MUSTER__FRAME__KIND_COMMITTED:
        if (session->open)
            return on_committed(link, session, frame->committed, err);
        break;
    case MUSTER__FRAME__KIND_ORDER:
        if (session->open)
            return on_order(link, frame->order, err);
        break;
    default:
        break;
    }
    return error_set_code(err, ERROR_INVALID, "the controller sent a frame out of place (kind %d)",
                          (int)frame->kind_case);
}

static int receive_all(struct controller_link *link, struct session *session, struct error *err)
{
    uint8_t *bytes;
    size_t length;
    int rc;

    while ((rc = link_socket_receive(session->sock, &bytes, &length, err)) == 1) {
        Muster__Frame *frame = message_unpack(&muster__frame__descriptor, bytes, length, err);

        free(bytes);
        if (!frame)
            return -1;
        share_heard(link, session);
        rc = dispatch(link, session, frame, err);
        message_free(frame);
        if (rc < 0)
            return -1;
    }
    return rc;
}

/* ---- the thread ---- */

static bool stop_wanted(const struct controller_link *link, int timeout_ms)
{
    zmq_pollitem_t item = {NULL, link->stop_fd, ZMQ_POLLIN, 0};

    return zmq_poll(&item, 1, timeout_ms) > 0;
}

static int keep_alive(struct session *session, int64_t now_ms, struct error *err)
{
    if (now_ms - session->heard_ms >= DEAD_MS)
        return error_set_code(err, ERROR_TIMEOUT, "silent for %d s", DEAD_MS / 1000);
    if (session->open && now_ms - session->pinged_ms >= PING_MS)
        return send_ping(session, now_ms, err);
    return 0;
}

static long until_next(const struct session *session, int64_t now_ms)
{
    int64_t due = session->heard_ms + DEAD_MS;

    if (session->open && session->pinged_ms + PING_MS < due)
        due = session->pinged_ms + PING_MS;
    return due > now_ms ? (long)(due - now_ms) : 0;
}

/* One turn of the loop. 0: go on; 1: stop was asked for; -1: the session is over. */
static int turn(struct controller_link *link, struct session *session, bool more_to_send,
                struct error *err)
{
    zmq_pollitem_t items[] = {
        {NULL, link->stop_fd, ZMQ_POLLIN, 0},
        {link_socket_dealer(session->sock), 0, ZMQ_POLLIN, 0},
        {link_socket_monitor(session->sock), 0, ZMQ_POLLIN, 0},
        {NULL, task_journal_heads_fd(link->journal), ZMQ_POLLIN, 0},
    };
    long timeout = more_to_send ? 0 : until_next(session, clock_monotonic_ms());

    /* Heads say nothing before WELCOME, and would keep the loop awake. */
    if (zmq_poll(items, session->open ? 4 : 3, timeout) < 0 && zmq_errno() != EINTR)
        return error_set(err, "poll: %s", zmq_strerror(zmq_errno()));
    if (items[0].revents)
        return 1;
    /* What arrived before the end counts: a REJECT comes right before the controller hangs up. */
    if (receive_all(link, session, err) < 0 || link_socket_check(session->sock, err) < 0)
        return -1;
    return keep_alive(session, clock_monotonic_ms(), err);
}

static int serve(struct controller_link *link, struct session *session, struct error *err)
{
    int more = 0, rc;

    while ((rc = turn(link, session, more == 1, err)) == 0)
        if (session->open && (more = send_waiting(link, session, err)) < 0)
            return -1;
    return rc;
}

static int open_session(struct controller_link *link, struct session *session, struct error *err)
{
    struct link_socket_keys keys = {link->settings.server_curve_public, link->settings.curve_public,
                                    link->settings.curve_secret};

    session->endpoint = link->endpoints[link->next_endpoint];
    if (!link->endpoints[++link->next_endpoint])
        link->next_endpoint = 0;
    if (task_journal_identity(link->journal, &session->journal, err) < 0)
        return -1;
    /* The kernel's pool does not fail once it is seeded. */
    if (getrandom(session->nonce, sizeof(session->nonce), 0) != (ssize_t)sizeof(session->nonce))
        return error_set(err, "no random bytes for a nonce");
    session->sock = link_socket_open(link->context, session->endpoint, &keys, err);
    if (!session->sock)
        return -1;
    session->heard_ms = session->pinged_ms = clock_monotonic_ms();
    return send_hello(link, session, err);
}

static void tell_trouble(struct controller_link *link, const struct session *session,
                         const struct error *err)
{
    int64_t now = clock_monotonic_ms();

    if (strcmp(link->trouble, error_text(err)) == 0 && now - link->trouble_ms < SAME_TROUBLE_MS)
        return;
    snprintf(link->trouble, sizeof(link->trouble), "%s", error_text(err));
    link->trouble_ms = now;
    log_warn(ROOM, session->open ? "connection lost" : "no connection to a controller",
             "endpoint=%s reason=%s", log_quote(session->endpoint), log_quote(error_text(err)));
}

static int wait_before_retry(const struct session *session)
{
    unsigned random = 0;

    if (session->retry_ms == PARKED)
        return -1;
    if (getrandom(&random, sizeof(random), 0) < 0)
        random = 0;
    return (int)((session->retry_ms > RETRY_MIN_MS ? session->retry_ms : RETRY_MIN_MS) +
                 random % RETRY_JITTER_MS);
}

static void *run(void *arg)
{
    struct controller_link *link = arg;
    int wait_ms = 0;

    while (!stop_wanted(link, wait_ms)) {
        struct session *session = calloc(1, sizeof(*session));
        struct error err = {0};
        int rc;

        if (!session) {
            wait_ms = RETRY_MIN_MS;
            continue;
        }
        rc = open_session(link, session, &err);
        if (rc == 0)
            rc = serve(link, session, &err);
        if (rc < 0)
            tell_trouble(link, session, &err);
        share_closed(link);
        link_socket_close(session->sock);
        wait_ms = wait_before_retry(session);
        free(session);
        if (rc == 1)
            break;
    }
    return NULL;
}

/* ---- life ---- */

static int copy_endpoints(struct controller_link *link, const char *const *endpoints,
                          struct error *err)
{
    size_t count = 0;

    while (endpoints && endpoints[count])
        count++;
    if (count == 0)
        return error_set_code(err, ERROR_INVALID, "no controller endpoint is configured");
    link->endpoints = calloc(count + 1, sizeof(*link->endpoints));
    for (size_t i = 0; link->endpoints && i < count; i++)
        if (!(link->endpoints[i] = strdup(endpoints[i])))
            return error_set(err, "out of memory");
    return link->endpoints ? 0 : error_set(err, "out of memory");
}

struct controller_link *controller_link_create(const struct controller_link_settings *settings,
                                               struct task_journal *journal,
                                               struct handover *orders, struct error *err)
{
    struct controller_link *link = calloc(1, sizeof(*link));

    if (!link) {
        error_set(err, "out of memory for the link");
        return NULL;
    }
    pthread_mutex_init(&link->lock, NULL);
    link->stop_fd = -1;
    link->settings = *settings;
    link->settings.endpoints = NULL; /* the caller's; ours are copies */
    link->journal = journal;
    link->orders = orders;
    link->boot_id = uuid_make();
    if (copy_endpoints(link, settings->endpoints, err) < 0)
        goto fail;
    link->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->context = zmq_ctx_new();
    if (link->stop_fd < 0 || !link->context) {
        error_set(err, "the link: %s", strerror(errno));
        goto fail;
    }
    return link;
fail:
    controller_link_destroy(link);
    return NULL;
}

int controller_link_start(struct controller_link *link, struct error *err)
{
    int rc = pthread_create(&link->thread, NULL, run, link);

    if (rc)
        return error_set(err, "thread of the link: %s", strerror(rc));
    pthread_setname_np(link->thread, "link");
    link->started = true;
    return 0;
}

void controller_link_stop(struct controller_link *link)
{
    uint64_t one = 1;

    if (!link || !link->started)
        return;
    /* Cannot fail: the counter is far from its limit. */
    while (write(link->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
    pthread_join(link->thread, NULL);
    link->started = false;
}

void controller_link_destroy(struct controller_link *link)
{
    int saved = errno;

    if (!link)
        return;
    controller_link_stop(link);
    if (link->context)
        zmq_ctx_term(link->context);
    if (link->stop_fd >= 0)
        close(link->stop_fd);
    for (size_t i = 0; link->endpoints && link->endpoints[i]; i++)
        free(link->endpoints[i]);
    free(link->endpoints);
    key_manifest_release(link->shared.manifest);
    pthread_mutex_destroy(&link->lock);
    explicit_bzero(link, sizeof(*link)); /* the CURVE secret, the fetch token */
    free(link);
    errno = saved;
}
