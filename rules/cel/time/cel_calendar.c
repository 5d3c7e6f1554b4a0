/* cel_calendar.c - see cel_calendar.h. Years are counted from March, so that the day that comes and
 * goes is the last one of a year; then 400 years have always as many days. */
#include "rules/cel/time/cel_calendar.h"

#define DAYS_400 146097        /* of 400 years */
#define MARCH_0_TO_1970 719468 /* from 0000-03-01 to 1970-01-01 */

bool cel_calendar_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int cel_calendar_month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month] + (month == 1 && cel_calendar_leap(year));
}

/* How many whole 'size' are in 'number', rounded down. */
static int64_t floor_of(int64_t number, int64_t size)
{
    return number / size - (number % size < 0);
}

/* Of a month counted from March, the days of the year before it: 31 30 31 30 31 repeats. */
static int64_t days_before(int64_t month)
{
    return (153 * month + 2) / 5;
}

int64_t cel_calendar_days(int64_t year, int month, int day)
{
    int64_t from_march = month < 2 ? month + 10 : month - 2;
    int64_t march_year = month < 2 ? year - 1 : year;
    int64_t era = floor_of(march_year, 400);
    int64_t of_era = march_year - era * 400;

    return era * DAYS_400 + of_era * 365 + of_era / 4 - of_era / 100 + days_before(from_march) +
           day - 1 - MARCH_0_TO_1970;
}

void cel_calendar_date(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t since = days + MARCH_0_TO_1970;
    int64_t era = floor_of(since, DAYS_400);
    int64_t of_era = since - era * DAYS_400;
    /* Take the leap days out that lie before it: of 4, of 100 and of 400 years. */
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (DAYS_400 - 1)) / 365;
    int64_t of_year = of_era - (year * 365 + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;

    *ret_day = (int)(of_year - days_before(month) + 1);
    *ret_month = (int)(month < 10 ? month + 2 : month - 10);
    *ret_year = (int)(year + era * 400 + (*ret_month < 2));
}

int cel_calendar_weekday(int64_t days)
{
    int64_t day = days + 4; /* 1970-01-01 was a Thursday */

    return (int)(day - floor_of(day, 7) * 7);
}
