/* check_runner: a check that crashes, hangs or floods costs its own result only. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/check_runner.h"
#include "diagnostics/log_stream.h"
#include "diagnostics/session.h"
#include "tests/support/check_main.h"
#include "tests/support/scripted_agent.h"

static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
static const char ENDED[] =
    "HTTP/1.1 403 No\r\nContent-Length: 27\r\n\r\n{\"error\":\"unknown_session\"}";

static const struct machine_record NO_RECORD;
static struct session session;
static struct log_stream stream;
static struct check_outcome outcome;
static struct error err;

static int run(const struct check *check, const char *const *answers, unsigned count)
{
    struct check_context context = {.root = "", .record = &NO_RECORD, .boot_mac = "", .log_fd = -1};
    int rc;

    scripted_agent_start(answers, count);
    memset(&session, 0, sizeof(session));
    session.peer = &scripted_peer;
    session.bearer = "s";
    session.until_ms = clock_monotonic_ms() + 20000;
    session.last_ms = clock_monotonic_ms();
    memset(&stream, 0, sizeof(stream));
    stream.kernel_fd = -1;
    stream.flushed_ms =
        clock_monotonic_ms() + 3600000; /* lines stay here, where they are looked at */
    memset(&outcome, 0, sizeof(outcome));
    rc = check_runner_run("it", check, &context, clock_monotonic_ms() + 15000, &stream, &session,
                          &outcome, &err);
    return rc;
}

static void end(void)
{
    check_outcome_clear(&outcome);
    log_stream_close(&stream);
    scripted_agent_stop();
}

static int run_well(const struct check *check)
{
    const char *const answers[] = {OK};

    return run(check, answers, 1);
}

static void hang(const struct check_context *context, struct check_result *result)
{
    (void)result;
    check_log(context, "about to hang");
    for (;;)
        pause();
}

static void sleep_long(const struct check_context *context, struct check_result *result)
{
    (void)context;
    poll(NULL, 0, 8500);
    check_passed(result, "slept");
}

static void die(const struct check_context *context, struct check_result *result)
{
    (void)context;
    (void)result;
    signal(SIGBUS, SIG_DFL);
    raise(SIGBUS);
}

static void leave(const struct check_context *context, struct check_result *result)
{
    (void)context;
    (void)result;
    _exit(3);
}

static void find(const struct check_context *context, struct check_result *result)
{
    json_out_integer(&result->evidence, "n", 5);
    check_log(context, "a line");
    check_finding(result, CHECK_DEGRADED, "Mend it.", "part %d is worn", 1);
    check_finding(result, CHECK_FAILED, "Replace it.", "part %d is broken", 2);
    check_finding(result, CHECK_DEGRADED, "Mend it.", "part %d is worn", 3);
    check_passed(result, "not after a finding");
}

static void flood(const struct check_context *context, struct check_result *result)
{
    for (int i = 0; i < 5000; i++)
        json_out_string(&result->evidence, "x", "twenty bytes or more");
    for (int i = 0; i < 200; i++)
        check_finding(result, CHECK_DEGRADED, "r", "finding %d", i);
    for (int i = 0; i < 300; i++)
        check_log(context, "line %d", i);
}

START_TEST(a_hanging_check_is_stopped_and_told)
{
    const struct check check = {"it", hang, 1};
    int64_t began = clock_monotonic_ms();

    ck_assert_int_eq(run_well(&check), 0);
    ck_assert_int_lt(clock_monotonic_ms() - began, 10000);
    ck_assert_int_eq(outcome.status, CHECK_NOT_RUN);
    ck_assert_ptr_nonnull(strstr(outcome.reason, "did not end"));
    ck_assert_ptr_nonnull(strstr(stream.pending.bytes, "about to hang"));
    end();
}
END_TEST

START_TEST(lost_memory_is_a_failure_and_a_crash_is_not)
{
    const struct check bus = {"it", die, 10}, crash = {"it", leave, 10};

    ck_assert_int_eq(run_well(&bus), 0);
    ck_assert_int_eq(outcome.status, CHECK_FAILED);
    ck_assert_ptr_nonnull(strstr(outcome.reason, "SIGBUS"));
    end();
    ck_assert_int_eq(run_well(&crash), 0);
    ck_assert_int_eq(outcome.status, CHECK_NOT_RUN);
    ck_assert_ptr_nonnull(strstr(outcome.reason, "crashed"));
    end();
}
END_TEST

START_TEST(the_worst_finding_gives_the_reason)
{
    const struct check check = {"it", find, 10};

    ck_assert_int_eq(run_well(&check), 0);
    ck_assert_int_eq(outcome.status, CHECK_FAILED);
    ck_assert_str_eq(outcome.reason, "part 2 is broken");
    ck_assert_str_eq(outcome.remedy, "Replace it.");
    ck_assert_str_eq(outcome.evidence, "{\"n\":5}");
    ck_assert_ptr_nonnull(strstr(outcome.findings, "part 3 is worn"));
    ck_assert_ptr_nonnull(strstr(stream.pending.bytes, "it: a line\n"));
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "\"state\":\"started\""));
    ck_assert_ptr_nonnull(strstr(scripted->requests[scripted->count - 1],
                                 "\"state\":\"finished\",\"status\":\"failed\""));
    end();
}
END_TEST

START_TEST(too_much_is_cut_to_what_is_still_json)
{
    const struct check check = {"it", flood, 10};

    ck_assert_int_eq(run_well(&check), 0);
    ck_assert_int_eq(outcome.status, CHECK_DEGRADED);
    ck_assert_ptr_nonnull(strstr(outcome.evidence, "left_out"));
    ck_assert_ptr_nonnull(strstr(outcome.findings, "finding 63\""));
    ck_assert_ptr_null(strstr(outcome.findings, "finding 64\""));
    ck_assert_ptr_nonnull(strstr(stream.pending.bytes, "line 299"));
    end();
}
END_TEST

START_TEST(an_unknown_check_is_not_run)
{
    ck_assert_int_eq(run_well(NULL), 0);
    ck_assert_int_eq(outcome.status, CHECK_NOT_RUN);
    ck_assert_str_eq(outcome.evidence, "{}");
    ck_assert_ptr_nonnull(strstr(outcome.reason, "no check of that name"));
    end();
}
END_TEST

START_TEST(the_agent_hears_from_a_silent_check)
{
    const struct check check = {"it", sleep_long, 12};

    ck_assert_int_eq(run_well(&check), 0);
    ck_assert_int_eq(outcome.status, CHECK_PASSED);
    ck_assert_uint_eq(scripted->count, 3);
    ck_assert_ptr_nonnull(strstr(scripted->requests[1], "\"state\":\"running\""));
    end();
}
END_TEST

START_TEST(an_ended_session_starts_nothing)
{
    const char *const answers[] = {ENDED};
    const struct check check = {"it", find, 10};

    ck_assert_int_eq(run(&check, answers, 1), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    ck_assert_uint_eq(scripted->count, 1);
    end();
}
END_TEST

CHECK_MAIN("check_runner", a_hanging_check_is_stopped_and_told,
           lost_memory_is_a_failure_and_a_crash_is_not, the_worst_finding_gives_the_reason,
           too_much_is_cut_to_what_is_still_json, an_unknown_check_is_not_run,
           the_agent_hears_from_a_silent_check, an_ended_session_starts_nothing)
