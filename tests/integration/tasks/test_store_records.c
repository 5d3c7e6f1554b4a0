/* test_store_records.c - what a set of batches comes to, and what is told of it: nothing waits for
 * longer than for what it needs, and the trouble of one session is no other's. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/scarce_memory.h"
#include "tests/support/task_fixture.h"

#include "common/handover.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/event_receiver.h"
#include "controller/dispatch/said_cancels.h"
#include "controller/dispatch/store_inside.h"
#include "controller/dispatch/task_sender.h"
#include "proto/envelope.h"
#include "proto/frame.h"

#define CONNECTION 7
#define NOTES 256
#define JOBS_MAX 4

static struct dispatch_store store;
static struct conf_map parameters;
static struct live *live;
static uint8_t sign_secret[32];
static uint8_t pool[65536]; /* the bytes of the records of one test */
static size_t pool_used;
static struct dispatch_job *jobs[JOBS_MAX];
static size_t job_count;
static uint64_t facts_said, bulk_said;

static void drop_note(void *note)
{
    dispatch_note_free(note);
}

static void open_session(void)
{
    struct live_session session = {.agent = fleet.agent,
                                   .site = fleet.site,
                                   .session = uuid_make(),
                                   .journal = uuid_make(),
                                   .name = "tester",
                                   .fence = 1,
                                   .bulk_head = 1};

    ck_assert_int_eq(sign_key_make(sign_secret, session.sign_key, &err), 0);
    OK(db_execute(owner, "insert into agent_stream (agent_id, journal_id) values ($1, $2)", &err,
                  "uu", &fleet.agent, &session.journal));
    OK(db_execute(owner,
                  "insert into agent_session (agent_id, controller_id, fence, session_id, "
                  "boot_id, nonce, software, features, expires_at) values ($1, $2, 1, $3, $3, "
                  "sha256('n'), '', '{}', now() + interval '1 hour')",
                  &err, "uuu", &fleet.agent, &controller, &session.session));
    live = live_sessions_add(store.sessions, &session, CONNECTION, &err);
    ck_assert_ptr_nonnull(live);
}

static void begin(void)
{
    parameters = test_database("muster_engine");
    set_up();
    store = (struct dispatch_store){.controller = controller, .parameters = &parameters};
    pthread_mutex_init(&store.lock, NULL);
    store.db = engine;
    store.sessions = live_sessions_create(&err);
    store.notes = handover_create(NOTES, drop_note, &err);
    ck_assert(store.sessions && store.notes);
    pool_used = job_count = facts_said = bulk_said = 0;
    open_session();
}

static void end(void)
{
    for (size_t i = 0; i < job_count; i++)
        dispatch_job_free(jobs[i]);
    live_sessions_destroy(store.sessions);
    handover_destroy(store.notes);
    pthread_mutex_destroy(&store.lock);
    db_disconnect(store.listener);
    engine = store.db;
    tear_down();
}

/* ---- what the agent says ---- */

/* A batch of no records yet. */
static struct session_batch *begin_batch(Muster__Stream stream)
{
    struct dispatch_job *job = dispatch_job_create(JOB_RECORDS, CONNECTION, &fleet.agent);

    ck_assert_uint_lt(job_count, JOBS_MAX);
    jobs[job_count++] = job;
    job->batch = calloc(1, sizeof(*job->batch));
    job->batch->records = calloc(4, sizeof(*job->batch->records));
    job->batch->stream = stream;
    return job->batch;
}

static void add(struct session_batch *batch, Muster__Record *record, const struct task_fact *of)
{
    uint64_t *said = batch->stream == MUSTER__STREAM__FACTS ? &facts_said : &bulk_said;
    struct session_record *row = &batch->records[batch->count++];
    uint8_t *packed;
    size_t length;

    record->task_id = message_from_uuid(&of->task);
    record->epoch = of->epoch;
    record->at_us = clock_realtime_us();
    ck_assert_int_eq(message_pack(&record->base, &packed, &length, &err), 0);
    ck_assert_uint_lt(pool_used + length, sizeof(pool));
    memcpy(pool + pool_used, packed, length);
    row->bytes = pool + pool_used;
    row->length = length;
    pool_used += length;
    free(packed);
    row->message = message_unpack(&muster__record__descriptor, row->bytes, length, &err);
    ck_assert_ptr_nonnull(row->message);
    row->first = row->upto = ++*said;
    batch->upto = row->upto;
    if (batch->count == 1)
        batch->first = row->first;
}

static void say_accepted(struct session_batch *batch, const struct task_fact *of)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Accepted accepted = MUSTER__ACCEPTED__INIT;

    record.kind_case = MUSTER__RECORD__KIND_ACCEPTED;
    record.accepted = &accepted;
    add(batch, &record, of);
}

/* An attempt that is no integer of PostgreSQL's. */
static void say_nonsense(struct session_batch *batch, const struct task_fact *of)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Step step = MUSTER__STEP__INIT;

    step.name = (char *)"bmc_on";
    step.state = (char *)"done";
    step.attempt = UINT32_MAX;
    record.kind_case = MUSTER__RECORD__KIND_STEP;
    record.step = &step;
    add(batch, &record, of);
}

static const char REPORT[] = "{\"verdict\":\"passed\"}";

static void say_report(struct session_batch *batch, const struct task_fact *of)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__ReportChunk chunk = MUSTER__REPORT_CHUNK__INIT;
    uint8_t digest[32];

    SHA256((const unsigned char *)REPORT, strlen(REPORT), digest);
    chunk.size = strlen(REPORT);
    chunk.data = (ProtobufCBinaryData){strlen(REPORT), (uint8_t *)REPORT};
    chunk.sha256 = (ProtobufCBinaryData){32, digest};
    record.kind_case = MUSTER__RECORD__KIND_REPORT;
    record.report = &chunk;
    add(batch, &record, of);
}

/* Names the report. */
static void say_result(struct session_batch *batch, const struct task_fact *of)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Result result = MUSTER__RESULT__INIT;
    Muster__Signed sealed = MUSTER__SIGNED__INIT;
    struct sign_key *key = sign_key_create(sign_secret, NULL);
    uint8_t *payload, *envelope, digest[32];
    size_t length;

    SHA256((const unsigned char *)REPORT, strlen(REPORT), digest);
    result.task_id = message_from_uuid(&of->task);
    result.site_id = message_from_uuid(&fleet.site);
    result.agent_id = message_from_uuid(&fleet.agent);
    result.epoch = of->epoch;
    result.outcome = (char *)"succeeded";
    result.verdict = (char *)"passed";
    result.restore = (char *)"done";
    result.report_sha256 = result.facts_digest = (ProtobufCBinaryData){32, digest};
    result.report_size = strlen(REPORT);
    result.started_at_us = result.ended_at_us = clock_realtime_us();
    ck_assert_int_eq(message_pack(&result.base, &payload, &length, NULL), 0);
    ck_assert_int_eq(envelope_sign(key, DOMAIN_RESULT, payload, length, &envelope, &length, NULL),
                     0);
    sealed.envelope = (ProtobufCBinaryData){length, envelope};
    record.kind_case = MUSTER__RECORD__KIND_RESULT;
    record.result = &sealed;
    add(batch, &record, of);
    free(payload);
    free(envelope);
    sign_key_destroy(key);
}

static int64_t facts_committed(void)
{
    return count_of("select facts_committed from agent_stream where agent_id = $1", &fleet.agent);
}

static int64_t bulk_committed(void)
{
    return count_of("select bulk_committed from agent_stream where agent_id = $1", &fleet.agent);
}

static struct task_fact leased_one(int machine)
{
    struct uuid task = make_task(machine);
    struct task_lease lease = lease_it(&task);

    return fact_of(&lease);
}

/* Its RESULT waits, and nothing else is there to be told. */
static void let_wait(const struct task_fact *of)
{
    say_result(begin_batch(MUSTER__STREAM__FACTS), of);
    store_on_records(&store, jobs, 1);
    ck_assert_ptr_nonnull(live->waiting);
    dispatch_job_free(jobs[0]);
    job_count = 0;
}

/* ---- what must hold ---- */

START_TEST(facts_behind_a_report_of_their_own_set_are_woken)
{
    struct task_fact first = run_task(0), second = leased_one(1);

    say_result(begin_batch(MUSTER__STREAM__FACTS), &first);
    say_report(begin_batch(MUSTER__STREAM__BULK), &first);
    say_accepted(begin_batch(MUSTER__STREAM__FACTS), &second);
    store_on_records(&store, jobs, job_count);
    STATE_IS(first.task, "succeeded");
    ck_assert_str_eq(column(&first.task, "report_sha256 is not null"), "true");
    STATE_IS(second.task, "accepted");
    ck_assert_ptr_null(live->waiting);
    ck_assert_int_eq(facts_committed(), 2);
}
END_TEST

/* Taken one by one, since a record of the set is one that the database refuses. */
START_TEST(so_are_they_when_their_set_is_taken_one_by_one)
{
    struct task_fact first = run_task(0), second = leased_one(1);
    struct session_batch *last;

    say_result(begin_batch(MUSTER__STREAM__FACTS), &first);
    say_report(begin_batch(MUSTER__STREAM__BULK), &first);
    last = begin_batch(MUSTER__STREAM__FACTS);
    say_nonsense(last, &second);
    say_accepted(last, &second);
    store_on_records(&store, jobs, job_count);
    STATE_IS(first.task, "succeeded");
    STATE_IS(second.task, "accepted");
    ck_assert_ptr_null(live->waiting);
}
END_TEST

START_TEST(a_session_without_memory_lives_until_its_set_is_told)
{
    struct task_fact fact = run_task(0), other = leased_one(1);

    let_wait(&fact);
    say_report(begin_batch(MUSTER__STREAM__BULK), &fact);
    say_accepted(begin_batch(MUSTER__STREAM__FACTS), &other);
    scarce_left = 1; /* to wait with */
    store_on_records(&store, jobs, job_count);
    scarce_left = 0;
    ck_assert(scarce_fired);
    ck_assert_int_eq(bulk_committed(), 1);
    ck_assert_uint_eq(live_sessions_count(store.sessions), 0); /* and then starts over */
}
END_TEST

START_TEST(what_is_committed_of_a_waiting_batch_is_not_tried_again)
{
    struct task_fact fact = leased_one(0);
    struct session_batch *batch = begin_batch(MUSTER__STREAM__FACTS);

    say_accepted(batch, &fact);
    say_nonsense(batch, &fact);
    say_result(batch, &fact); /* which frees its machine */
    OK(live_wait(live, batch, 0, 0, &err));
    jobs[0]->batch = NULL;
    test_sql(owner, "revoke update (held_because, held_by_task) on machine from muster_engine");
    OK(store_look_after_waiting(&store, EVENT_REPORT_PATIENCE_MS, &err));
    test_sql(owner, "grant update (held_because, held_by_task) on machine to muster_engine");
    STATE_IS(fact.task, "accepted");
    ck_assert_int_eq(facts_committed(), 2);
    ck_assert_uint_eq(live_sessions_count(store.sessions), 1);
    OK(store_look_after_waiting(&store, INT64_C(2) * EVENT_REPORT_PATIENCE_MS, &err));
    ck_assert_uint_eq(live_sessions_count(store.sessions), 1);
    STATE_IS(fact.task, "succeeded");
    ck_assert_int_eq(facts_committed(), 3);
}
END_TEST

/* Nothing is given up while what agents said waits to be looked at, nor earlier than its time. */
START_TEST(only_what_has_waited_long_enough_goes_without_its_report)
{
    struct task_fact first = run_task(0), second = run_task(1);
    struct session_batch *batches[2];

    for (int i = 0; i < 2; i++) {
        say_result(batches[i] = begin_batch(MUSTER__STREAM__FACTS), i == 0 ? &first : &second);
        OK(live_wait(live, batches[i], 0, INT64_C(10000) * i, &err));
        jobs[i]->batch = NULL;
    }
    store.behind = true;
    OK(store_look_after_waiting(&store, EVENT_REPORT_PATIENCE_MS, &err));
    STATE_IS(first.task, "running");
    store.behind = false;
    OK(store_look_after_waiting(&store, EVENT_REPORT_PATIENCE_MS, &err));
    STATE_IS(first.task, "succeeded");
    STATE_IS(second.task, "running");
    OK(store_look_after_waiting(&store, INT64_C(9999) + EVENT_REPORT_PATIENCE_MS, &err));
    STATE_IS(second.task, "running");
    say_report(begin_batch(MUSTER__STREAM__BULK), &second);
    store_on_records(&store, jobs + 2, 1);
    STATE_IS(second.task, "succeeded");
    ck_assert_str_eq(column(&first.task, "report_sha256 is null"), "true");
    ck_assert_str_eq(column(&second.task, "report_sha256 is not null"), "true");
}
END_TEST

/* It takes connections, and says nothing. */
static int silent_server(char port[8])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(fd, 16), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    snprintf(port, 8, "%u", ntohs(at.sin_port));
    return fd;
}

static int connections(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    int count = 0;

    for (; poll(&item, 1, 0) == 1; count++)
        close(accept(fd, NULL, NULL));
    return count;
}

START_TEST(a_database_that_went_away_is_waited_for_once_a_set)
{
    struct task_fact fact = leased_one(0);
    char port[8];
    int fd = silent_server(port);
    struct conf_pair pairs[] = {
        {(char *)"host", (char *)"127.0.0.1"}, {(char *)"port", port}, {(char *)"user", "x"}};
    const struct conf_map silent = {.pairs = pairs, .count = 3};

    for (int i = 0; i < 3; i++)
        say_accepted(begin_batch(MUSTER__STREAM__FACTS), &fact);
    store.parameters = &silent;
    ck_assert_int_eq(db_script(engine, "select pg_terminate_backend(pg_backend_pid())", NULL), -1);
    ck_assert(!db_alive(engine));
    store_on_records(&store, jobs, job_count);
    ck_assert_int_eq(connections(fd), 1);
    ck_assert_uint_eq(live_sessions_count(store.sessions), 0);
    close(fd);
    STATE_IS(fact.task, "leased");
}
END_TEST

/* Its row is locked for longer than is waited for. */
START_TEST(a_lease_that_cannot_be_put_back_is_in_no_others_way)
{
    struct task_fact locked = leased_one(0), other = leased_one(1);

    live->resumed = true;
    live->session.opened_us = clock_realtime_us() + MINUTE_US;
    test_sql(engine, "set lock_timeout = '200ms'");
    OK(db_begin(owner, &err));
    as_owner("select from task where id = $1 for update", &locked.task);
    as_owner("select from task_queue where task_id = $1 for update", &locked.task);
    ck_assert_int_eq(store_look_after_orphans(&store, &err), 0);
    STATE_IS(locked.task, "leased");
    STATE_IS(other.task, "queued");
    OK(db_commit(owner, &err));
    ck_assert_int_eq(store_look_after_orphans(&store, &err), 0);
    STATE_IS(locked.task, "leased"); /* not each second */
    live->orphans_ms = 0;
    ck_assert_int_eq(store_look_after_orphans(&store, &err), 0);
    STATE_IS(locked.task, "queued");
}
END_TEST

static size_t notes_said(void)
{
    struct dispatch_note *note;
    size_t count = 0;

    while ((note = handover_try_receive(store.notes))) {
        dispatch_note_free(note);
        count++;
    }
    return count;
}

START_TEST(a_cancel_goes_to_no_session_of_another_controllers)
{
    const struct task_sender_settings settings = {.controller = controller, .sign_secret = {1}};
    struct task_fact fact = run_task(0);
    const struct uuid other = uuid_make();
    const char *state;

    store.sender = task_sender_create(&settings, &err);
    store.said = said_cancels_create(&err);
    ck_assert(store.sender && store.said);
    live->resumed = true;
    OK(db_begin_tenant(engine, &fleet.tenant, &err));
    OK(task_cancel(engine, &fleet.tenant, &fact.task, "a person", "a test", &state, &err));
    OK(db_commit(engine, &err));
    notes_said();
    OK(db_execute(owner, "update agent_session set fence = 2, controller_id = $1", &err, "u",
                  &other));
    OK(store_send_cancels(&store, &err));
    ck_assert_uint_eq(notes_said(), 0);
    OK(db_execute(owner, "update agent_session set fence = 1, controller_id = $1", &err, "u",
                  &controller));
    said_cancels_forget(store.said, INT64_MAX);
    OK(store_send_cancels(&store, &err));
    ck_assert_uint_eq(notes_said(), 1);
    OK(store_send_cancels(&store, &err)); /* said a moment ago */
    ck_assert_uint_eq(notes_said(), 0);
    task_sender_destroy(store.sender);
    said_cancels_destroy(store.said);
}
END_TEST

/* ---- bulk yields ---- */

#define KIB 1024
#define BULK_ALONG (256 * KIB) /* with facts, in a turn */
#define BULK_A_TURN (1024 * KIB)
#define NOBODYS 99 /* a connection whose session is over: its records cost no transaction */

static void drop_job(void *job)
{
    dispatch_job_free(job);
}

static void open_queues(void)
{
    store.jobs = handover_create(2 * (size_t)STORE_BULK_JOBS, drop_job, &err);
    store.bulk = handover_create(STORE_BULK_JOBS, drop_job, &err);
    ck_assert(store.jobs && store.bulk);
}

static void close_queues(void)
{
    handover_destroy(store.jobs);
    handover_destroy(store.bulk);
}

static void bulk_comes(size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        struct dispatch_job *job = dispatch_job_create(JOB_RECORDS, NOBODYS, &fleet.agent);

        job->batch = calloc(1, sizeof(*job->batch));
        job->batch->stream = MUSTER__STREAM__BULK;
        job->batch->bytes = bytes;
        ck_assert_int_eq(handover_try_send(store.jobs, job), 0);
    }
}

/* How many nobody has looked at. */
static size_t left_in_the_queue(void)
{
    struct dispatch_job *list[2 * STORE_BULK_JOBS];
    size_t count = 0;

    while ((list[count] = handover_try_receive(store.jobs)))
        count++;
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(handover_try_send(store.jobs, list[i]), 0);
    return count;
}

START_TEST(a_fact_overtakes_bulk_that_waits)
{
    struct task_fact fact = leased_one(0);

    open_queues();
    bulk_comes(40, 64 * KIB);
    say_accepted(begin_batch(MUSTER__STREAM__FACTS), &fact);
    ck_assert_int_eq(handover_try_send(store.jobs, jobs[--job_count]), 0);
    store_take_jobs(&store);
    STATE_IS(fact.task, "accepted");
    /* With it went as much bulk as may, and behind it a turn's worth; the rest waits. */
    ck_assert_uint_eq(store.bulk_waiting, 40 - BULK_ALONG / (64 * KIB) - BULK_A_TURN / (64 * KIB));
    ck_assert(store.behind);
    store_take_jobs(&store);
    ck_assert_uint_eq(store.bulk_waiting, 40 - BULK_ALONG / (64 * KIB) - 2 * 16);
    store_take_jobs(&store);
    ck_assert_uint_eq(store.bulk_waiting, 0);
    ck_assert(!store.behind);
    close_queues();
}
END_TEST

START_TEST(no_more_bulk_waits_than_may_and_then_nobody_is_listened_to)
{
    const size_t extra = 100;
    size_t turns = 1;

    open_queues();
    bulk_comes(1, BULK_ALONG);
    bulk_comes(STORE_BULK_JOBS + extra, KIB);
    store_take_jobs(&store);
    ck_assert_uint_eq(store.bulk_waiting, STORE_BULK_JOBS - STORE_SET_MAX);
    ck_assert_uint_eq(left_in_the_queue(), extra);
    for (; store.behind; turns++) {
        store_take_jobs(&store);
        ck_assert_uint_lt(store.bulk_waiting, STORE_BULK_JOBS);
        ck_assert_uint_lt(turns, 100);
    }
    ck_assert_uint_eq(left_in_the_queue(), 0);
    /* A set a turn: no job was left behind, and none was taken twice. */
    ck_assert_uint_eq(turns, (STORE_BULK_JOBS + extra + STORE_SET_MAX - 1) / STORE_SET_MAX);
    close_queues();
}
END_TEST

static void expect_reject(void)
{
    struct dispatch_note *note = handover_try_receive(store.notes);

    ck_assert_ptr_nonnull(note);
    ck_assert_int_eq(note->kind, NOTE_REJECT);
    ck_assert_uint_eq(note->connection, CONNECTION);
    dispatch_note_free(note);
    ck_assert_ptr_null(handover_try_receive(store.notes));
}

/* It would send on, and hear nothing of it. */
START_TEST(agent_whose_session_is_not_known_is_told_to_start_over)
{
    struct task_fact fact = run_task(0);

    live_sessions_remove(store.sessions, live);
    say_accepted(begin_batch(MUSTER__STREAM__FACTS), &fact);
    store_on_records(&store, jobs, job_count);
    expect_reject();
}
END_TEST

/* It would wait for orders, and be sent none. */
START_TEST(agent_that_resumes_while_the_database_is_away_is_told_to_start_over)
{
    struct dispatch_job *job = dispatch_job_create(JOB_RESUMED, CONNECTION, &fleet.agent);
    struct error away = {.code = ERROR_UNAVAILABLE, .text = "the database is away"};

    store_fail_job(&store, job, &away);
    dispatch_job_free(job);
    ck_assert_uint_eq(live_sessions_count(store.sessions), 0);
    expect_reject();
}
END_TEST

CHECK_MAIN_WITH("store_records", begin, end, facts_behind_a_report_of_their_own_set_are_woken,
                so_are_they_when_their_set_is_taken_one_by_one,
                a_session_without_memory_lives_until_its_set_is_told,
                what_is_committed_of_a_waiting_batch_is_not_tried_again,
                only_what_has_waited_long_enough_goes_without_its_report,
                a_database_that_went_away_is_waited_for_once_a_set,
                a_lease_that_cannot_be_put_back_is_in_no_others_way,
                a_cancel_goes_to_no_session_of_another_controllers,
                a_fact_overtakes_bulk_that_waits,
                no_more_bulk_waits_than_may_and_then_nobody_is_listened_to,
                agent_whose_session_is_not_known_is_told_to_start_over,
                agent_that_resumes_while_the_database_is_away_is_told_to_start_over)
