/* dispatch_socket.c - see dispatch_socket.h. docs/wire-format.md, "Session".
 * Invariant: every frame's ZAP User-Id is looked up again before the frame has any effect; a
 * connection belongs to the agent of its key and never to what a frame says.
 */
#include "controller/dispatch/dispatch_socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"
#include "controller/dispatch/agent_session.h"
#include "controller/dispatch/connection_table.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/hello_bucket.h"
#include "controller/dispatch/router_socket.h"
#include "proto/frame.h"

#define ROOM "dispatch"
#define HELLOS_PER_S 400
#define TICK_MS 250         /* revoked connections are forgotten, dead ones closed */
#define STUCK_MS 10         /* the database is behind: look again */
#define MESSAGES_A_TURN 512 /* then notes and timers get their turn */
#define PROBE_BIT (UINT64_C(1) << 63)

enum count {
    COUNT_CONNECTIONS,
    COUNT_FRAMES,
    COUNT_REFUSED,
    COUNT_POSTPONED,
    COUNT_ENDED,
    COUNT_KINDS
};

struct dispatch_socket {
    struct router_socket *router; /* made by the creator, then the thread's until it is joined */
    struct admitted_keys *keys;
    struct handover *jobs, *notes;
    struct connection_table *table;
    struct dispatch_job *stuck; /* no room in 'jobs': nothing is received until it has gone */
    int stop_fd;
    bool started;
    pthread_t thread;
    struct hello_bucket hellos;
    int64_t ticked_ms;
    uint64_t probes;
    atomic_uint_fast64_t counts[COUNT_KINDS];
};

static void count(struct dispatch_socket *sock, enum count kind)
{
    atomic_fetch_add_explicit(&sock->counts[kind], 1, memory_order_relaxed);
}

void dispatch_socket_counts(const struct dispatch_socket *sock, struct dispatch_socket_counts *ret)
{
    uint64_t values[COUNT_KINDS];

    for (int i = 0; i < COUNT_KINDS; i++)
        values[i] = atomic_load_explicit(&sock->counts[i], memory_order_relaxed);
    ret->connections = values[COUNT_CONNECTIONS];
    ret->frames = values[COUNT_FRAMES];
    ret->frames_refused = values[COUNT_REFUSED];
    ret->hellos_postponed = values[COUNT_POSTPONED];
    ret->sessions_ended = values[COUNT_ENDED];
}

/* ---- to the database's thread ---- */

/* Takes 'job'. There is at most one stuck, because receiving stops while there is; only JOB_CLOSED
 * can then be lost, and is said at the database's thread's next NOTE_CHECK. */
static void hand_over(struct dispatch_socket *sock, struct dispatch_job *job)
{
    if (!job)
        return;
    if (!sock->stuck && handover_try_send(sock->jobs, job) == 0)
        return;
    if (!sock->stuck)
        sock->stuck = job;
    else
        dispatch_job_free(job);
}

static void retry_stuck(struct dispatch_socket *sock)
{
    if (sock->stuck && handover_try_send(sock->jobs, sock->stuck) == 0)
        sock->stuck = NULL;
}

/* ---- to agents ---- */

/* Forget it at the next sweep; the database hears of it if it was its agent's session. */
static void close_connection(struct dispatch_socket *sock, struct connection *connection)
{
    if (connection->gone)
        return;
    connection->gone = true;
    if (connection->current && agent_session_greeted(connection->session))
        hand_over(sock,
                  dispatch_job_create(JOB_CLOSED, connection->number, &connection->user.agent));
}

/* -1: the peer is gone or does not read; the connection is closed. */
static int send_bytes(struct dispatch_socket *sock, struct connection *connection,
                      const void *bytes, size_t length)
{
    if (router_socket_send(sock->router, connection->routing, connection->routing_length, bytes,
                           length) == 0)
        return 0;
    close_connection(sock, connection);
    return -1;
}

static void send_frame(struct dispatch_socket *sock, struct connection *connection,
                       const Muster__Frame *frame)
{
    uint8_t *bytes;
    size_t length;

    if (message_pack(&frame->base, &bytes, &length, NULL) < 0)
        return;
    send_bytes(sock, connection, bytes, length);
    free(bytes);
}

static void send_ping(struct dispatch_socket *sock, struct connection *connection, uint64_t number)
{
    Muster__Ping ping = MUSTER__PING__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    ping.number = number;
    frame.kind_case = MUSTER__FRAME__KIND_PING;
    frame.ping = &ping;
    send_frame(sock, connection, &frame);
}

static void send_pong(struct dispatch_socket *sock, struct connection *connection, uint64_t number)
{
    Muster__Pong pong = MUSTER__PONG__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    pong.number = number;
    pong.controller_time_us = clock_realtime_us();
    frame.kind_case = MUSTER__FRAME__KIND_PONG;
    frame.pong = &pong;
    send_frame(sock, connection, &frame);
}

static void end_session(struct dispatch_socket *sock, struct connection *connection,
                        const struct session_reject *reject)
{
    struct dispatch_note *note = dispatch_note_reject(connection->number, reject, NULL);
    char agent[UUID_TEXT_SIZE];

    count(sock, COUNT_ENDED);
    uuid_format(&connection->user.agent, agent);
    log_warn(ROOM, "session refused or ended", "agent=%s code=%s reason=%s", agent, reject->code,
             log_quote(reject->text));
    if (note)
        send_bytes(sock, connection, note->frame, note->frame_length);
    dispatch_note_free(note);
    close_connection(sock, connection);
}

/* ---- from agents ---- */

static void probe(struct dispatch_socket *sock, struct connection *connection)
{
    connection->probe = PROBE_BIT | ++sock->probes;
    send_ping(sock, connection, connection->probe);
}

/* Another connection of the agent speaks now. After a reconnect (same boot id) the old one is dead;
 * another boot id is a restart, or a second copy of the agent: only a copy answers a PING that is
 * sent after its successor's HELLO. */
static void supersede(struct dispatch_socket *sock, struct connection *former,
                      const struct uuid *new_boot)
{
    if (uuid_equal(agent_session_boot(former->session), new_boot)) {
        close_connection(sock, former);
        return;
    }
    probe(sock, former);
}

static void on_hello(struct dispatch_socket *sock, struct connection *connection,
                     struct session_hello *hello, int64_t now_ms)
{
    struct connection *former = connection_table_of_agent(sock->table, &connection->user.agent);
    struct dispatch_job *job = NULL;

    if (!hello_bucket_take(&sock->hellos, now_ms)) {
        count(sock, COUNT_POSTPONED);
        end_session(sock, connection,
                    &(struct session_reject){"busy", "many agents connect at once",
                                             "nothing: the agent comes back", 2000});
        goto out;
    }
    job = dispatch_job_create(JOB_HELLO, connection->number, &connection->user.agent);
    if (!job || connection_table_promote(sock->table, connection, NULL) < 0) {
        end_session(
            sock, connection,
            &(struct session_reject){"busy", "out of memory", "look at the controller", 5000});
        goto out;
    }
    if (former)
        supersede(sock, former, &hello->boot);
    job->hello = hello;
    hello = NULL;
    hand_over(sock, job);
    job = NULL;
out:
    free(hello);
    dispatch_job_free(job);
}

static void on_records(struct dispatch_socket *sock, struct connection *connection,
                       struct session_batch *batch)
{
    struct dispatch_job *job =
        dispatch_job_create(JOB_RECORDS, connection->number, &connection->user.agent);

    if (!job) { /* never acknowledged, so the agent says it again in its next session */
        session_batch_free(batch);
        end_session(
            sock, connection,
            &(struct session_reject){"busy", "out of memory", "look at the controller", 5000});
        return;
    }
    job->batch = batch;
    hand_over(sock, job);
}

static void on_two_alive(struct dispatch_socket *sock, struct connection *former)
{
    struct connection *current = connection_table_of_agent(sock->table, &former->user.agent);
    const struct session_reject reject = {
        "quarantined", "two live agents say they are this one",
        "stop the copy, give it keys of its own, then: muster site release NAME", 60000};

    hand_over(sock, dispatch_job_create(JOB_CLONED, former->number, &former->user.agent));
    end_session(sock, former, &reject);
    if (current && current != former)
        end_session(sock, current, &reject);
}

static void act(struct dispatch_socket *sock, struct connection *connection,
                struct session_outcome *outcome, int64_t now_ms)
{
    switch (outcome->verdict) {
    case SESSION_NOTHING:
        break;
    case SESSION_PONG:
        send_pong(sock, connection, outcome->number);
        break;
    case SESSION_PROBED:
        if (connection->probe && outcome->number == connection->probe)
            on_two_alive(sock, connection);
        break;
    case SESSION_GREETED:
        on_hello(sock, connection, outcome->hello, now_ms);
        break;
    case SESSION_RESUMED:
        hand_over(sock,
                  dispatch_job_create(JOB_RESUMED, connection->number, &connection->user.agent));
        break;
    case SESSION_RECORDS:
        on_records(sock, connection, outcome->batch);
        break;
    case SESSION_OVER:
        if (strcmp(outcome->reject.code, "unknown_agent") == 0)
            hand_over(sock,
                      dispatch_job_create(JOB_POSED, connection->number, &connection->user.agent));
        end_session(sock, connection, &outcome->reject);
        break;
    }
}

static void drop_outcome(struct session_outcome *outcome)
{
    free(outcome->hello);
    session_batch_free(outcome->batch);
}

static struct connection *connection_of(struct dispatch_socket *sock,
                                        const struct router_message *message,
                                        const struct user_id *user, int64_t now_ms)
{
    struct connection *connection =
        connection_table_routed(sock->table, message->routing, message->routing_length);
    struct agent_session *session;
    struct error err = {0};

    if (connection && !connection->gone && memcmp(&connection->user, user, sizeof(*user)) == 0)
        return connection;
    if (connection) { /* libzmq drew the same id for another peer */
        close_connection(sock, connection);
        connection_table_remove(sock->table, connection);
    }
    session = agent_session_create(&user->agent, now_ms, &err);
    connection = session ? connection_table_add(sock->table, message->routing,
                                                message->routing_length, user, session, &err)
                         : NULL;
    if (!connection) {
        agent_session_destroy(session);
        log_warn(ROOM, "connection refused", "reason=%s", log_quote(error_text(&err)));
    }
    return connection;
}

static void on_message(void *context, const struct router_message *message)
{
    struct dispatch_socket *sock = context;
    int64_t now_ms = clock_monotonic_ms();
    struct session_outcome outcome;
    struct connection *connection;
    struct error why = {0};
    Muster__Frame *frame;
    struct user_id user;

    if (!message->user || user_id_parse(message->user, &user) < 0 ||
        !admitted_keys_hold(sock->keys, &user)) {
        count(sock, COUNT_REFUSED);
        return;
    }
    count(sock, COUNT_FRAMES);
    connection = connection_of(sock, message, &user, now_ms);
    if (!connection)
        return;
    frame = message_unpack(&muster__frame__descriptor, message->bytes, message->length, &why);
    if (!frame && why.code == ERROR_UNAVAILABLE)
        agent_session_starved(connection->session, now_ms, &outcome);
    else
        agent_session_frame(connection->session, frame, now_ms, &outcome);
    /* A superseded connection is listened to for one thing. */
    if (connection->probe && outcome.verdict != SESSION_PROBED)
        drop_outcome(&outcome);
    else
        act(sock, connection, &outcome, now_ms);
}

/* ---- from the database's thread ---- */

/* A session that nobody here has any more must not be shown as live, nor be leased for. */
static void check_known(struct dispatch_socket *sock, const struct dispatch_note *note)
{
    static const struct uuid nobody;

    for (size_t i = 0; i < note->known_count && !sock->stuck; i++) {
        struct connection *connection = connection_table_numbered(sock->table, note->known[i]);

        if (!connection || connection->gone)
            hand_over(sock, dispatch_job_create(JOB_CLOSED, note->known[i], &nobody));
    }
}

static void on_note(struct dispatch_socket *sock, struct dispatch_note *note)
{
    struct connection *connection = connection_table_numbered(sock->table, note->connection);

    if (note->kind == NOTE_CHECK) {
        check_known(sock, note);
        return;
    }

    /* Nothing is answered to a key that was revoked while the database worked. */
    if (!connection || connection->gone || connection->probe ||
        !admitted_keys_hold(sock->keys, &connection->user))
        return;
    if (note->kind == NOTE_PROBE) {
        probe(sock, connection);
        return;
    }
    if (note->kind == NOTE_WELCOME)
        agent_session_welcome(connection->session, &note->session, note->facts_committed,
                              note->bulk_committed);
    if (note->kind == NOTE_COMMITTED)
        agent_session_committed(connection->session, note->stream, note->records, note->bytes);
    if (send_bytes(sock, connection, note->frame, note->frame_length) < 0)
        return;
    if (note->kind == NOTE_REJECT) {
        count(sock, COUNT_ENDED);
        close_connection(sock, connection);
    }
}

static void take_notes(struct dispatch_socket *sock)
{
    struct dispatch_note *note;

    for (int i = 0; i < MESSAGES_A_TURN && (note = handover_try_receive(sock->notes)); i++) {
        on_note(sock, note);
        dispatch_note_free(note);
    }
}

/* ---- the thread ---- */

static void look_at(struct dispatch_socket *sock, struct connection *connection, int64_t now_ms)
{
    uint64_t number;

    /* Revoked: no answer, not even a refusal. */
    if (!admitted_keys_hold(sock->keys, &connection->user) ||
        agent_session_dead(connection->session, now_ms))
        close_connection(sock, connection);
    else if (!connection->probe && agent_session_ping_due(connection->session, now_ms, &number))
        send_ping(sock, connection, number);
}

static void tick(struct dispatch_socket *sock, int64_t now_ms)
{
    struct connection *connection = connection_table_first(sock->table), *next;

    sock->ticked_ms = now_ms;
    for (; connection; connection = next) {
        next = connection->next;
        if (!connection->gone)
            look_at(sock, connection, now_ms);
        if (connection->gone)
            connection_table_remove(sock->table, connection);
    }
    atomic_store_explicit(&sock->counts[COUNT_CONNECTIONS], connection_table_count(sock->table),
                          memory_order_relaxed);
}

/* False: stop was asked for. */
static bool turn(struct dispatch_socket *sock)
{
    int64_t now_ms = clock_monotonic_ms(), until_tick = sock->ticked_ms + TICK_MS - now_ms;
    zmq_pollitem_t items[] = {{NULL, sock->stop_fd, ZMQ_POLLIN, 0},
                              {NULL, handover_fd(sock->notes), ZMQ_POLLIN, 0},
                              {router_socket_handle(sock->router), 0, ZMQ_POLLIN, 0}};
    long timeout = sock->stuck ? STUCK_MS : until_tick > 0 ? (long)until_tick : 0;

    if (zmq_poll(items, sock->stuck ? 2 : 3, timeout) < 0 && zmq_errno() != EINTR) {
        log_error(ROOM, "socket thread ended", "reason=%s", log_quote(zmq_strerror(zmq_errno())));
        return false;
    }
    if (items[0].revents)
        return false;
    take_notes(sock);
    retry_stuck(sock);
    for (int i = 0; i < MESSAGES_A_TURN && !sock->stuck; i++)
        if (!router_socket_receive(sock->router, on_message, sock))
            break;
    now_ms = clock_monotonic_ms();
    if (now_ms - sock->ticked_ms >= TICK_MS)
        tick(sock, now_ms);
    return true;
}

static void *run(void *arg)
{
    while (turn(arg))
        continue;
    return NULL;
}

/* ---- life ---- */

struct dispatch_socket *dispatch_socket_create(const struct dispatch_socket_settings *settings,
                                               void *context, struct admitted_keys *keys,
                                               struct handover *jobs, struct handover *notes,
                                               struct error *err)
{
    struct dispatch_socket *sock = calloc(1, sizeof(*sock));

    if (!sock) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the agents' socket");
        return NULL;
    }
    sock->keys = keys;
    sock->jobs = jobs;
    sock->notes = notes;
    hello_bucket_fill(&sock->hellos, settings->hellos_per_s ? settings->hellos_per_s : HELLOS_PER_S,
                      clock_monotonic_ms());
    sock->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sock->stop_fd < 0) {
        error_set(err, "eventfd: %s", strerror(errno));
        goto fail;
    }
    sock->table = connection_table_create(err);
    if (!sock->table || !(sock->router = router_socket_create(context, settings->bind,
                                                              settings->curve_secret, err)))
        goto fail;
    return sock;
fail:
    dispatch_socket_destroy(sock);
    return NULL;
}

int dispatch_socket_start(struct dispatch_socket *sock, struct error *err)
{
    int rc = pthread_create(&sock->thread, NULL, run, sock);

    if (rc)
        return error_set(err, "thread of the agents' socket: %s", strerror(rc));
    pthread_setname_np(sock->thread, "dispatch");
    sock->started = true;
    return 0;
}

void dispatch_socket_stop(struct dispatch_socket *sock)
{
    uint64_t one = 1;

    if (!sock || !sock->started)
        return;
    while (write(sock->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
    pthread_join(sock->thread, NULL);
    sock->started = false;
}

void dispatch_socket_destroy(struct dispatch_socket *sock)
{
    int saved = errno;

    if (!sock)
        return;
    dispatch_socket_stop(sock);
    router_socket_destroy(sock->router);
    if (sock->stop_fd >= 0)
        close(sock->stop_fd);
    connection_table_destroy(sock->table);
    dispatch_job_free(sock->stuck);
    free(sock);
    errno = saved;
}

const char *dispatch_socket_endpoint(const struct dispatch_socket *sock)
{
    return router_socket_endpoint(sock->router);
}
