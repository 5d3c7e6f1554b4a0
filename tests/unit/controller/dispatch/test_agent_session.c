/* One connection's conversation: what is refused, in which order things may come, numbers and
 * windows. */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "controller/dispatch/agent_session.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

static const struct uuid AGENT = {{1}}, OTHER = {{2}}, SITE = {{3}}, JOURNAL = {{4}}, BOOT = {{5}},
                         SESSION = {{6}};
static struct agent_session *session;
static struct session_outcome outcome;
static int64_t now;

static void make(void)
{
    now = 1000;
    session = agent_session_create(&AGENT, now, NULL);
    ck_assert_ptr_nonnull(session);
    memset(&outcome, 0, sizeof(outcome));
}

static void clear(void)
{
    free(outcome.hello);
    session_batch_free(outcome.batch);
    memset(&outcome, 0, sizeof(outcome));
}

static void unmake(void)
{
    clear();
    agent_session_destroy(session);
}

static unsigned starve_at; /* the allocation of the next frame that fails, 0: none */

/* As if it had come over the wire. */
static enum session_verdict take(Muster__Frame *frame)
{
    Muster__Frame *unpacked;
    uint8_t *bytes;
    size_t length;

    clear();
    ck_assert_int_eq(message_pack(&frame->base, &bytes, &length, NULL), 0);
    unpacked = message_unpack(&muster__frame__descriptor, bytes, length, NULL);
    scarce_fired = false;
    scarce_left = starve_at;
    agent_session_frame(session, unpacked, now, &outcome);
    scarce_left = 0;
    free(bytes);
    if (outcome.verdict == SESSION_OVER) {
        ck_assert_str_ne(outcome.reject.code, "");
        ck_assert_str_ne(outcome.reject.text, "");
        ck_assert_str_ne(outcome.reject.remedy, "");
    }
    return outcome.verdict;
}

static uint8_t nonce[32];
static Muster__Hello hello;

static void fill_hello(void)
{
    static char *features[] = {(char *)"boot/1"};

    muster__hello__init(&hello);
    hello.protocol_min = hello.protocol_max = PROTOCOL_VERSION;
    hello.features = features;
    hello.n_features = 1;
    hello.agent_id = message_from_uuid(&AGENT);
    hello.site_id = message_from_uuid(&SITE);
    hello.journal_id = message_from_uuid(&JOURNAL);
    hello.boot_id = message_from_uuid(&BOOT);
    hello.nonce = (ProtobufCBinaryData){sizeof(nonce), nonce};
    hello.facts_head = 7;
    hello.software = (char *)"muster-agent test";
}

static enum session_verdict say_hello(void)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;

    frame.kind_case = MUSTER__FRAME__KIND_HELLO;
    frame.hello = &hello;
    return take(&frame);
}

static enum session_verdict say_resume(const struct uuid *id, uint64_t facts, uint64_t bulk)
{
    Muster__Resume resume = MUSTER__RESUME__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    resume.session_id = message_from_uuid(id);
    resume.facts_from = facts;
    resume.bulk_from = bulk;
    frame.kind_case = MUSTER__FRAME__KIND_RESUME;
    frame.resume = &resume;
    return take(&frame);
}

/* 'count' records of 'size' bytes of detail from 'first'; a GAP up to 'gap' in front when it is not
 * 0. */
static enum session_verdict say_records(Muster__Stream stream, uint64_t first, size_t count,
                                        size_t size, uint64_t gap)
{
    Muster__Records records = MUSTER__RECORDS__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__LogChunk log = MUSTER__LOG_CHUNK__INIT;
    Muster__Gap hole = MUSTER__GAP__INIT;
    ProtobufCBinaryData parts[600];
    enum session_verdict verdict;

    log.data.data = calloc(1, size + 1);
    log.data.len = size;
    for (size_t i = 0; i < count; i++) {
        bool is_gap = gap && i == 0;

        hole.from = first;
        hole.to = gap;
        record.kind_case = is_gap ? MUSTER__RECORD__KIND_GAP : MUSTER__RECORD__KIND_LOG;
        if (is_gap)
            record.gap = &hole;
        else
            record.log = &log;
        message_pack(&record.base, &parts[i].data, &parts[i].len, NULL);
    }
    records.stream = stream;
    records.first = first;
    records.n_record = count;
    records.record = parts;
    frame.kind_case = MUSTER__FRAME__KIND_RECORDS;
    frame.records = &records;
    verdict = take(&frame);
    for (size_t i = 0; i < count; i++)
        free(parts[i].data);
    free(log.data.data);
    return verdict;
}

static void open_at(uint64_t facts, uint64_t bulk)
{
    fill_hello();
    ck_assert_int_eq(say_hello(), SESSION_GREETED);
    agent_session_welcome(session, &SESSION, facts, bulk);
    ck_assert_int_eq(say_resume(&SESSION, facts + 1, bulk + 1), SESSION_RESUMED);
    ck_assert(agent_session_open(session));
}

START_TEST(what_is_no_frame_ends_it)
{
    agent_session_frame(session, NULL, now, &outcome);
    ck_assert_int_eq(outcome.verdict, SESSION_OVER);
    ck_assert_str_eq(outcome.reject.code, "protocol_error");
}
END_TEST

START_TEST(malformed_hello_is_refused)
{
    static const struct {
        size_t offset;
        size_t length;
    } UUIDS[] = {{offsetof(Muster__Hello, agent_id), 15},
                 {offsetof(Muster__Hello, site_id), 0},
                 {offsetof(Muster__Hello, journal_id), 15},
                 {offsetof(Muster__Hello, boot_id), 15},
                 {offsetof(Muster__Hello, nonce), 31}};
    char long_name[SESSION_NAME_MAX + 2];
    char *names[SESSION_FEATURES_MAX + 1];

    for (size_t i = 0; i < sizeof(UUIDS) / sizeof(UUIDS[0]); i++) {
        fill_hello();
        ((ProtobufCBinaryData *)((char *)&hello + UUIDS[i].offset))->len = UUIDS[i].length;
        ck_assert_int_eq(say_hello(), SESSION_OVER);
        ck_assert_str_eq(outcome.reject.code, "protocol_error");
    }
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    fill_hello();
    hello.software = long_name;
    ck_assert_int_eq(say_hello(), SESSION_OVER);
    fill_hello();
    for (size_t i = 0; i <= SESSION_FEATURES_MAX; i++)
        names[i] = (char *)"f";
    hello.features = names;
    hello.n_features = SESSION_FEATURES_MAX + 1;
    ck_assert_int_eq(say_hello(), SESSION_OVER);
    fill_hello();
    hello.facts_head = UINT64_MAX;
    ck_assert_int_eq(say_hello(), SESSION_OVER);
    ck_assert(!agent_session_greeted(session));
}
END_TEST

START_TEST(another_protocol_or_agent_is_refused_by_name)
{
    fill_hello();
    hello.protocol_min = hello.protocol_max = PROTOCOL_VERSION + 1;
    ck_assert_int_eq(say_hello(), SESSION_OVER);
    ck_assert_str_eq(outcome.reject.code, "protocol_unsupported");
    fill_hello();
    hello.agent_id = message_from_uuid(&OTHER);
    ck_assert_int_eq(say_hello(), SESSION_OVER);
    ck_assert_str_eq(outcome.reject.code, "unknown_agent");
}
END_TEST

START_TEST(hello_gives_what_it_said)
{
    fill_hello();
    ck_assert_int_eq(say_hello(), SESSION_GREETED);
    ck_assert(uuid_equal(&outcome.hello->site, &SITE));
    ck_assert(uuid_equal(agent_session_boot(session), &BOOT));
    ck_assert_uint_eq(outcome.hello->facts_head, 7);
    ck_assert_uint_eq(outcome.hello->feature_count, 1);
    ck_assert_str_eq(outcome.hello->features[0], "boot/1");
    ck_assert_str_eq(outcome.hello->software, "muster-agent test");
    ck_assert(!agent_session_open(session));
    ck_assert_int_eq(say_hello(), SESSION_OVER); /* once */
}
END_TEST

START_TEST(records_before_resume_are_refused)
{
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 1, 1, 1, 0), SESSION_OVER);
    fill_hello();
    say_hello();
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 1, 1, 1, 0), SESSION_OVER);
    agent_session_welcome(session, &SESSION, 0, 0);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 1, 1, 1, 0), SESSION_OVER);
}
END_TEST

START_TEST(resume_must_go_on_where_welcome_said)
{
    ck_assert_int_eq(say_resume(&SESSION, 1, 1), SESSION_OVER);
    fill_hello();
    say_hello();
    ck_assert_int_eq(say_resume(&SESSION, 1, 1), SESSION_OVER);
    agent_session_welcome(session, &SESSION, 4, 9);
    ck_assert_int_eq(say_resume(&OTHER, 5, 10), SESSION_OVER);
    ck_assert_int_eq(say_resume(&SESSION, 6, 10), SESSION_OVER);
    ck_assert_int_eq(say_resume(&SESSION, 5, 9), SESSION_OVER);
    ck_assert_int_eq(say_resume(&SESSION, 5, 10), SESSION_RESUMED);
}
END_TEST

START_TEST(records_are_numbered_densely)
{
    open_at(4, 0);
    ck_assert_int_eq(say_records(MUSTER__STREAM__STREAM_UNSPECIFIED, 5, 1, 1, 0), SESSION_OVER);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 6, 1, 1, 0), SESSION_OVER);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 0, 1, 1, 0), SESSION_OVER);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 5, 3, 1, 0), SESSION_RECORDS);
    ck_assert_uint_eq(outcome.batch->first, 5);
    ck_assert_uint_eq(outcome.batch->upto, 7);
    ck_assert_uint_eq(outcome.batch->records[2].first, 7);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 9, 1, 1, 0), SESSION_OVER);
    ck_assert_int_eq(say_records(MUSTER__STREAM__BULK, 1, 1, 1, 0), SESSION_RECORDS);
}
END_TEST

START_TEST(what_came_before_is_dropped)
{
    open_at(4, 0);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 3, 2, 1, 0), SESSION_NOTHING);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 3, 4, 1, 0), SESSION_RECORDS);
    ck_assert_uint_eq(outcome.batch->count, 2);
    ck_assert_uint_eq(outcome.batch->records[0].first, 5);
    ck_assert_uint_eq(outcome.batch->first, 5);
    ck_assert_uint_eq(outcome.batch->upto, 6);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 1, 6, 1, 0), SESSION_NOTHING);
}
END_TEST

START_TEST(a_gap_stands_for_its_range)
{
    open_at(0, 10);
    ck_assert_int_eq(say_records(MUSTER__STREAM__BULK, 11, 2, 1, 500), SESSION_RECORDS);
    ck_assert_uint_eq(outcome.batch->records[0].upto, 500);
    ck_assert_uint_eq(outcome.batch->records[1].first, 501);
    ck_assert_uint_eq(outcome.batch->upto, 501);
    ck_assert_int_eq(say_records(MUSTER__STREAM__BULK, 502, 1, 1, UINT64_MAX), SESSION_OVER);
}
END_TEST

START_TEST(facts_have_no_gaps)
{
    open_at(0, 0);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 1, 1, 1, 500), SESSION_RECORDS);
    ck_assert_uint_eq(outcome.batch->upto, 1);
}
END_TEST

START_TEST(the_window_of_records_holds)
{
    open_at(0, 0);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 1, 256, 1, 0), SESSION_RECORDS);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 257, 1, 1, 0), SESSION_OVER);
    ck_assert_int_eq(say_records(MUSTER__STREAM__BULK, 1, 256, 1, 0), SESSION_RECORDS);
    agent_session_committed(session, MUSTER__STREAM__FACTS, 1, 1);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 257, 1, 1, 0), SESSION_RECORDS);
    ck_assert_int_eq(say_records(MUSTER__STREAM__FACTS, 258, 1, 1, 0), SESSION_OVER);
}
END_TEST

START_TEST(the_window_of_bytes_holds)
{
    uint64_t number = 1;
    size_t bytes = 0;

    open_at(0, 0);
    while (bytes <= SESSION_WINDOW_BYTES) {
        ck_assert_int_eq(say_records(MUSTER__STREAM__BULK, number++, 1, 48 * 1024, 0),
                         SESSION_RECORDS);
        bytes += outcome.batch->bytes;
    }
    ck_assert_int_eq(say_records(MUSTER__STREAM__BULK, number, 1, 1, 0), SESSION_OVER);
    agent_session_committed(session, MUSTER__STREAM__BULK, number - 1, bytes);
    ck_assert_int_eq(say_records(MUSTER__STREAM__BULK, number, 1, 1, 0), SESSION_RECORDS);
}
END_TEST

START_TEST(a_record_that_is_none_uses_up_its_number)
{
    Muster__Records records = MUSTER__RECORDS__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;
    ProtobufCBinaryData part = {2, (uint8_t *)"\xff\xff"};

    open_at(0, 0);
    records.stream = MUSTER__STREAM__FACTS;
    records.first = 1;
    records.n_record = 1;
    records.record = &part;
    frame.kind_case = MUSTER__FRAME__KIND_RECORDS;
    frame.records = &records;
    ck_assert_int_eq(take(&frame), SESSION_RECORDS);
    ck_assert_ptr_null(outcome.batch->records[0].message);
    ck_assert_mem_eq(outcome.batch->records[0].bytes, "\xff\xff", 2);
    ck_assert_uint_eq(outcome.batch->upto, 1);
}
END_TEST

START_TEST(frames_of_a_controller_are_refused)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;
    Muster__Committed committed = MUSTER__COMMITTED__INIT;

    frame.kind_case = MUSTER__FRAME__KIND_COMMITTED;
    frame.committed = &committed;
    ck_assert_int_eq(take(&frame), SESSION_OVER);
}
END_TEST

START_TEST(pings_are_answered_and_kept)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;
    Muster__Ping ping = MUSTER__PING__INIT;
    uint64_t number = 0;

    ping.number = 42;
    frame.kind_case = MUSTER__FRAME__KIND_PING;
    frame.ping = &ping;
    now += SESSION_PING_MS;
    ck_assert(!agent_session_ping_due(session, now, &number)); /* nobody to keep yet */
    open_at(0, 0);
    ck_assert_int_eq(take(&frame), SESSION_PONG);
    ck_assert_uint_eq(outcome.number, 42);
    ck_assert(agent_session_ping_due(session, now, &number));
    ck_assert_uint_eq(number, 1);
    ck_assert(!agent_session_ping_due(session, now, &number));
    ck_assert(agent_session_ping_due(session, now + SESSION_PING_MS, &number));
    ck_assert(!agent_session_dead(session, now + SESSION_DEAD_MS - 1));
    ck_assert(agent_session_dead(session, now + SESSION_DEAD_MS));
}
END_TEST

/* Its session was ended here while it was silent: answered, it would wait for orders for ever. */
START_TEST(ping_of_no_session_asks_for_a_hello)
{
    Muster__Frame frame = MUSTER__FRAME__INIT;
    Muster__Ping ping = MUSTER__PING__INIT;

    frame.kind_case = MUSTER__FRAME__KIND_PING;
    frame.ping = &ping;
    ck_assert_int_eq(take(&frame), SESSION_OVER);
    ck_assert_str_eq(outcome.reject.code, "protocol_error");
}
END_TEST

START_TEST(no_record_is_used_up_for_want_of_memory)
{
    open_at(0, 0);
    for (starve_at = 1;; starve_at++) {
        if (say_records(MUSTER__STREAM__FACTS, 1, 3, 1, 0) == SESSION_RECORDS)
            break;
        ck_assert(scarce_fired);
        ck_assert_int_eq(outcome.verdict, SESSION_OVER);
        ck_assert_str_eq(outcome.reject.code, "busy");
        ck_assert_uint_gt(outcome.reject.retry_ms, 0);
    }
    ck_assert_uint_gt(starve_at, 3);
    starve_at = 0;
    ck_assert_uint_eq(outcome.batch->count, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(outcome.batch->records[i].message);
}
END_TEST

START_TEST(a_frame_that_no_memory_was_there_for_comes_again)
{
    open_at(0, 0);
    agent_session_starved(session, now, &outcome);
    ck_assert_int_eq(outcome.verdict, SESSION_OVER);
    ck_assert_str_eq(outcome.reject.code, "busy");
    ck_assert_uint_gt(outcome.reject.retry_ms, 0);
}
END_TEST

CHECK_MAIN_WITH("agent_session", make, unmake, what_is_no_frame_ends_it, malformed_hello_is_refused,
                another_protocol_or_agent_is_refused_by_name, hello_gives_what_it_said,
                records_before_resume_are_refused, resume_must_go_on_where_welcome_said,
                records_are_numbered_densely, what_came_before_is_dropped,
                a_gap_stands_for_its_range, facts_have_no_gaps, the_window_of_records_holds,
                the_window_of_bytes_holds, a_record_that_is_none_uses_up_its_number,
                frames_of_a_controller_are_refused, pings_are_answered_and_kept,
                ping_of_no_session_asks_for_a_hello, no_record_is_used_up_for_want_of_memory,
                a_frame_that_no_memory_was_there_for_comes_again)
