/* Clocks: RFC 3339 both ways, with the days and offsets that do not exist refused. */
#include <string.h>

#include "common/clock.h"
#include "tests/support/check_main.h"

START_TEST(wrong_times_are_refused)
{
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T22:40:01",
        "2026-11-22T22:40:01+0100",
        "2026-11-22T22:40:01+1:00",
        "2026-11-22T22:40:01+24:00",
        "2026-11-22T22:40:01-01:60",
        "2026-11-22T22:40:01.Z",
        "2026-11-22T22:40Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T22:60:00Z",
        "2026-11-22T22:40:61Z",
        "2026-02-29T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "12026-11-22T22:40:01Z",
        "226-11-22T22:40:01Z",
        "2026-11-22T22:40:01Zjunk",
        "2026-11-22T22:40:01 Z",
        " 2026-11-22T22:40:01Z",
        "2026-1a-22T22:40:01Z",
        "-026-11-22T22:40:01Z",
    };
    int64_t us = 7;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(clock_parse(bad[i], &us) == -1, "%s", bad[i]);
    ck_assert_int_eq(us, 7);
}
END_TEST

static void ck_time(const char *text, int64_t expected)
{
    int64_t us = -1;

    ck_assert_msg(clock_parse(text, &us) == 0, "%s", text);
    ck_assert_int_eq(us, expected);
}

START_TEST(times_parse)
{
    ck_time("1970-01-01T00:00:00Z", 0);
    ck_time("1970-01-01T00:00:00.5Z", 500000);
    ck_time("1970-01-01T00:00:00.0000019z", 1);
    ck_time("1970-01-01 01:00:00+01:00", 0);
    ck_time("1970-01-01t00:00:00-00:30", 1800000000);
    ck_time("2024-02-29T00:00:00Z", INT64_C(1709164800000000));
    ck_time("2016-12-31T23:59:60Z", INT64_C(1483228799000000));
    ck_time("9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999));
}
END_TEST

START_TEST(times_format)
{
    char text[CLOCK_TEXT_SIZE];

    clock_format(0, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000000Z");
    clock_format(-1, text);
    ck_assert_str_eq(text, "1969-12-31T23:59:59.999999Z");
    clock_format(INT64_C(253402300799999999), text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999999Z");
}
END_TEST

START_TEST(what_is_formatted_parses_again)
{
    for (int64_t us = 0; us < INT64_C(253402300799999999); us += INT64_C(98765432109876)) {
        char text[CLOCK_TEXT_SIZE];

        clock_format(us, text);
        ck_time(text, us);
    }
}
END_TEST

START_TEST(clocks_run_forward_and_agree)
{
    int64_t monotonic = clock_monotonic_ms(), boot = clock_boottime_us();

    ck_assert_int_gt(clock_realtime_us(), INT64_C(1700000000000000));
    ck_assert_int_ge(clock_monotonic_ms(), monotonic);
    ck_assert_int_ge(clock_boottime_us(), boot);
    ck_assert_int_ge(boot / 1000 + 1000, monotonic); /* it never stood still where the other ran */
}
END_TEST

CHECK_MAIN("clock", wrong_times_are_refused, times_parse, times_format,
           what_is_formatted_parses_again, clocks_run_forward_and_agree)
