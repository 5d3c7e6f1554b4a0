/* muster ticket: open ones are listed, and closing one has a reason. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

START_TEST(open_tickets_are_listed)
{
    bench_answers(EXIT_OK, "{\"items\":[{\"id\":\"k1\",\"state\":\"open\",\"queue\":\"noc\","
                           "\"priority\":2,\"title\":\"Look at cn-1\",\"machine\":\"cn-1\"}],"
                           "\"next_cursor\":null}");
    ck_assert_int_eq(muster("ticket", "list"), 0);
    ck_assert_ptr_nonnull(strstr(bench.said, "Look at cn-1"));
    ck_assert_ptr_nonnull(strstr(bench.calls[0].path, "&state=open"));
}
END_TEST

START_TEST(a_list_is_filtered)
{
    bench_misused(muster("ticket", "list", "--state", "new"), "--state");
    bench_answers(EXIT_OK, "{\"items\":[],\"next_cursor\":null}");
    bench_answers(EXIT_OK, "{\"items\":[],\"next_cursor\":null}");
    ck_assert_int_eq(
        muster("ticket", "list", "--state", "closed", "--queue", "a&b", "--machine", "m1"), 0);
    ck_assert_ptr_nonnull(strstr(bench.calls[0].path, "&state=closed&queue=a%26b&machine=m1"));
    ck_assert_int_eq(muster("ticket", "list", "--state", "all"), 0);
    ck_assert_ptr_null(strstr(bench.calls[1].path, "state="));
}
END_TEST

START_TEST(one_is_shown)
{
    bench_answers(EXIT_OK, "{\"id\":\"k1\",\"state\":\"open\"}");
    ck_assert_int_eq(muster("ticket", "show", "k1"), 0);
    bench_called(0, "GET", "/v1/tickets/k1", NULL);
}
END_TEST

START_TEST(closing_needs_a_reason)
{
    bench_misused(muster("ticket", "close", "k1"), "--reason");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("ticket", "close", "k1", "--reason", "replaced"), 0);
    bench_called(0, "POST", "/v1/tickets/k1/close", "{\"reason\":\"replaced\"}");
}
END_TEST

CHECK_MAIN_WITH("cli ticket", bench_make, bench_unmake, open_tickets_are_listed, a_list_is_filtered,
                one_is_shown, closing_needs_a_reason)
