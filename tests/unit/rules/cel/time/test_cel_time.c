/* Texts, arithmetic and calendar of timestamps and durations. */
#include "rules/cel/cel_time.h"

#include <string.h>

#include "rules/cel/cel_arena.h"
#include "tests/support/check_main.h"

static struct cel_arena *arena;

static void set_up(void)
{
    arena = cel_arena_create(1 << 16);
}

static void tear_down(void)
{
    cel_arena_destroy(arena);
}

static struct cel_value timestamp(const char *text)
{
    return cel_timestamp_parse(text, strlen(text));
}

static struct cel_value duration(const char *text)
{
    return cel_duration_parse(text, strlen(text));
}

static const char *shown(struct cel_value value)
{
    struct cel_value text;

    if (value.kind == CEL_ERROR)
        return value.text;
    text = value.kind == CEL_TIMESTAMP ? cel_timestamp_text(arena, value)
                                       : cel_duration_text(arena, value);
    return cel_arena_copy(arena, text.text, text.extra);
}

static void refused(struct cel_value value, const char *part)
{
    ck_assert_int_eq(value.kind, CEL_ERROR);
    ck_assert_msg(strstr(value.text, part) != NULL, "'%s' is not in '%s'", part, value.text);
}

START_TEST(texts_that_are_no_timestamp)
{
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"", "date"},
        {"2026", "date"},
        {"2026-1-01T00:00:00Z", "date"},
        {"2026-13-01T00:00:00Z", "date"},
        {"2026-00-01T00:00:00Z", "date"},
        {"2026-04-31T00:00:00Z", "date"},
        {"2026-02-29T00:00:00Z", "date"},
        {"1900-02-29T00:00:00Z", "date"},
        {"-026-02-01T00:00:00Z", "date"},
        {"2026-02-01 00:00:00Z", "time"},
        {"2026-02-01t00:00:00Z", "time"},
        {"2026-02-01T24:00:00Z", "time"},
        {"2026-02-01T00:60:00Z", "time"},
        {"2026-02-01T00:00:60Z", "time"},
        {"2026-02-01T00:00Z", "time"},
        {"2026-02-01T00:00:00", "ends in Z"},
        {"2026-02-01T00:00:00z", "ends in Z"},
        {"2026-02-01T00:00:00Zx", "ends in Z"},
        {"2026-02-01T00:00:00+24:00", "ends in Z"},
        {"2026-02-01T00:00:00+01:60", "ends in Z"},
        {"2026-02-01T00:00:00+0100", "ends in Z"},
        {"2026-02-01T00:00:00.Z", "fraction"},
        {"2026-02-01T00:00:00.1234567891Z", "fraction"},
        {"0000-01-01T00:00:00Z", "range"},
        {"10000-01-01T00:00:00Z", "range"},
        {"0001-01-01T00:00:00+00:01", "range"},
        {"9999-12-31T23:59:59-00:01", "range"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        refused(timestamp(wrong[i].text), wrong[i].part);
    refused(cel_timestamp_parse("2026-02-01T00:00:00\0Z", 21), "ends in Z");
}
END_TEST

START_TEST(timestamps_are_read_and_written)
{
    static const struct {
        const char *text, *shown;
    } right[] = {
        {"2026-02-03T04:05:06Z", "2026-02-03T04:05:06Z"},
        {"2026-02-03T04:05:06.7+01:00", "2026-02-03T03:05:06.700Z"},
        {"2026-02-03T04:05:06.1234-09:30", "2026-02-03T13:35:06.123400Z"},
        {"2026-02-03T04:05:06.000000001Z", "2026-02-03T04:05:06.000000001Z"},
        {"2024-02-29T23:59:59-00:01", "2024-03-01T00:00:59Z"},
        {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"},
        {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"},
    };

    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        ck_assert_str_eq(shown(timestamp(right[i].text)), right[i].shown);
    ck_assert_int_eq(timestamp("2009-02-13T23:31:30Z").integer, 1234567890);
    ck_assert_int_eq(timestamp("1969-12-31T23:59:59.5Z").integer, -1);
    ck_assert_int_eq(timestamp("0001-01-01T00:00:00Z").integer, CEL_TIMESTAMP_MIN);
    ck_assert_int_eq(timestamp("9999-12-31T23:59:59Z").integer, CEL_TIMESTAMP_MAX);
}
END_TEST

START_TEST(texts_that_are_no_duration)
{
    static const char *const malformed[] = {"",     "s",     "1",     "-",   "1d",
                                            "1h ",  " 1h",   ".s",    "1.5", "1e3s",
                                            "--1s", "1h-1m", "1..5s", "00",  "1M"};
    static const char *const too_long[] = {"9223372037s",
                                           "-9223372037s",
                                           "2562048h",
                                           "320000000000s",
                                           "9999999999999999999999999h",
                                           "9223372036s854775808ns",
                                           "2562047h2562047h"};

    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        refused(duration(malformed[i]), "not a duration");
    for (size_t i = 0; i < sizeof(too_long) / sizeof(too_long[0]); i++)
        refused(duration(too_long[i]), "range");
}
END_TEST

START_TEST(durations_are_read_and_written)
{
    static const struct {
        const char *text, *shown;
    } right[] = {
        {"0", "0s"},
        {"-0s", "0s"},
        {"1h30m", "5400s"},
        {"1h30m1.5s", "5401.500s"},
        {"+1s", "1s"},
        {"-1.5s", "-1.500s"},
        {"-1ns", "-0.000000001s"},
        {"100ms", "0.100s"},
        {"1us", "0.000001s"},
        {"1\xc2\xb5s", "0.000001s"},
        {"1.5h1m", "5460s"},
        {".5s", "0.500s"},
        {"1.s", "1s"},
        {"1m1h", "3660s"},
        {"0.9999999999s", "0.999999999s"},
        {"0.33333333333333333333333333333333333h", "1199.999999999s"},
        {"9223372036s854775807ns", "9223372036.854775807s"},
        {"-9223372036s854775807ns", "-9223372036.854775807s"},
    };

    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        ck_assert_str_eq(shown(duration(right[i].text)), right[i].shown);
    ck_assert_int_eq(duration("-1.5s").integer, -2); /* rounded down */
    ck_assert_uint_eq(duration("-1.5s").extra, 500000000);
}
END_TEST

START_TEST(sums_out_of_range_are_errors)
{
    struct cel_value first = timestamp("0001-01-01T00:00:00Z");
    struct cel_value last = timestamp("9999-12-31T23:59:59.999999999Z");
    struct cel_value longest = duration("9223372036s854775807ns");

    refused(cel_time_add(last, duration("1ns"), false), "range");
    refused(cel_time_add(first, duration("1ns"), true), "range");
    refused(cel_time_add(first, duration("-1ns"), false), "range");
    refused(cel_time_between(last, first), "range");
    refused(cel_time_between(first, last), "range");
    refused(cel_time_add(longest, duration("1ns"), false), "range");
    refused(cel_time_add(duration("-9223372036s854775807ns"), duration("2ns"), true), "range");
    refused(cel_timestamp_make(CEL_TIMESTAMP_MAX + 1, 0), "range");
    refused(cel_duration_make(INT64_MIN, 0), "range");
    refused(cel_duration_make(CEL_DURATION_MAX, 854775808), "range");
    refused(cel_duration_make(-CEL_DURATION_MAX - 2, 999999999), "range");
}
END_TEST

START_TEST(sums_carry_nanoseconds)
{
    ck_assert_str_eq(shown(cel_time_add(timestamp("0001-01-01T00:00:01.000000001Z"),
                                        duration("-999999999ns"), false)),
                     "0001-01-01T00:00:00.000000002Z");
    ck_assert_str_eq(shown(cel_time_add(timestamp("0001-01-01T00:00:01.999999999Z"),
                                        duration("999999999ns"), false)),
                     "0001-01-01T00:00:02.999999998Z");
    ck_assert_str_eq(shown(cel_time_add(duration("1s"), duration("1.5s"), true)), "-0.500s");
    ck_assert_str_eq(shown(cel_time_between(timestamp("1970-01-01T00:00:00Z"),
                                            timestamp("1970-01-01T00:00:00.25Z"))),
                     "-0.250s");
    /* The least there is holds one nanosecond more than the greatest. */
    ck_assert_str_eq(
        shown(cel_time_add(duration("-9223372036s854775807ns"), duration("1ns"), true)),
        "-9223372036.854775808s");
}
END_TEST

START_TEST(zones_that_are_none)
{
    static const char *const wrong[] = {"Europe/Nowhere",  "+1:00",     "+24:00", "01:60",
                                        "+01:00x",         "europe",    "Europe", "/etc/passwd",
                                        "../zoneinfo/UTC", "tzdata.zi", "Z"};
    struct cel_calendar calendar;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(cel_time_calendar(timestamp("2026-01-01T00:00:00Z"), wrong[i],
                                        strlen(wrong[i]), &calendar) != NULL,
                      "'%s' is a zone", wrong[i]);
}
END_TEST

static struct cel_calendar calendar_of(const char *text, const char *zone)
{
    struct cel_calendar calendar;

    ck_assert_ptr_null(cel_time_calendar(timestamp(text), zone, strlen(zone), &calendar));
    return calendar;
}

START_TEST(calendar_in_a_zone)
{
    struct cel_calendar utc = calendar_of("2009-02-13T23:31:20.123456789Z", "");

    ck_assert_int_eq(utc.year, 2009);
    ck_assert_int_eq(utc.month, 1);
    ck_assert_int_eq(utc.day, 13);
    ck_assert_int_eq(utc.hour, 23);
    ck_assert_int_eq(utc.minute, 31);
    ck_assert_int_eq(utc.second, 20);
    ck_assert_int_eq(utc.millisecond, 123);
    ck_assert_int_eq(utc.weekday, 5);
    ck_assert_int_eq(utc.yearday, 43);
    ck_assert_int_eq(calendar_of("2009-02-13T23:31:30Z", "Australia/Sydney").day, 14);
    ck_assert_int_eq(calendar_of("2009-02-13T23:31:30Z", "US/Central").day, 13);
    ck_assert_int_eq(calendar_of("2009-02-13T23:31:30Z", "+11:00").day, 14);
    ck_assert_int_eq(calendar_of("2009-02-13T02:00:00Z", "-02:30").day, 12);
    ck_assert_int_eq(calendar_of("2009-02-13T23:31:30Z", "02:00").hour, 1);
    ck_assert_int_eq(calendar_of("2009-02-13T23:31:30Z", "Asia/Kathmandu").minute, 16);
    ck_assert_int_eq(calendar_of("2009-02-13T23:31:30Z", "-00:00").second, 30);
    ck_assert_int_eq(calendar_of("0001-01-01T00:00:00Z", "-01:00").year, 0);
    ck_assert_int_eq(calendar_of("9999-12-31T23:59:59Z", "+01:00").year, 10000);
    ck_assert_int_eq(calendar_of("2024-12-31T12:00:00Z", "UTC").yearday, 365);
}
END_TEST

CHECK_MAIN_WITH("cel_time", set_up, tear_down, texts_that_are_no_timestamp,
                timestamps_are_read_and_written, texts_that_are_no_duration,
                durations_are_read_and_written, sums_out_of_range_are_errors,
                sums_carry_nanoseconds, zones_that_are_none, calendar_in_a_zone)
