/* muster boot and muster task: a machine by any of its names, parameters as pairs, a log as it
 * comes. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

START_TEST(a_mac_is_sent_as_it_is_meant)
{
    bench_answers(EXIT_OK, "{\"id\":\"t1\",\"state\":\"queued\"}");
    ck_assert_int_eq(muster("boot", "5254.0000.0001", "--image", "diag"), 0);
    bench_called(0, "POST", "/v1/tasks",
                 "{\"target_mac\":\"52:54:00:00:00:01\",\"image_id\":\"diag\"}");
    ck_assert_ptr_nonnull(strstr(bench.said, "id\tt1\n"));
}
END_TEST

START_TEST(a_name_is_looked_up_first)
{
    bench_answers(EXIT_OK, "{\"name\":\"m1\",\"macs\":[\"52:54:00:00:00:01\"]}");
    bench_answers(EXIT_OK, "{\"id\":\"t1\"}");
    ck_assert_int_eq(muster("boot", "m1", "--image", "diag:1.0.0", "--at", "2027-04-05T02:00:00Z",
                            "--after", "power_off", "--reason", "r", "--ticket", "T-1", "--param",
                            "passes=2", "--param", "mode=a=b"),
                     0);
    bench_called(0, "GET", "/v1/machines/m1", NULL);
    bench_called(1, "POST", "/v1/tasks",
                 "{\"target_mac\":\"52:54:00:00:00:01\",\"image_id\":\"diag:1.0.0\","
                 "\"schedule_time\":\"2027-04-05T02:00:00Z\",\"after\":\"power_off\",\"reason\":"
                 "\"r\",\"ticket\":\"T-1\",\"params\":{\"passes\":\"2\",\"mode\":\"a=b\"}}");
}
END_TEST

START_TEST(what_cannot_be_booted_makes_no_task)
{
    bench_misused(muster("boot", "m1"), "--image");
    bench_misused(muster("boot", "52:54:00:00:00:01", "--image", "diag", "--param", "passes"),
                  "NAME=VALUE");
    bench_misused(muster("boot", "52:54:00:00:00:01", "--image", "diag", "--param", "=2"),
                  "NAME=VALUE");
    bench_answers(EXIT_NOT_FOUND, "there is no machine");
    ck_assert_int_eq(muster("boot", "m9", "--image", "diag"), EXIT_NOT_FOUND);
    bench_answers(EXIT_OK, "{\"name\":\"m1\",\"macs\":[]}");
    ck_assert_int_eq(muster("boot", "m1", "--image", "diag"), EXIT_USAGE);
    ck_assert_uint_eq(bench.called, 2);
}
END_TEST

START_TEST(a_list_is_filtered_by_escaped_values)
{
    bench_answers(EXIT_OK, "{\"items\":[],\"next_cursor\":null}");
    ck_assert_int_eq(muster("task", "list", "--machine", "a&b", "--state", "running"), 0);
    bench_called(0, "GET", "/v1/tasks?limit=100&state=running&machine=a%26b", NULL);
}
END_TEST

START_TEST(a_log_is_shown_without_control_characters)
{
    bench_answers(EXIT_OK, "\"first\\n\\u001b[2Jsecond\\n\"");
    bench_answers(EXIT_OK, "\"\"");
    ck_assert_int_eq(muster("task", "logs", "t1"), 0);
    ck_assert_str_eq(bench.said, "first\n\\x1b[2Jsecond\n");
    bench_called(0, "GET", "/v1/tasks/t1/log?offset=0", NULL);
}
END_TEST

START_TEST(a_task_is_shown_with_who_is_to_be_told)
{
    bench_answers(
        EXIT_OK,
        "{\"id\":\"t1\",\"machine\":\"m1\",\"reports\":[{\"to\":\"siem\",\"event\":\"a\\u0007b\","
        "\"include\":[\"results\",\"event\"],\"delivery\":\"kept\",\"why\":\"nobody\"},"
        "{\"to\":\"soc\",\"event\":\"c\",\"include\":[],\"delivery\":\"kept\",\"why\":\"nobody\"}]"
        "}");
    bench_answers(EXIT_OK, "{\"items\":[]}");
    ck_assert_int_eq(muster("task", "show", "t1", "-o", "table"), EXIT_OK);
    ck_assert_ptr_nonnull(strstr(
        bench.said, "report     a\\x07b to siem with results, event: kept, not delivered: nobody\n"
                    "report     c to soc: kept, not delivered: nobody\n"));
}
END_TEST

START_TEST(a_task_is_shown_with_its_limits)
{
    bench_answers(EXIT_OK, "{\"id\":\"t1\",\"machine\":\"m1\",\"limits\":[{\"entry\":1,\"group\":"
                           "\"r\\u0007\",\"max\":2,"
                           "\"taken\":1},{\"entry\":2,\"group\":\"\",\"max\":1,\"taken\":0}]}");
    bench_answers(EXIT_OK, "{\"items\":[]}");
    ck_assert_int_eq(muster("task", "show", "t1", "-o", "table"), EXIT_OK);
    ck_assert_msg(strstr(bench.said,
                         "limit      1: at most 2 at a time of r\\x07, 1 beside it\n"
                         "limit      2: at most 1 at a time of those without a value, 0 beside "
                         "it\n") != NULL,
                  "%s", bench.said);
}
END_TEST

START_TEST(cancelling_has_a_reason_when_it_was_given)
{
    bench_answers(EXIT_OK, "{}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("task", "cancel", "t1"), 0);
    bench_called(0, "POST", "/v1/tasks/t1/cancel", "{}");
    ck_assert_int_eq(muster("task", "cancel", "t1", "--reason", "wrong one"), 0);
    bench_called(1, "POST", "/v1/tasks/t1/cancel", "{\"reason\":\"wrong one\"}");
}
END_TEST

START_TEST(watching_tells_each_step_once_and_how_it_ended)
{
    static const char events[] =
        "{\"items\":[{\"id\":\"e1\",\"kind\":\"state\",\"name\":\"-> queued\",\"at\":"
        "\"2026-01-02T00:00:00Z\"}],\"next_cursor\":null}";

    bench_answers(EXIT_OK, "{\"id\":\"t1\",\"state\":\"running\"}");
    bench_answers(EXIT_OK, events);
    bench_answers(EXIT_OK, "{\"id\":\"t1\",\"state\":\"succeeded\",\"verdict\":\"degraded\","
                           "\"restore\":\"done\",\"cause\":\"disk\",\"remedy\":\"replace it\"}");
    bench_answers(EXIT_OK, events);
    ck_assert_int_eq(muster("task", "watch", "t1"), EXIT_OK);
    ck_assert_uint_eq(bench.called, 4);
    bench_called(1, "GET", "/v1/tasks/t1/events?have=0", NULL);
    bench_called(3, "GET", "/v1/tasks/t1/events?have=1", NULL);
    ck_assert_ptr_nonnull(strstr(bench.said, "succeeded, verdict degraded, restore done\n"));
    ck_assert_ptr_nonnull(strstr(bench.said, "  remedy: replace it\n"));
    ck_assert_ptr_eq(strstr(strstr(bench.said, "-> queued") + 1, "-> queued"), NULL);
}
END_TEST

START_TEST(a_task_that_failed_is_an_exit_code_of_its_own)
{
    bench_answers(EXIT_OK, "{\"id\":\"t1\",\"state\":\"failed\",\"restore\":\"done\"}");
    bench_answers(EXIT_OK, "{\"items\":[],\"next_cursor\":null}");
    ck_assert_int_eq(muster("task", "watch", "t1"), EXIT_TASK_FAILED);
}
END_TEST

START_TEST(settling_needs_an_outcome_and_a_reason)
{
    bench_misused(muster("task", "settle", "t1"), "--as");
    bench_misused(muster("task", "settle", "t1", "--as", "failed"), "--reason");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("task", "settle", "t1", "--as", "failed", "--reason", "looked"), 0);
    bench_called(0, "POST", "/v1/tasks/t1/settle", "{\"as\":\"failed\",\"reason\":\"looked\"}");
}
END_TEST

CHECK_MAIN_WITH("cli task", bench_make, bench_unmake, a_mac_is_sent_as_it_is_meant,
                a_name_is_looked_up_first, what_cannot_be_booted_makes_no_task,
                a_list_is_filtered_by_escaped_values, a_log_is_shown_without_control_characters,
                a_task_is_shown_with_who_is_to_be_told, a_task_is_shown_with_its_limits,
                cancelling_has_a_reason_when_it_was_given,
                watching_tells_each_step_once_and_how_it_ended,
                a_task_that_failed_is_an_exit_code_of_its_own,
                settling_needs_an_outcome_and_a_reason)
