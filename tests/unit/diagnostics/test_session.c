/* session, log_stream: offsets, refusals, and what is sent when. */
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/log_stream.h"
#include "diagnostics/session.h"
#include "tests/support/check_main.h"
#include "tests/support/scripted_agent.h"

static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
static const char ACCEPTED[] = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"accepted\":true}";
static const char FULL[] =
    "HTTP/1.1 413 Full\r\nContent-Length: 20\r\n\r\n{\"error\":\"log_full\"}";
static const char ENDED[] =
    "HTTP/1.1 403 No\r\nContent-Length: 27\r\n\r\n{\"error\":\"unknown_session\"}";

static struct session session;
static struct error err;

static void start(const char *const *answers, unsigned count)
{
    scripted_agent_start(answers, count);
    memset(&session, 0, sizeof(session));
    session.peer = &scripted_peer;
    session.bearer = "secret-session";
    session.until_ms = clock_monotonic_ms() + 20000;
    error_clear(&err);
}

START_TEST(log_offsets_count_what_the_agent_holds)
{
    const char *const answers[] = {OK, NULL, OK};

    start(answers, 3);
    ck_assert_int_eq(session_log(&session, "one\n", 4, &err), 0);
    ck_assert_int_eq(session_log(&session, "second\n", 7, &err), 0);
    ck_assert_int_eq(session.log_offset, 11);
    ck_assert_ptr_nonnull(strstr(scripted->requests[0], "Muster-Offset: 0\r\n"));
    ck_assert_ptr_nonnull(strstr(scripted->requests[1], "Muster-Offset: 4\r\n"));
    /* The answer to the second was lost: the same bytes at the same offset. */
    ck_assert_str_eq(scripted->requests[1], scripted->requests[2]);
    scripted_agent_stop();
}
END_TEST

START_TEST(a_full_log_ends_the_log_and_not_the_run)
{
    const char *const answers[] = {FULL, OK};

    start(answers, 2);
    ck_assert_int_eq(session_log(&session, "one\n", 4, &err), 0);
    ck_assert(session.log_closed);
    ck_assert_int_eq(session_log(&session, "two\n", 4, &err), 0);
    ck_assert_uint_eq(scripted->count, 1);
    ck_assert_int_eq(session_progress(&session, "dmi", "started", NULL, &err), 0);
    ck_assert_uint_eq(scripted->count, 2);
    scripted_agent_stop();
}
END_TEST

START_TEST(an_ended_session_ends_the_run)
{
    const char *const answers[] = {ENDED};

    start(answers, 1);
    ck_assert_int_eq(session_progress(&session, "dmi", "started", NULL, &err), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(err.text, "unknown_session"));
    ck_assert_ptr_null(strstr(err.text, "secret-session"));
    ck_assert_int_eq(session_log(&session, "a\n", 2, &err), -1);
    ck_assert_int_eq(session_report(&session, "{}", 2, &err), -1);
    scripted_agent_stop();
}
END_TEST

START_TEST(a_report_counts_only_when_it_is_accepted)
{
    const char *const answers[] = {OK, ACCEPTED};

    start(answers, 2);
    ck_assert_int_eq(session_report(&session, "{\"a\":1}", 7, &err), -1);
    ck_assert_int_eq(session_report(&session, "{\"a\":1}", 7, &err), 0);
    ck_assert_int_eq(session_report(&session, "", SESSION_REPORT_MAX + 1, &err), -1);
    ck_assert_uint_eq(scripted->count, 2);
    scripted_agent_stop();
}
END_TEST

START_TEST(long_logs_leave_in_whole_lines)
{
    const char *const answers[] = {OK};
    struct log_stream log = {.kernel_fd = -1};
    char line[1000];

    start(answers, 1);
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    for (int i = 0; i < 60; i++)
        log_stream_line(&log, "%s", line);
    ck_assert_uint_gt(log.pending.length, SESSION_LOG_MAX);
    ck_assert_int_eq(log_stream_flush(&log, &session, &err), 0);
    ck_assert_uint_eq(log.pending.length, 0);
    ck_assert_uint_eq(scripted->count, 2);
    /* The second part starts with a new line's time. */
    ck_assert_ptr_nonnull(strstr(scripted->requests[1], "\r\n\r\n["));
    log_stream_close(&log);
    scripted_agent_stop();
}
END_TEST

START_TEST(foreign_bytes_leave_as_utf8)
{
    struct log_stream log = {.kernel_fd = -1};

    log_stream_line(&log, "a\xff\x1b[31m\r\nb");
    ck_assert(text_is_utf8(log.pending.bytes, log.pending.length));
    ck_assert_ptr_nonnull(strstr(log.pending.bytes, "a??[31m??b\n"));
    log_stream_close(&log);
}
END_TEST

START_TEST(a_backlog_is_bounded_and_its_loss_told)
{
    struct log_stream log = {.kernel_fd = -1};
    char line[1100];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    for (int i = 0; i < 1000; i++)
        log_stream_line(&log, "%s", line);
    ck_assert_uint_le(log.pending.length, 1 << 20);
    ck_assert_uint_gt(log.lost, 0);
    log.pending.length = 0;
    log_stream_line(&log, "after");
    ck_assert_ptr_nonnull(strstr(log.pending.bytes, "lines did not fit and are lost\n"));
    ck_assert_ptr_nonnull(strstr(log.pending.bytes, "muster: after\n"));
    log_stream_close(&log);
}
END_TEST

CHECK_MAIN("session", log_offsets_count_what_the_agent_holds,
           a_full_log_ends_the_log_and_not_the_run, an_ended_session_ends_the_run,
           a_report_counts_only_when_it_is_accepted, long_logs_leave_in_whole_lines,
           foreign_bytes_leave_as_utf8, a_backlog_is_bounded_and_its_loss_told)
