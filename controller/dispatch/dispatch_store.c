/* dispatch_store.c - see dispatch_store.h. Invariant: a note that says something is durable is made
 * only behind the commit; when the database cannot be asked, agents are told to come back and keep
 * what they have.
 */
#include "controller/dispatch/dispatch_store.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"
#include "controller/db/db.h"
#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/event_receiver.h"
#include "controller/dispatch/live_sessions.h"
#include "controller/dispatch/said_cancels.h"
#include "controller/dispatch/task_sender.h"
#include "proto/features.h"
#include "proto/frame.h"

#define ROOM "dispatch"
#define KEYS_MS 500  /* a revoked key is out within a second */
#define POLL_MS 1000 /* due tasks and cancels, when no hint came */
#define RENEW_MS (AGENT_SESSION_LIFE_S * 1000 / 3)
#define CANCEL_MS 10000 /* a cancel that was not answered is said again */
/* Between two looks for tasks that are due: each is a commit that an order waits for. */
#define JOBS_A_TURN 4
#define TRIES 3 /* of a batch that lost a race in the database */
#define BUSY_RETRY_MS 3000
#define TOKEN_LIFE_US INT64_C(3600000000) /* renewed at half of it */

enum count { COUNT_SESSIONS, COUNT_RECORDS, COUNT_DROPPED, COUNT_SENT, COUNT_REFUSED, COUNT_KINDS };

struct dispatch_store {
    char *fetch_url, *controller_name;
    struct uuid controller;
    uint8_t fetch_key[FETCH_KEY_BYTES];
    const struct conf_map *parameters; /* borrowed through dispatch's copy of the settings */
    struct admitted_keys *keys;
    struct handover *jobs, *notes;
    struct task_sender *sender;
    bool started;
    pthread_t thread;

    /* The thread's. */
    struct db *db, *listener;
    struct live_sessions *sessions;
    uint64_t manifest_version;
    uint8_t *manifest;
    size_t manifest_length;
    int64_t keys_ms, polled_ms, renewed_ms, connected_ms;
    struct said_cancels *said;

    atomic_uint_fast64_t counts[COUNT_KINDS];
    pthread_mutex_t lock;
    struct error trouble; /* under the lock; empty: healthy */
};

static void add(struct dispatch_store *store, enum count kind, uint64_t by)
{
    atomic_fetch_add_explicit(&store->counts[kind], by, memory_order_relaxed);
}

void dispatch_store_counts(struct dispatch_store *store, struct dispatch_counts *ret)
{
    uint64_t values[COUNT_KINDS];

    for (int i = 0; i < COUNT_KINDS; i++)
        values[i] = atomic_load_explicit(&store->counts[i], memory_order_relaxed);
    ret->sessions = values[COUNT_SESSIONS];
    ret->records = values[COUNT_RECORDS];
    ret->records_dropped = values[COUNT_DROPPED];
    ret->orders_sent = values[COUNT_SENT];
    ret->orders_refused = values[COUNT_REFUSED];
}

/* ---- health ---- */

static void set_trouble(struct dispatch_store *store, const struct error *trouble)
{
    bool was, is = trouble != NULL;

    pthread_mutex_lock(&store->lock);
    was = store->trouble.code != ERROR_NONE;
    if (is)
        store->trouble = *trouble;
    else
        error_clear(&store->trouble);
    pthread_mutex_unlock(&store->lock);
    if (is && !was)
        log_error(ROOM, "database away: agents are told to come back", "reason=%s",
                  log_quote(error_text(trouble)));
    else if (was && !is)
        log_info(ROOM, "database back", "controller=%s", store->controller_name);
}

int dispatch_store_healthy(struct dispatch_store *store, struct error *err)
{
    int rc = 0;

    pthread_mutex_lock(&store->lock);
    if (store->trouble.code != ERROR_NONE)
        rc = error_set_code(err, ERROR_UNAVAILABLE, "dispatch: %s", error_text(&store->trouble));
    pthread_mutex_unlock(&store->lock);
    return rc;
}

/* ---- notes ---- */

/* Takes 'note'; NULL was told already. */
static int send_note(struct dispatch_store *store, struct dispatch_note *note, struct error *err)
{
    if (!note)
        return -1;
    if (handover_send(store->notes, note) < 0) {
        dispatch_note_free(note);
        return error_set_code(err, ERROR_UNAVAILABLE, "dispatch is stopping");
    }
    return 0;
}

static void send_reject(struct dispatch_store *store, uint64_t connection,
                        const struct session_reject *reject)
{
    struct error err = {0};

    if (send_note(store, dispatch_note_reject(connection, reject, &err), &err) < 0)
        log_warn(ROOM, "refusal not sent", "reason=%s", log_quote(error_text(&err)));
}

static void say_busy(struct dispatch_store *store, uint64_t connection)
{
    send_reject(store, connection,
                &(struct session_reject){"busy", "the controller's database is away",
                                         "nothing: the agent comes back", BUSY_RETRY_MS});
}

static void update_sessions(struct dispatch_store *store)
{
    atomic_store_explicit(&store->counts[COUNT_SESSIONS], live_sessions_count(store->sessions),
                          memory_order_relaxed);
}

/* No longer ours, whatever the reason; what it had under way will come again in its next session.
 */
static void forget(struct dispatch_store *store, struct live *live)
{
    live_sessions_remove(store->sessions, live);
    update_sessions(store);
}

/* ---- WELCOME ---- */

static int load_manifest(struct dispatch_store *store, struct error *err)
{
    uint64_t version = 0;
    uint8_t *envelope = NULL;
    size_t length = 0;
    int rc = agent_registry_manifest(store->db, &version, &envelope, &length, err);

    if (rc <= 0)
        return rc;
    if (version <= store->manifest_version) {
        free(envelope);
        return 0;
    }
    free(store->manifest);
    store->manifest = envelope;
    store->manifest_length = length;
    store->manifest_version = version;
    log_info(ROOM, "key manifest", "version=%" PRIu64, version);
    return 0;
}

static int note_welcome(struct dispatch_store *store, struct live *live,
                        enum dispatch_note_kind kind, struct error *err)
{
    Muster__Welcome welcome = MUSTER__WELCOME__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    char *features[] = {(char *)FEATURE_BOOT}, token[FETCH_TOKEN_SIZE];
    int64_t now_us = clock_realtime_us();
    struct dispatch_note *note;

    live->token_end_us = now_us + TOKEN_LIFE_US;
    live->manifest_version = store->manifest_version;
    if (fetch_token_make(store->fetch_key, &live->session.agent, live->token_end_us, token, err) <
        0)
        return -1;
    welcome.protocol = PROTOCOL_VERSION;
    welcome.features = features;
    welcome.n_features = 1;
    welcome.controller_time_us = now_us;
    welcome.session_id = message_from_uuid(&live->session.session);
    welcome.manifest = (ProtobufCBinaryData){store->manifest_length, store->manifest};
    welcome.facts_committed = live->session.facts_committed;
    welcome.bulk_committed = live->session.bulk_committed;
    welcome.window_records = SESSION_WINDOW_RECORDS;
    welcome.window_bytes = SESSION_WINDOW_BYTES;
    welcome.fetch_url = store->fetch_url;
    welcome.fetch_token = token;
    welcome.fetch_token_expires_us = live->token_end_us;
    welcome.chainload_always = live->session.chainload_always;
    frame.kind_case = MUSTER__FRAME__KIND_WELCOME;
    frame.welcome = &welcome;
    note = dispatch_note_create(kind, live->connection, &frame, err);
    OPENSSL_cleanse(token, sizeof(token));
    if (!note)
        return -1;
    note->session = live->session.session;
    note->facts_committed = live->session.facts_committed;
    note->bulk_committed = live->session.bulk_committed;
    return send_note(store, note, err);
}

static const struct session_reject NO_MANIFEST = {
    "busy", "this controller has no key manifest yet",
    "sign one with the root key (muster key make-manifest) and give it to the controller", 10000};

/* 0, or -1: the database. */
static int on_hello(struct dispatch_store *store, const struct dispatch_job *job, struct error *err)
{
    struct live_session session;
    struct session_reject reject;
    struct live *live;
    int rc;

    if (!store->manifest && load_manifest(store, err) < 0)
        return -1;
    if (!store->manifest) {
        send_reject(store, job->connection, &NO_MANIFEST);
        return 0;
    }
    rc = agent_registry_hello(store->db, &store->controller, job->hello, &session, &reject, err);
    if (rc < 0)
        return -1;
    if (rc == 0) {
        send_reject(store, job->connection, &reject);
        return 0;
    }
    live = live_sessions_add(store->sessions, &session, job->connection, err);
    if (!live || note_welcome(store, live, NOTE_WELCOME, err) < 0)
        return -1;
    update_sessions(store);
    log_info(ROOM, "agent connected",
             "agent=%s software=%s fence=%" PRId64 " facts=%" PRIu64 " bulk=%" PRIu64, session.name,
             log_quote(job->hello->software), session.fence, session.facts_committed,
             session.bulk_committed);
    return 0;
}

/* ---- records ---- */

static int note_committed(struct dispatch_store *store, const struct live *live,
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
    frame.kind_case = MUSTER__FRAME__KIND_COMMITTED;
    frame.committed = &committed;
    note = dispatch_note_create(NOTE_COMMITTED, live->connection, &frame, err);
    if (!note)
        return -1;
    note->stream = batch->stream;
    note->records = upto - from;
    for (size_t i = from; i < upto; i++)
        note->bytes += batch->records[i].length;
    return send_note(store, note, err);
}

/* As far as it goes, acknowledged as far as it went. A lost race is run again a few times. */
static int take_batch(struct dispatch_store *store, const struct live *live,
                      const struct session_batch *batch, size_t *at, enum event_progress *progress,
                      struct error *err)
{
    struct event_counts counts = {0};
    size_t from = *at;
    int rc = -1;

    for (int tried = 0; rc < 0 && tried < TRIES; tried++) {
        error_clear(err);
        rc = event_receiver_take(store->db, &live->session, batch, at, progress, &counts, err);
        if (rc < 0 && !db_alive(store->db))
            break;
    }
    add(store, COUNT_RECORDS, counts.records);
    add(store, COUNT_DROPPED, counts.dropped);
    add(store, COUNT_REFUSED, counts.orders_refused);
    if (note_committed(store, live, batch, from, *at, rc < 0 ? NULL : err) < 0)
        return -1;
    return rc;
}

static void end_stale(struct dispatch_store *store, struct live *live)
{
    send_reject(store, live->connection,
                &(struct session_reject){"not_owner", "another controller has this agent's session",
                                         "nothing: the agent comes back", 2000});
    forget(store, live);
}

/* Facts that waited for a report. False: the session is over. */
static int go_on(struct dispatch_store *store, struct live *live, struct error *err)
{
    while (live->waiting) {
        enum event_progress progress;

        if (take_batch(store, live, live->waiting->batch, &live->waiting->at, &progress, err) < 0)
            return -1;
        if (progress == EVENTS_STALE) {
            end_stale(store, live);
            return 0;
        }
        if (progress == EVENTS_WAIT)
            return 0;
        live_waited(live);
    }
    return 0;
}

static int on_records(struct dispatch_store *store, struct dispatch_job *job, struct error *err)
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
    if (take_batch(store, live, batch, &at, &progress, err) < 0)
        return -1;
    if (progress == EVENTS_STALE) {
        end_stale(store, live);
    } else if (progress == EVENTS_WAIT) {
        job->batch = NULL;
        return live_wait(live, batch, at, err);
    } else if (batch->stream == MUSTER__STREAM__BULK) {
        return go_on(store, live, err);
    }
    return 0;
}

/* ---- jobs ---- */

static int on_closed(struct dispatch_store *store, const struct dispatch_job *job,
                     struct error *err)
{
    struct live *live = live_sessions_of_connection(store->sessions, job->connection);
    struct uuid agent;
    int64_t fence;

    if (!live)
        return 0;
    agent = live->session.agent;
    fence = live->session.fence;
    log_info(ROOM, "agent disconnected", "agent=%s", live->session.name);
    forget(store, live);
    return agent_registry_close(store->db, &store->controller, &agent, fence, err);
}

static int on_job(struct dispatch_store *store, struct dispatch_job *job, struct error *err)
{
    struct live *live;

    switch (job->kind) {
    case JOB_HELLO:
        return on_hello(store, job, err);
    case JOB_RESUMED:
        live = live_sessions_of_connection(store->sessions, job->connection);
        if (live)
            live->resumed = true;
        store->polled_ms = 0; /* something may have waited for it */
        return 0;
    case JOB_RECORDS:
        return on_records(store, job, err);
    case JOB_CLOSED:
        return on_closed(store, job, err);
    case JOB_CLONED:
        return agent_registry_quarantine(
            store->db, &job->agent, "two live agents say they are this site's: a copied disk", err);
    }
    return 0;
}

/* The database cannot be asked for this one: its agent starts over. */
static void fail_job(struct dispatch_store *store, const struct dispatch_job *job,
                     const struct error *err)
{
    struct live *live = live_sessions_of_connection(store->sessions, job->connection);

    log_warn(ROOM, "job failed", "connection=%" PRIu64 " reason=%s", job->connection,
             log_quote(error_text(err)));
    if (live)
        forget(store, live);
    if (job->kind == JOB_HELLO || job->kind == JOB_RECORDS)
        say_busy(store, job->connection);
}

static void take_jobs(struct dispatch_store *store)
{
    struct dispatch_job *job;

    for (int i = 0; i < JOBS_A_TURN && (job = handover_try_receive(store->jobs)); i++) {
        struct error err = {0};

        if (!store->db || !db_alive(store->db)) {
            error_set_code(&err, ERROR_UNAVAILABLE, "the database is away");
            fail_job(store, job, &err);
        } else if (on_job(store, job, &err) < 0) {
            db_rollback(store->db);
            fail_job(store, job, &err);
        }
        dispatch_job_free(job);
    }
}

/* ---- by the clock ---- */

static int load_keys(struct dispatch_store *store, struct error *err)
{
    struct admitted_key *keys;
    size_t count;
    int rc;

    if (agent_registry_keys(store->db, &keys, &count, err) < 0)
        return -1;
    rc = admitted_keys_replace(store->keys, keys, count, err);
    free(keys);
    return rc;
}

/* A newer manifest and the next fetch token reach sessions that stay. */
static int renew_welcomes(struct dispatch_store *store, struct error *err)
{
    int64_t now_us = clock_realtime_us();

    for (struct live *live = live_sessions_first(store->sessions); live; live = live->next)
        if (live->resumed && (live->manifest_version < store->manifest_version ||
                              live->token_end_us - now_us < TOKEN_LIFE_US / 2))
            if (note_welcome(store, live, NOTE_FRAME, err) < 0)
                return -1;
    return 0;
}

static void end_lost(struct dispatch_store *store, const bool *kept)
{
    struct live *live = live_sessions_first(store->sessions), *next;

    for (size_t i = 0; live; i++, live = next) {
        next = live->next;
        if (!kept[i])
            end_stale(store, live);
    }
}

static int renew_sessions(struct dispatch_store *store, struct error *err)
{
    size_t count = live_sessions_count(store->sessions), i = 0;
    struct uuid *agents = calloc(count + 1, sizeof(*agents));
    int64_t *fences = calloc(count + 1, sizeof(*fences));
    bool *kept = calloc(count + 1, sizeof(*kept));
    int rc = -1;

    if (!agents || !fences || !kept) {
        error_set(err, "out of memory");
    } else {
        for (struct live *live = live_sessions_first(store->sessions); live;
             live = live->next, i++) {
            agents[i] = live->session.agent;
            fences[i] = live->session.fence;
        }
        rc = agent_registry_controller(store->db, &store->controller, store->controller_name, err);
        if (rc == 0 && count > 0)
            rc = agent_registry_renew(store->db, &store->controller, agents, fences, count, kept,
                                      err);
        if (rc == 0 && count > 0)
            end_lost(store, kept);
    }
    free(agents);
    free(fences);
    free(kept);
    return rc;
}

/* ---- orders ---- */

static int send_order(void *context, const struct live_session *session, const uint8_t *envelope,
                      size_t length, struct error *err)
{
    struct dispatch_store *store = context;
    struct live *live = live_sessions_of_site(store->sessions, &session->site);
    Muster__Order order = MUSTER__ORDER__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    order.envelope = (ProtobufCBinaryData){length, (uint8_t *)envelope};
    frame.kind_case = MUSTER__FRAME__KIND_ORDER;
    frame.order = &order;
    if (send_note(store, dispatch_note_create(NOTE_FRAME, live->connection, &frame, err), err) < 0)
        return -1;
    add(store, COUNT_SENT, 1);
    return 0;
}

static int send_due(struct dispatch_store *store, struct error *err)
{
    struct uuid *sites;
    size_t count;
    int rc = 0;

    if (live_sessions_count(store->sessions) == 0)
        return 0;
    if (task_sender_ready(store->db, &sites, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        struct live *live = live_sessions_of_site(store->sessions, &sites[i]);

        if (live && live->resumed)
            rc =
                task_sender_lease(store->sender, store->db, &live->session, send_order, store, err);
    }
    free(sites);
    return rc < 0 ? -1 : 0;
}

static int send_cancels(struct dispatch_store *store, struct error *err)
{
    int64_t now_ms = clock_monotonic_ms();
    struct task_cancel_wish *wishes;
    size_t count;
    int rc = 0;

    if (live_sessions_count(store->sessions) == 0)
        return 0;
    said_cancels_forget(store->said, now_ms - CANCEL_MS);
    if (task_sender_cancels(store->db, &wishes, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        struct live *live = live_sessions_of_site(store->sessions, &wishes[i].site);

        if (live && live->resumed && said_cancels_say(store->said, &wishes[i].task, now_ms))
            rc = task_sender_cancel(store->sender, &live->session, &wishes[i], clock_realtime_us(),
                                    send_order, store, err);
    }
    free(wishes);
    return rc;
}

/* ---- connections ---- */

static void disconnect(struct dispatch_store *store)
{
    db_disconnect(store->db);
    db_disconnect(store->listener);
    store->db = store->listener = NULL;
}

static int connect_both(struct dispatch_store *store, struct error *err)
{
    disconnect(store);
    if (!(store->db = db_connect(store->parameters, err)) ||
        !(store->listener = db_connect(store->parameters, err)) ||
        db_script(store->listener, "listen muster_task", err) < 0 ||
        agent_registry_controller(store->db, &store->controller, store->controller_name, err) < 0 ||
        load_keys(store, err) < 0 || load_manifest(store, err) < 0) {
        disconnect(store);
        return -1;
    }
    return 0;
}

/* True: the database answers. */
static bool connected(struct dispatch_store *store, int64_t now_ms)
{
    struct error err = {0};

    if (store->db && db_alive(store->db) && db_alive(store->listener))
        return true;
    if (now_ms - store->connected_ms < POLL_MS)
        return false;
    store->connected_ms = now_ms;
    if (connect_both(store, &err) < 0) {
        set_trouble(store, &err);
        return false;
    }
    set_trouble(store, NULL);
    return true;
}

/* True: a hint came that tasks are due. */
static bool hinted(struct dispatch_store *store)
{
    bool any = false;
    char *payload;

    while ((payload = db_notification(store->listener, NULL))) {
        any = true;
        free(payload);
    }
    return any;
}

static int by_the_clock(struct dispatch_store *store, int64_t now_ms, bool hint, struct error *err)
{
    if (now_ms - store->keys_ms >= KEYS_MS) {
        store->keys_ms = now_ms;
        if (load_keys(store, err) < 0)
            return -1;
    }
    if (now_ms - store->renewed_ms >= RENEW_MS) {
        store->renewed_ms = now_ms;
        if (renew_sessions(store, err) < 0 || load_manifest(store, err) < 0 ||
            renew_welcomes(store, err) < 0)
            return -1;
    }
    if (!hint && now_ms - store->polled_ms < POLL_MS)
        return 0;
    store->polled_ms = now_ms;
    return send_due(store, err) < 0 ? -1 : send_cancels(store, err);
}

/* ---- the thread ---- */

static void wait_for_work(struct dispatch_store *store)
{
    struct pollfd items[2] = {
        {.fd = handover_fd(store->jobs), .events = POLLIN},
        {.fd = store->listener ? db_socket(store->listener) : -1, .events = POLLIN}};

    /* Short enough for the keys; errors of poll() are a signal's and looked over. */
    if (poll(items, 2, KEYS_MS / 2) < 0 && errno != EINTR)
        log_error(ROOM, "poll failed", "reason=%s", log_quote(strerror(errno)));
}

static void turn(struct dispatch_store *store)
{
    int64_t now_ms = clock_monotonic_ms();
    struct error err = {0};
    bool up = connected(store, now_ms);

    take_jobs(store);
    if (!up || !db_alive(store->db))
        return;
    if (by_the_clock(store, now_ms, hinted(store), &err) < 0) {
        db_rollback(store->db);
        if (!db_alive(store->db))
            set_trouble(store, &err);
        else
            log_warn(ROOM, "database work failed; tried again", "reason=%s",
                     log_quote(error_text(&err)));
    }
}

static void give_up_sessions(struct dispatch_store *store)
{
    for (struct live *live = live_sessions_first(store->sessions); live; live = live->next)
        if (store->db && db_alive(store->db) &&
            agent_registry_close(store->db, &store->controller, &live->session.agent,
                                 live->session.fence, NULL) < 0)
            return; /* their rows end by themselves */
}

static void *run(void *arg)
{
    struct dispatch_store *store = arg;

    while (!handover_finished(store->jobs)) {
        turn(store);
        if (!handover_finished(store->jobs))
            wait_for_work(store);
    }
    give_up_sessions(store);
    disconnect(store);
    return NULL;
}

/* ---- life ---- */

struct dispatch_store *dispatch_store_create(const struct dispatch_settings *settings,
                                             struct admitted_keys *keys, struct handover *jobs,
                                             struct handover *notes, struct error *err)
{
    struct dispatch_store *store = calloc(1, sizeof(*store));
    struct task_sender_settings sender = {.controller = settings->controller_id,
                                          .open_password = settings->open_password,
                                          .open_context = settings->open_context};

    if (!store) {
        error_set(err, "out of memory for dispatch");
        return NULL;
    }
    pthread_mutex_init(&store->lock, NULL);
    error_set_code(&store->trouble, ERROR_UNAVAILABLE, "not connected yet");
    store->controller = settings->controller_id;
    store->parameters = settings->database;
    store->keys = keys;
    store->jobs = jobs;
    store->notes = notes;
    store->connected_ms = -POLL_MS;
    memcpy(store->fetch_key, settings->fetch_key, sizeof(store->fetch_key));
    memcpy(sender.sign_secret, settings->sign_secret, sizeof(sender.sign_secret));
    store->sender = task_sender_create(&sender, err);
    OPENSSL_cleanse(sender.sign_secret, sizeof(sender.sign_secret));
    if (!store->sender || !(store->sessions = live_sessions_create(err)) ||
        !(store->said = said_cancels_create(err)))
        goto fail;
    store->fetch_url = strdup(settings->fetch_url);
    store->controller_name = strdup(settings->controller_name);
    if (!store->fetch_url || !store->controller_name) {
        error_set(err, "out of memory for dispatch");
        goto fail;
    }
    return store;
fail:
    dispatch_store_destroy(store);
    return NULL;
}

int dispatch_store_start(struct dispatch_store *store, struct error *err)
{
    int rc = pthread_create(&store->thread, NULL, run, store);

    if (rc)
        return error_set(err, "thread of dispatch: %s", strerror(rc));
    pthread_setname_np(store->thread, "dispatch-db");
    store->started = true;
    return 0;
}

void dispatch_store_stop(struct dispatch_store *store)
{
    if (!store || !store->started)
        return;
    pthread_join(store->thread, NULL);
    store->started = false;
}

void dispatch_store_destroy(struct dispatch_store *store)
{
    if (!store)
        return;
    dispatch_store_stop(store);
    task_sender_destroy(store->sender);
    live_sessions_destroy(store->sessions);
    said_cancels_destroy(store->said);
    free(store->manifest);
    free(store->fetch_url);
    free(store->controller_name);
    pthread_mutex_destroy(&store->lock);
    OPENSSL_cleanse(store, sizeof(*store));
    free(store);
}
