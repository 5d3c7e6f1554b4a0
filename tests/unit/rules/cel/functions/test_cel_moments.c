/* getFullYear() ... getMilliseconds(), of timestamps and durations. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

#define MOMENT "timestamp('2024-02-29T23:58:59.123456789Z')"

START_TEST(zones_that_are_none_are_refused)
{
    cel_fails_at("timestamp(0).getHours('Mars/Olympus')", NULL, 13, "zone");
    cel_fails_at("timestamp(0).getHours('+25:00')", NULL, 13, "zone");
    cel_fails_at("timestamp(0).getHours(1)", NULL, 13, "no such overload");
    cel_fails_at("duration('1h').getFullYear()", NULL, 15, "no such overload");
    cel_fails_at("duration('1h').getHours('UTC')", NULL, 15, "no such overload");
}
END_TEST

START_TEST(a_moment_has_a_date_and_a_time)
{
    cel_is_true(MOMENT ".getFullYear() == 2024");
    cel_is_true(MOMENT ".getMonth() == 1");
    cel_is_true(MOMENT ".getDayOfYear() == 59");
    cel_is_true(MOMENT ".getDayOfMonth() == 28");
    cel_is_true(MOMENT ".getDate() == 29");
    cel_is_true(MOMENT ".getDayOfWeek() == 4");
    cel_is_true(MOMENT ".getHours() == 23");
    cel_is_true(MOMENT ".getMinutes() == 58");
    cel_is_true(MOMENT ".getSeconds() == 59");
    cel_is_true(MOMENT ".getMilliseconds() == 123");
}
END_TEST

START_TEST(and_others_elsewhere)
{
    cel_is_true(MOMENT ".getDate('+01:00') == 1");
    cel_is_true(MOMENT ".getMonth('Europe/Berlin') == 2");
    cel_is_true(MOMENT ".getHours('-09:30') == 14");
}
END_TEST

START_TEST(durations_are_counted_whole)
{
    cel_is_true("duration('10000s').getHours() == 2");
    cel_is_true("duration('3730s').getMinutes() == 62");
    cel_is_true("duration('3730s').getSeconds() == 3730");
    cel_is_true("duration('-90m').getHours() == -1");
    cel_is_true("duration('-1.5s').getSeconds() == -1");
    cel_is_true("duration('-1.5s').getMilliseconds() == -500");
    cel_is_true("duration('123.321456789s').getMilliseconds() == 321");
}
END_TEST

CHECK_MAIN("cel_moments", zones_that_are_none_are_refused, a_moment_has_a_date_and_a_time,
           and_others_elsewhere, durations_are_counted_whole)
