/* Days and dates, both ways. */
#include "rules/cel/time/cel_calendar.h"

#include "tests/support/check_main.h"

START_TEST(every_day_of_four_thousand_years_follows_the_one_before)
{
    int year = -1999, month = 11, day = 31;
    int64_t days = cel_calendar_days(-1999, 11, 31);

    for (int i = 0; i < 4000 * 365; i++) {
        int y, m, d;

        cel_calendar_date(days, &y, &m, &d);
        ck_assert(y == year && m == month && d == day);
        ck_assert_int_eq(cel_calendar_days(y, m, d), days);
        days++;
        if (++day > cel_calendar_month_days(year, month)) {
            day = 1;
            if (++month == 12) {
                month = 0;
                year++;
            }
        }
    }
}
END_TEST

START_TEST(known_days)
{
    ck_assert_int_eq(cel_calendar_days(1970, 0, 1), 0);
    ck_assert_int_eq(cel_calendar_days(1, 0, 1), -719162);
    ck_assert_int_eq(cel_calendar_days(9999, 11, 31), 2932896);
    ck_assert_int_eq(cel_calendar_weekday(0), 4);
    ck_assert_int_eq(cel_calendar_weekday(-1), 3);
    ck_assert_int_eq(cel_calendar_weekday(-5), 6);
    ck_assert_int_eq(cel_calendar_weekday(cel_calendar_days(2026, 10, 23)), 1);
    ck_assert(cel_calendar_leap(2000) && cel_calendar_leap(2024) && cel_calendar_leap(0));
    ck_assert(!cel_calendar_leap(1900) && !cel_calendar_leap(2026));
}
END_TEST

CHECK_MAIN("cel_calendar", every_day_of_four_thousand_years_follows_the_one_before, known_days)
