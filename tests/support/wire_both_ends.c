/* wire_both_ends - storey: agent controller. Both real ends of the wire over TCP and CURVE on
 * loopback: the agent's link with its SQLite journal, the controller's ZAP handler and socket
 * thread. Only the database's side of dispatch is played, by this program, so that it can be slow,
 * answer late, and be watched. Run by tests/integration/wire.
 */
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "agent/journal/journal_write.h"
#include "agent/link/controller_link.h"
#include "agent/run/task_verify.h"
#include "common/clock.h"
#include "common/handover.h"
#include "controller/dispatch/admitted_keys.h"
#include "controller/dispatch/agent_session.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/dispatch_socket.h"
#include "controller/dispatch/zap_handler.h"
#include "tests/support/agent_orders.h"
#include "tests/support/check_main.h"

#define PATIENCE_MS 20000

/* ---- the database's side, played ---- */

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool stop, hold_commits;
    uint64_t hellos, resumed, closed, cloned, refused_records, reports;
    uint64_t connection; /* the newest that said HELLO */
    uint8_t nonce[32];
    uint64_t received[3], committed[3]; /* by stream */
    uint64_t most_under_way[3], longest_gap;
    bool dense, facts_after_bulk;
    struct dispatch_job *held[4096];
    size_t held_count;
    char codes[16][32]; /* of Refused records, in order */
} store;

static struct handover *jobs, *notes, *orders_in;
static void *context;
static struct admitted_keys *keys;
static struct zap_handler *zap;
static struct dispatch_socket *sock;
static uint8_t server_secret[32], server_public[32];

static struct orders o;
static uint8_t *manifest;
static size_t manifest_length;

struct agent {
    char folder[64];
    struct task_journal *journal;
    struct controller_link *link;
    uint8_t curve_secret[32], curve_public[32];
    struct uuid id;
    const char *endpoints[3];
};
static struct agent agent;

static void send_welcome(uint64_t connection)
{
    Muster__Welcome welcome = MUSTER__WELCOME__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    struct uuid session = uuid_make();
    struct dispatch_note *note;

    welcome.protocol = PROTOCOL_VERSION;
    welcome.controller_time_us = clock_realtime_us();
    welcome.session_id = message_from_uuid(&session);
    welcome.manifest = (ProtobufCBinaryData){manifest_length, manifest};
    welcome.facts_committed = store.committed[1];
    welcome.bulk_committed = store.committed[2];
    welcome.window_records = SESSION_WINDOW_RECORDS;
    welcome.window_bytes = SESSION_WINDOW_BYTES;
    welcome.fetch_url = (char *)"https://127.0.0.1/";
    welcome.fetch_token = (char *)"t";
    frame.kind_case = MUSTER__FRAME__KIND_WELCOME;
    frame.welcome = &welcome;
    note = dispatch_note_create(NOTE_WELCOME, connection, &frame, NULL);
    note->session = session;
    note->facts_committed = welcome.facts_committed;
    note->bulk_committed = welcome.bulk_committed;
    handover_send(notes, note);
}

static void commit(const struct dispatch_job *job)
{
    Muster__Committed committed = MUSTER__COMMITTED__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    const struct session_batch *batch = job->batch;
    struct dispatch_note *note;

    committed.stream = batch->stream;
    committed.upto = batch->upto;
    frame.kind_case = MUSTER__FRAME__KIND_COMMITTED;
    frame.committed = &committed;
    store.committed[batch->stream] = batch->upto;
    note = dispatch_note_create(NOTE_COMMITTED, job->connection, &frame, NULL);
    note->stream = batch->stream;
    note->records = batch->count;
    note->bytes = batch->bytes;
    handover_send(notes, note);
}

static void on_records(struct dispatch_job **job)
{
    const struct session_batch *batch = (*job)->batch;
    uint64_t *received = &store.received[batch->stream], under_way;

    for (size_t i = 0; i < batch->count; i++) {
        const struct session_record *record = &batch->records[i];

        if (record->first != *received + 1 && record->first <= *received)
            ck_assert_uint_gt(record->upto, *received); /* a gap may begin before */
        else if (record->first != *received + 1)
            store.dense = false;
        *received = record->upto;
        if (record->upto - record->first > store.longest_gap)
            store.longest_gap = record->upto - record->first;
        if (record->message && record->message->kind_case == MUSTER__RECORD__KIND_REFUSED)
            snprintf(store.codes[store.refused_records++ % 16], sizeof(store.codes[0]), "%s",
                     record->message->refused->code);
    }
    if (batch->stream == MUSTER__STREAM__FACTS && store.received[2] > 0)
        store.facts_after_bulk = true;
    under_way = *received - store.committed[batch->stream];
    if (under_way > store.most_under_way[batch->stream])
        store.most_under_way[batch->stream] = under_way;
    if (store.hold_commits) {
        store.held[store.held_count++] = *job;
        *job = NULL;
    } else {
        commit(*job);
    }
}

static void on_job(struct dispatch_job *job)
{
    switch (job->kind) {
    case JOB_HELLO:
        store.hellos++;
        store.connection = job->connection;
        memcpy(store.nonce, job->hello->nonce, 32);
        store.received[1] = store.committed[1]; /* a session goes on behind what is committed */
        store.received[2] = store.committed[2];
        send_welcome(job->connection);
        break;
    case JOB_RESUMED:
        store.resumed++;
        break;
    case JOB_RECORDS:
        on_records(&job);
        break;
    case JOB_CLOSED:
        store.closed++;
        break;
    case JOB_CLONED:
        store.cloned++;
        break;
    case JOB_POSED: /* only written down */
        break;
    }
    dispatch_job_free(job);
}

static void *play_store(void *unused)
{
    struct dispatch_job *job;

    while ((job = handover_receive(jobs, -1))) {
        pthread_mutex_lock(&store.lock);
        on_job(job);
        pthread_cond_broadcast(&store.moved);
        pthread_mutex_unlock(&store.lock);
    }
    return unused;
}

static void commit_held(void)
{
    pthread_mutex_lock(&store.lock);
    store.hold_commits = false;
    for (size_t i = 0; i < store.held_count; i++) {
        commit(store.held[i]);
        dispatch_job_free(store.held[i]);
    }
    store.held_count = 0;
    pthread_mutex_unlock(&store.lock);
}

/* Until *value reaches 'least'; false after PATIENCE_MS. */
static bool wait_for(const uint64_t *value, uint64_t least)
{
    struct timespec until;
    bool reached;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    pthread_mutex_lock(&store.lock);
    while (*value < least && pthread_cond_timedwait(&store.moved, &store.lock, &until) == 0)
        continue;
    reached = *value >= least;
    pthread_mutex_unlock(&store.lock);
    return reached;
}

static uint64_t read_store(const uint64_t *value)
{
    uint64_t copy;

    pthread_mutex_lock(&store.lock);
    copy = *value;
    pthread_mutex_unlock(&store.lock);
    return copy;
}

/* For what has no event of its own: look again every 10 ms. */
#define wait_until(condition)                                                                      \
    do {                                                                                           \
        int64_t wait_end = clock_monotonic_ms() + PATIENCE_MS;                                     \
        while (!(condition) && clock_monotonic_ms() < wait_end)                                    \
            poll(NULL, 0, 10);                                                                     \
        ck_assert_msg((condition), "waited in vain for: %s", #condition);                          \
    } while (0)

/* ---- both ends ---- */

static void start_controller(const char *bind)
{
    struct dispatch_socket_settings settings = {.bind = bind};
    struct error err = {0};

    memcpy(settings.curve_secret, server_secret, 32);
    sock = dispatch_socket_create(&settings, context, keys, jobs, notes, &err);
    ck_assert_msg(sock != NULL, "%s", err.text);
    ck_assert_int_eq(dispatch_socket_start(sock, NULL), 0);
}

static void make_manifest(void)
{
    struct key_manifest_entry entry = {.domains = 1u << DOMAIN_TASK, .not_after_us = INT64_MAX};
    int64_t now = clock_realtime_us();

    memcpy(entry.public_key, sign_key_public(o.controller), 32);
    ck_assert_int_eq(key_manifest_make(o.root, 3, now, now + (int64_t)3600 * 1000000, &entry, 1,
                                       &manifest, &manifest_length, NULL),
                     0);
}

static void admit(const struct agent *who)
{
    struct admitted_key key;

    memcpy(key.curve, who->curve_public, 32);
    key.agent = who->id;
    ck_assert_int_eq(admitted_keys_replace(keys, &key, 1, NULL), 0);
}

static void open_agent(struct agent *who, const struct uuid *id)
{
    char path[128];
    struct error err = {0};

    strcpy(who->folder, "/tmp/wireXXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(who->folder));
    snprintf(path, sizeof(path), "%s/journal.db", who->folder);
    who->journal = task_journal_open(path, &err);
    ck_assert_msg(who->journal != NULL, "%s", err.text);
    who->id = *id;
}

static void start_link(struct agent *who)
{
    struct controller_link_settings settings = {
        .endpoints = who->endpoints, .agent_id = who->id, .site_id = o.site};
    struct error err = {0};

    who->endpoints[0] = dispatch_socket_endpoint(sock);
    memcpy(settings.server_curve_public, server_public, 32);
    memcpy(settings.curve_secret, who->curve_secret, 32);
    memcpy(settings.curve_public, who->curve_public, 32);
    memcpy(settings.root_public, sign_key_public(o.root), 32);
    who->link = controller_link_create(&settings, who->journal, orders_in, &err);
    ck_assert_msg(who->link != NULL, "%s", err.text);
    ck_assert_int_eq(controller_link_start(who->link, NULL), 0);
}

static void close_agent(struct agent *who)
{
    static const char *const FILES[] = {"journal.db", "journal.db-wal", "journal.db-shm",
                                        "journal.db.lock"};
    char path[128];

    controller_link_destroy(who->link);
    task_journal_close(who->journal);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", who->folder, FILES[i]);
        unlink(path);
    }
    rmdir(who->folder);
    memset(who, 0, sizeof(*who));
}

static bool connected(const struct agent *who)
{
    struct link_state state;

    controller_link_state(who->link, &state);
    key_manifest_release(state.manifest);
    return state.connected;
}

static void drop_job(void *job)
{
    dispatch_job_free(job);
}

static void drop_note(void *note)
{
    dispatch_note_free(note);
}

static void drop_order(void *order)
{
    link_order_free(order);
}

static void make(void)
{
    memset(&store, 0, sizeof(store));
    pthread_mutex_init(&store.lock, NULL);
    pthread_cond_init(&store.moved, NULL);
    store.dense = true;
    orders_begin(&o);
    make_manifest();
    jobs = handover_create(4096, drop_job, NULL);
    notes = handover_create(4096, drop_note, NULL);
    orders_in = handover_create(64, drop_order, NULL);
    context = zmq_ctx_new();
    keys = admitted_keys_create(NULL);
    zap = zap_handler_create(context, keys, NULL);
    ck_assert_ptr_nonnull(zap);
    seal_key_make(server_secret, server_public, NULL);
    start_controller("tcp://127.0.0.1:*");
    pthread_create(&store.thread, NULL, play_store, NULL);
    open_agent(&agent, &o.agent_id);
    seal_key_make(agent.curve_secret, agent.curve_public, NULL);
    admit(&agent);
}

static void unmake(void)
{
    close_agent(&agent);
    dispatch_socket_destroy(sock);
    handover_close(jobs);
    pthread_join(store.thread, NULL);
    for (size_t i = 0; i < store.held_count; i++)
        dispatch_job_free(store.held[i]);
    zap_handler_destroy(zap);
    admitted_keys_destroy(keys);
    zmq_ctx_term(context);
    handover_destroy(jobs);
    handover_destroy(notes);
    handover_destroy(orders_in);
    free(manifest);
    orders_end(&o);
    pthread_cond_destroy(&store.moved);
    pthread_mutex_destroy(&store.lock);
}

static void journal_records(enum journal_stream stream, unsigned count, size_t size)
{
    struct journal_batch *batch = journal_batch_create();
    struct uuid task = uuid_make();
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Step step = MUSTER__STEP__INIT;
    Muster__ReportChunk chunk = MUSTER__REPORT_CHUNK__INIT;
    struct error err = {0};

    record.at_us = clock_realtime_us();
    record.task_id = message_from_uuid(&task);
    step.name = (char *)"dhcp";
    chunk.data.data = calloc(1, size + 1);
    chunk.data.len = size;
    for (unsigned i = 0; i < count; i++) {
        record.kind_case =
            stream == JOURNAL_FACTS ? MUSTER__RECORD__KIND_STEP : MUSTER__RECORD__KIND_REPORT;
        if (stream == JOURNAL_FACTS)
            record.step = &step;
        else
            record.report = &chunk;
        journal_batch_record(batch, stream, &record);
    }
    ck_assert_msg(task_journal_write_now(agent.journal, batch, &err) == 0, "%s", err.text);
    free(chunk.data.data);
}

/* ---- what must hold ---- */

START_TEST(an_unknown_key_cannot_shake_hands)
{
    struct dispatch_socket_counts counts;

    admitted_keys_replace(keys, NULL, 0, NULL);
    start_link(&agent);
    wait_until(zap_handler_refused(zap) >= 1);
    dispatch_socket_counts(sock, &counts);
    ck_assert_uint_eq(counts.frames + counts.frames_refused, 0);
    ck_assert_uint_eq(read_store(&store.hellos), 0);
    ck_assert(!connected(&agent));
}
END_TEST

START_TEST(a_wrong_server_key_cannot_shake_hands)
{
    server_public[0] ^= 1;
    start_link(&agent);
    poll(NULL, 0, 500); /* nothing may happen: there is no event to await */
    ck_assert_uint_eq(read_store(&store.hellos), 0);
    ck_assert(!connected(&agent));
}
END_TEST

START_TEST(hello_welcome_resume)
{
    struct link_state state;

    start_link(&agent);
    ck_assert(wait_for(&store.resumed, 1));
    controller_link_state(agent.link, &state);
    ck_assert(state.connected);
    ck_assert_mem_eq(state.nonce, store.nonce, 32);
    ck_assert_ptr_nonnull(state.manifest);
    ck_assert_uint_eq(key_manifest_version(state.manifest), 3);
    ck_assert_str_eq(state.fetch_url, "https://127.0.0.1/");
    ck_assert_int_lt(llabs(state.controller_time_us - clock_realtime_us()), 1000000);
    key_manifest_release(state.manifest);
}
END_TEST

START_TEST(an_older_manifest_is_not_believed)
{
    struct link_state state;

    ck_assert_int_eq(task_journal_saw_manifest(agent.journal, 4, NULL), 0);
    start_link(&agent);
    ck_assert(wait_for(&store.hellos, 2)); /* it hung up and came back */
    ck_assert_uint_eq(read_store(&store.resumed), 0);
    controller_link_state(agent.link, &state);
    ck_assert(!state.connected);
    ck_assert_ptr_null(state.manifest);
}
END_TEST

START_TEST(windows_hold_and_numbers_are_dense)
{
    journal_records(JOURNAL_FACTS, 600, 0);
    journal_records(JOURNAL_BULK, 60, 40 * 1024);
    store.hold_commits = true;
    start_link(&agent);
    ck_assert(wait_for(&store.received[1], 256));
    ck_assert(wait_for(&store.received[2],
                       26)); /* 26 * 40 KiB: the window of 1 MiB, and the one that fills it */
    poll(NULL, 0, 300);      /* more must not come */
    ck_assert_uint_eq(read_store(&store.received[1]), 256);
    ck_assert_uint_le(read_store(&store.received[2]), 27);
    commit_held();
    ck_assert(wait_for(&store.received[1], 600));
    ck_assert(wait_for(&store.received[2], 60));
    ck_assert(store.dense);
    ck_assert_uint_le(store.most_under_way[1], 256);
    ck_assert_uint_le(store.most_under_way[2], 27);
}
END_TEST

START_TEST(facts_go_before_bulk)
{
    journal_records(JOURNAL_BULK, 10, 40 * 1024);
    journal_records(JOURNAL_FACTS, 200, 0);
    start_link(&agent);
    ck_assert(wait_for(&store.received[2], 10));
    ck_assert_uint_eq(read_store(&store.received[1]), 200);
    ck_assert(!store.facts_after_bulk);
}
END_TEST

/* What was thinned while nobody listened is one record that uses up all its numbers. */
START_TEST(a_thinned_log_arrives_as_a_gap)
{
    struct journal_identity identity;
    struct uuid task = uuid_make();
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__LogChunk log = MUSTER__LOG_CHUNK__INIT;
    char line[4000];

    memset(line, 'x', sizeof(line));
    task_journal_set_bulk_budget(agent.journal, 40000);
    log.data = (ProtobufCBinaryData){sizeof(line), (uint8_t *)line};
    log.source = (char *)"image";
    record.task_id = message_from_uuid(&task);
    record.kind_case = MUSTER__RECORD__KIND_LOG;
    record.log = &log;
    for (int i = 0; i < 40; i++) {
        struct journal_batch *batch = journal_batch_create();

        journal_batch_record(batch, JOURNAL_BULK, &record);
        ck_assert_int_eq(task_journal_write_now(agent.journal, batch, NULL), 0);
    }
    ck_assert_int_eq(task_journal_identity(agent.journal, &identity, NULL), 0);
    ck_assert_uint_ge(identity.bulk_head, 40);
    start_link(&agent);
    ck_assert(wait_for(&store.committed[2], identity.bulk_head));
    ck_assert(store.dense);
    ck_assert_uint_gt(store.longest_gap, 20);
    journal_records(JOURNAL_BULK, 1, 10);
    ck_assert(wait_for(&store.committed[2], identity.bulk_head + 1));
    ck_assert(store.dense);
}
END_TEST

START_TEST(new_records_go_at_once)
{
    int64_t began;

    start_link(&agent);
    ck_assert(wait_for(&store.resumed, 1));
    began = clock_monotonic_ms();
    journal_records(JOURNAL_FACTS, 1, 0);
    ck_assert(wait_for(&store.received[1], 1));
    ck_assert_int_lt(clock_monotonic_ms() - began, 1000);
}
END_TEST

START_TEST(a_reconnect_goes_on_where_the_commit_was)
{
    char endpoint[256];

    start_link(&agent);
    journal_records(JOURNAL_FACTS, 10, 0);
    ck_assert(wait_for(&store.committed[1], 10));
    pthread_mutex_lock(&store.lock);
    store.hold_commits = true;
    pthread_mutex_unlock(&store.lock);
    journal_records(JOURNAL_FACTS, 5, 0);
    ck_assert(wait_for(&store.received[1], 15)); /* 11..15 arrive and are never acknowledged */
    snprintf(endpoint, sizeof(endpoint), "%s", dispatch_socket_endpoint(sock));
    dispatch_socket_destroy(sock);
    wait_until(!connected(&agent));
    pthread_mutex_lock(&store.lock);
    store.hold_commits = false;
    for (; store.held_count > 0; store.held_count--)
        dispatch_job_free(store.held[store.held_count - 1]);
    pthread_mutex_unlock(&store.lock);
    start_controller(endpoint);
    ck_assert(wait_for(&store.hellos, 2));
    ck_assert(wait_for(&store.committed[1], 15));
    journal_records(JOURNAL_FACTS, 3, 0);
    ck_assert(wait_for(&store.committed[1], 18));
    ck_assert(store.dense);
}
END_TEST

START_TEST(the_next_endpoint_is_tried)
{
    agent.endpoints[1] = dispatch_socket_endpoint(sock);
    agent.endpoints[2] = NULL;
    start_link(&agent); /* puts the right one first: */
    controller_link_destroy(agent.link);
    {
        const char *endpoints[] = {"tcp://127.0.0.1:1", dispatch_socket_endpoint(sock), NULL};
        struct controller_link_settings settings = {
            .endpoints = endpoints, .agent_id = agent.id, .site_id = o.site};

        memcpy(settings.server_curve_public, server_public, 32);
        memcpy(settings.curve_secret, agent.curve_secret, 32);
        memcpy(settings.curve_public, agent.curve_public, 32);
        memcpy(settings.root_public, sign_key_public(o.root), 32);
        agent.link = controller_link_create(&settings, agent.journal, orders_in, NULL);
        controller_link_start(agent.link, NULL);
    }
    wait_until(connected(&agent));
}
END_TEST

START_TEST(revoked_within_a_second)
{
    struct dispatch_socket_counts before, after;
    uint64_t received, notes_before;

    start_link(&agent);
    ck_assert(wait_for(&store.resumed, 1));
    journal_records(JOURNAL_FACTS, 1, 0);
    ck_assert(wait_for(&store.committed[1], 1));
    dispatch_socket_counts(sock, &before);
    notes_before = zap_handler_refused(zap);
    admitted_keys_replace(keys, NULL, 0, NULL); /* revoked */
    received = read_store(&store.received[1]);
    journal_records(JOURNAL_FACTS, 5, 0);
    wait_until(
        (dispatch_socket_counts(sock, &after), after.frames_refused > before.frames_refused));
    ck_assert_uint_eq(after.frames, before.frames);
    ck_assert_uint_eq(read_store(&store.received[1]), received);
    wait_until((dispatch_socket_counts(sock, &after), after.connections == 0));
    ck_assert(wait_for(&store.closed, 1));
    /* It hears nothing more, gives up after 15 s, and is not let in again. */
    wait_until(!connected(&agent));
    wait_until(zap_handler_refused(zap) > notes_before);
    ck_assert_uint_eq(read_store(&store.hellos), 1);
}
END_TEST

START_TEST(two_live_copies_are_found)
{
    struct agent copy;
    struct dispatch_socket_counts counts;

    start_link(&agent);
    ck_assert(wait_for(&store.resumed, 1));
    memset(&copy, 0, sizeof(copy));
    open_agent(&copy, &agent.id);
    memcpy(copy.curve_secret, agent.curve_secret, 32);
    memcpy(copy.curve_public, agent.curve_public, 32);
    start_link(&copy);
    ck_assert(wait_for(&store.cloned, 1));
    wait_until((dispatch_socket_counts(sock, &counts), counts.sessions_ended >= 2));
    close_agent(&copy);
}
END_TEST

START_TEST(a_restart_is_no_copy)
{
    start_link(&agent);
    ck_assert(wait_for(&store.resumed, 1));
    controller_link_destroy(agent.link);
    start_link(&agent); /* another boot id, at once */
    ck_assert(wait_for(&store.resumed, 2));
    journal_records(JOURNAL_FACTS, 1, 0);
    ck_assert(wait_for(&store.committed[1], 1));
    ck_assert_uint_eq(read_store(&store.cloned), 0);
}
END_TEST

/* ---- orders and the agent's ladder ---- */

static void send_order(const uint8_t *bytes, size_t length)
{
    Muster__Order order = MUSTER__ORDER__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    order.envelope = (ProtobufCBinaryData){length, (uint8_t *)bytes};
    frame.kind_case = MUSTER__FRAME__KIND_ORDER;
    frame.order = &order;
    handover_send(notes,
                  dispatch_note_create(NOTE_FRAME, read_store(&store.connection), &frame, NULL));
}

/* What the runner does with an order that is refused: verify, journal why. */
static void verify_next(bool expect_good)
{
    struct link_order *order = handover_receive(orders_in, PATIENCE_MS);
    struct verify_place place = {.site_id = o.site,
                                 .agent_id = o.agent_id,
                                 .manifest = o.manifest,
                                 .nonce = o.nonce,
                                 .now_us = ORDERS_NOW_US,
                                 .journal = agent.journal};
    struct journal_batch *batch;
    struct task_order good;
    struct verify_refusal refusal;
    struct error err = {0};
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Refused refused = MUSTER__REFUSED__INIT;
    int rc;

    ck_assert_ptr_nonnull(order);
    rc = task_verify(&place, order->envelope, order->length, &good, &refusal, &err);
    link_order_free(order);
    ck_assert_int_eq(rc, expect_good ? 1 : 0);
    if (rc == 1) {
        task_order_clear(&good);
        return;
    }
    refused.code = (char *)refusal.code;
    refused.text = refusal.text.text;
    refused.envelope_sha256 = (ProtobufCBinaryData){32, refusal.envelope_sha256};
    record.at_us = ORDERS_NOW_US;
    record.task_id = message_from_uuid(&refusal.task_id);
    record.kind_case = MUSTER__RECORD__KIND_REFUSED;
    record.refused = &refused;
    batch = journal_batch_create();
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    ck_assert_int_eq(task_journal_write_now(agent.journal, batch, &err), 0);
}

/* The bad order goes over the wire, and the refusal comes back by this name. */
static void refused_as(const char *code, const uint8_t *bytes, size_t length)
{
    uint64_t before = read_store(&store.refused_records);

    send_order(bytes, length);
    verify_next(false);
    ck_assert(wait_for(&store.refused_records, before + 1));
    ck_assert_str_eq(store.codes[before % 16], code);
}

START_TEST(bad_orders_come_back_by_name)
{
    struct uuid elsewhere = uuid_make();
    uint8_t *bytes, other_nonce[32] = {1};
    struct journal_batch *batch;
    size_t length;

    start_link(&agent);
    ck_assert(wait_for(&store.resumed, 1));
    orders_boot(&o, 5);
    length = orders_sign(&o, &bytes);
    send_order(bytes, length);
    verify_next(true);
    bytes[length / 2] ^= 4;
    refused_as("bad_signature", bytes, length);
    bytes[length / 2] ^= 4;
    refused_as("malformed", bytes, length - 1);
    free(bytes);

    length = orders_seal(o.stranger, DOMAIN_TASK, &o.boot.base, &bytes);
    refused_as("unknown_key", bytes, length);
    free(bytes);

    o.boot.site_id = message_from_uuid(&elsewhere);
    length = orders_sign(&o, &bytes);
    refused_as("wrong_site", bytes, length);
    free(bytes);
    orders_boot(&o, 5);
    o.boot.agent_id = message_from_uuid(&elsewhere);
    length = orders_sign(&o, &bytes);
    refused_as("wrong_agent", bytes, length);
    free(bytes);

    orders_boot(&o, 5);
    o.boot.expires_at_us = ORDERS_NOW_US - 1;
    length = orders_sign(&o, &bytes);
    refused_as("expired", bytes, length);
    free(bytes);

    orders_boot(&o, 5);
    o.boot.session_nonce = (ProtobufCBinaryData){32, other_nonce}; /* captured in another session */
    length = orders_sign(&o, &bytes);
    refused_as("replay", bytes, length);
    free(bytes);

    batch = journal_batch_create();
    journal_batch_epoch(batch, &o.machine, 9);
    ck_assert_int_eq(task_journal_write_now(agent.journal, batch, NULL), 0);
    orders_boot(&o, 8);
    length = orders_sign(&o, &bytes);
    refused_as("old_epoch", bytes, length);
    free(bytes);
}
END_TEST

CHECK_MAIN_WITH("wire", make, unmake, an_unknown_key_cannot_shake_hands,
                a_wrong_server_key_cannot_shake_hands, hello_welcome_resume,
                an_older_manifest_is_not_believed, windows_hold_and_numbers_are_dense,
                facts_go_before_bulk, a_thinned_log_arrives_as_a_gap, new_records_go_at_once,
                a_reconnect_goes_on_where_the_commit_was, the_next_endpoint_is_tried,
                revoked_within_a_second, two_live_copies_are_found, a_restart_is_no_copy,
                bad_orders_come_back_by_name)
