/* dispatch_store.c - see dispatch_store.h. Invariant: a note that says something is durable is made
 * only behind the commit; when the database cannot be asked, agents are told to come back and keep
 * what they have.
 */
#include "controller/dispatch/store_inside.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/handover.h"
#include "common/log.h"
#include "controller/db/db.h"
#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/said_cancels.h"
#include "controller/dispatch/task_sender.h"

#define KEYS_MS 500 /* a revoked key is out within a second */
#define RENEW_MS (AGENT_SESSION_LIFE_S * 1000 / 3)
/* Every statement of this thread finds its rows by their keys. A plan that was made while a table
 * was small would read all of it once it is long. */
#define PLANS "set enable_seqscan = off"

void store_add(struct dispatch_store *store, enum store_count kind, uint64_t by)
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
        log_error(STORE_ROOM, "database away: agents are told to come back", "reason=%s",
                  log_quote(error_text(trouble)));
    else if (was && !is)
        log_info(STORE_ROOM, "database back", "controller=%s", store->controller_name);
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
int store_note(struct dispatch_store *store, struct dispatch_note *note, struct error *err)
{
    if (!note)
        return -1;
    if (handover_send(store->notes, note) < 0) {
        dispatch_note_free(note);
        return error_set_code(err, ERROR_UNAVAILABLE, "dispatch is stopping");
    }
    return 0;
}

void store_reject(struct dispatch_store *store, uint64_t connection,
                  const struct session_reject *reject)
{
    struct error err = {0};

    if (store_note(store, dispatch_note_reject(connection, reject, &err), &err) < 0)
        log_warn(STORE_ROOM, "refusal not sent", "reason=%s", log_quote(error_text(&err)));
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

/* ---- connections ---- */

static void disconnect(struct dispatch_store *store)
{
    db_disconnect(store->db);
    db_disconnect(store->listener);
    store->db = store->listener = NULL;
}

int store_connect(struct dispatch_store *store, struct error *err)
{
    struct db *db = db_connect(store->parameters, err), *listener = NULL;

    if (!db || db_script(db, PLANS, err) < 0 || !(listener = db_connect(store->parameters, err)) ||
        db_script(listener, "listen muster_task; listen muster_agent", err) < 0 ||
        agent_registry_controller(db, &store->controller, store->controller_name, err) < 0) {
        db_disconnect(db);
        db_disconnect(listener);
        return -1;
    }
    disconnect(store);
    store->db = db;
    store->listener = listener;
    return load_keys(store, err) < 0 ? -1 : store_load_manifest(store, err);
}

static bool is_up(const struct dispatch_store *store)
{
    return store->db && db_alive(store->db) && db_alive(store->listener);
}

/* True: the database answers. What agents hand over may have connected anew since the trouble. */
static bool connected(struct dispatch_store *store, int64_t now_ms)
{
    struct error err = {0};

    if (!is_up(store)) {
        if (now_ms - store->connected_ms < STORE_POLL_MS)
            return false;
        store->connected_ms = now_ms;
        if (store_connect(store, &err) < 0) {
            set_trouble(store, &err);
            return false;
        }
    }
    set_trouble(store, NULL);
    return true;
}

/* What is told of a site's tasks, of agents' keys or of a manifest is looked at now. */
static void take_hints(struct dispatch_store *store)
{
    char *payload;
    struct uuid site;

    while ((payload = db_notification(store->listener, NULL))) {
        if (strncmp(payload, "agent ", 6) == 0)
            store->keys_ms = 0;
        else if (strcmp(payload, "manifest") == 0)
            store->renewed_ms = 0;
        else
            store->hinted = true;
        if (uuid_parse(payload, &site) == 0)
            store_look_for(store, &site);
        free(payload);
    }
}

static int on_the_second(struct dispatch_store *store, int64_t now_ms, struct error *err)
{
    store->polled_ms = now_ms;
    return store_look_after_waiting(store, now_ms, err) < 0 ||
                   store_look_after_orphans(store, err) < 0 || store_look_for_due(store, err) < 0
               ? -1
               : 0;
}

static int by_the_clock(struct dispatch_store *store, int64_t now_ms, struct error *err)
{
    bool polls = now_ms - store->polled_ms >= STORE_POLL_MS, hinted = store->hinted;

    store->hinted = false;
    if (now_ms - store->keys_ms >= KEYS_MS) {
        store->keys_ms = now_ms;
        if (load_keys(store, err) < 0)
            return -1;
    }
    if (now_ms - store->renewed_ms >= RENEW_MS) {
        store->renewed_ms = now_ms;
        if (store_renew_sessions(store, err) < 0 || store_check_sessions(store, err) < 0 ||
            store_load_manifest(store, err) < 0 || store_renew_welcomes(store, err) < 0)
            return -1;
    }
    if (polls && on_the_second(store, now_ms, err) < 0)
        return -1;
    /* A release goes out before the lease that it makes possible: behind it, its epoch were old. */
    if ((polls || hinted || store->looked_for) && store_send_words(store, err) < 0)
        return -1;
    if (store_send_due(store, err) < 0)
        return -1;
    return polls || hinted ? store_send_cancels(store, err) : 0;
}

/* ---- the thread ---- */

static void wait_for_work(struct dispatch_store *store)
{
    struct pollfd items[3] = {
        {.fd = handover_fd(store->jobs), .events = POLLIN},
        {.fd = handover_fd(store->bulk), .events = POLLIN},
        {.fd = store->listener ? db_socket(store->listener) : -1, .events = POLLIN}};

    /* Short enough for the keys; errors of poll() are a signal's and looked over. */
    if (poll(items, 3, KEYS_MS / 2) < 0 && errno != EINTR)
        log_error(STORE_ROOM, "poll failed", "reason=%s", log_quote(strerror(errno)));
}

static void turn(struct dispatch_store *store)
{
    int64_t now_ms = clock_monotonic_ms();
    struct error err = {0};
    bool up = connected(store, now_ms);

    store_take_jobs(store);
    if (!up || !db_alive(store->db))
        return;
    take_hints(store);
    if (by_the_clock(store, now_ms, &err) < 0) {
        db_rollback(store->db);
        if (!db_alive(store->db))
            set_trouble(store, &err);
        else
            log_warn(STORE_ROOM, "database work failed; tried again", "reason=%s",
                     log_quote(error_text(&err)));
    }
}

static void *run(void *arg)
{
    struct dispatch_store *store = arg;

    while (!handover_finished(store->jobs)) {
        turn(store);
        if (!handover_finished(store->jobs))
            wait_for_work(store);
    }
    store_give_up_sessions(store);
    disconnect(store);
    return NULL;
}

/* ---- life ---- */

static void drop_job(void *job)
{
    dispatch_job_free(job);
}

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
    store->connected_ms = -STORE_POLL_MS;
    memcpy(store->fetch_key, settings->fetch_key, sizeof(store->fetch_key));
    memcpy(sender.sign_secret, settings->sign_secret, sizeof(sender.sign_secret));
    store->sender = task_sender_create(&sender, err);
    OPENSSL_cleanse(sender.sign_secret, sizeof(sender.sign_secret));
    if (!(store->bulk = handover_create(STORE_BULK_JOBS, drop_job, err)) || !store->sender ||
        !(store->sessions = live_sessions_create(err)) || !(store->said = said_cancels_create(err)))
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
    handover_destroy(store->bulk);
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
