/* Hours of a schedule: open at once, next day, over midnight, where clocks are set. */
#include <time.h>

#include "common/error.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_hours.h"
#include "tests/support/check_main.h"

#define ALL 0x7f
#define MONDAY 1
#define SUNDAY (1 << 6)

static int64_t utc(int month, int day, int hour, int minute)
{
    struct tm tm = {
        .tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};

    return (int64_t)timegm(&tm) * 1000000;
}

static struct rule_hours hours(unsigned weekdays, int from_min, int to_min)
{
    return (struct rule_hours){.weekdays = weekdays, .from_min = from_min, .to_min = to_min};
}

static void opens(struct rule_hours window, const char *zone, int64_t from_us, int64_t open_us,
                  int64_t close_us)
{
    struct error err = {0};
    int64_t open = 0, close = 0;

    ck_assert_int_eq(rule_hours_next(&window, 1, &zone, from_us, &open, &close, &err), 1);
    ck_assert_int_eq(open, open_us);
    ck_assert_int_eq(close, close_us);
}

START_TEST(at_once_or_at_the_next_edge)
{
    /* 5 January 2026 is a Monday. */
    opens(hours(ALL, 60, 300), "UTC", utc(1, 5, 2, 0) + 5, utc(1, 5, 2, 0) + 5, utc(1, 5, 5, 0));
    opens(hours(ALL, 60, 300), "UTC", utc(1, 5, 0, 30) + 5, utc(1, 5, 1, 0), utc(1, 5, 5, 0));
    opens(hours(ALL, 60, 300), "UTC", utc(1, 5, 5, 0), utc(1, 6, 1, 0), utc(1, 6, 5, 0));
    opens(hours(0, 60, 300), "UTC", utc(1, 5, 5, 0), utc(1, 6, 1, 0), utc(1, 6, 5, 0));
    opens(hours(SUNDAY, 60, 300), "UTC", utc(1, 5, 5, 0), utc(1, 11, 1, 0), utc(1, 11, 5, 0));
    opens(hours(MONDAY, 60, 300), "UTC", utc(1, 5, 6, 0), utc(1, 12, 1, 0), utc(1, 12, 5, 0));
    opens(hours(ALL, 60, 300), "Europe/Amsterdam", utc(1, 5, 12, 0), utc(1, 6, 0, 0),
          utc(1, 6, 4, 0));
}
END_TEST

START_TEST(over_midnight_belongs_to_the_day_it_opens)
{
    opens(hours(SUNDAY, 22 * 60, 120), "UTC", utc(1, 5, 1, 0), utc(1, 5, 1, 0), utc(1, 5, 2, 0));
    opens(hours(MONDAY, 22 * 60, 120), "UTC", utc(1, 5, 1, 0), utc(1, 5, 22, 0), utc(1, 6, 2, 0));
    opens(hours(MONDAY, 22 * 60, 120), "UTC", utc(1, 5, 23, 0), utc(1, 5, 23, 0), utc(1, 6, 2, 0));
    opens(hours(ALL, 0, 0), "UTC", utc(1, 5, 23, 0), utc(1, 5, 23, 0), utc(1, 6, 0, 0));
}
END_TEST

START_TEST(clocks_that_are_set_move_the_edges)
{
    /* 29 March 2026: 02:00 becomes 03:00 in Amsterdam. */
    opens(hours(ALL, 240, 300), "Europe/Amsterdam", utc(3, 29, 0, 0), utc(3, 29, 2, 0),
          utc(3, 29, 3, 0));
    opens(hours(ALL, 240, 300), "Europe/Amsterdam", utc(3, 28, 0, 0), utc(3, 28, 3, 0),
          utc(3, 28, 4, 0));
    /* A window that this day does not have. */
    opens(hours(ALL, 130, 170), "Europe/Amsterdam", utc(3, 29, 0, 0), utc(3, 30, 0, 10),
          utc(3, 30, 0, 50));
}
END_TEST

START_TEST(the_first_of_several_windows)
{
    const struct rule_hours windows[] = {hours(ALL, 600, 660), hours(ALL, 540, 560)};
    const char *const zones[] = {"UTC", "UTC"}, *const wrong[] = {"UTC", "Mars/Olympus"};
    struct error err = {0};
    int64_t open, close;

    ck_assert_int_eq(rule_hours_next(windows, 2, zones, utc(1, 5, 8, 0), &open, &close, &err), 1);
    ck_assert_int_eq(open, utc(1, 5, 9, 0));
    ck_assert_int_eq(close, utc(1, 5, 9, 20));
    ck_assert_int_eq(rule_hours_next(windows, 2, zones, utc(1, 5, 9, 30), &open, &close, &err), 1);
    ck_assert_int_eq(open, utc(1, 5, 10, 0));
    ck_assert_int_eq(rule_hours_next(windows, 2, wrong, utc(1, 5, 9, 30), &open, &close, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(rule_hours_next(windows, 0, zones, 0, &open, &close, &err), 0);
}
END_TEST

CHECK_MAIN("rule_hours", at_once_or_at_the_next_edge, over_midnight_belongs_to_the_day_it_opens,
           clocks_that_are_set_move_the_edges, the_first_of_several_windows)
