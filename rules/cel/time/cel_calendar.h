/* cel_calendar.h - dates of the proleptic Gregorian calendar as days since 1970-01-01, for any year
 * that an int holds. Months count from 0, days of a month from 1, as in cel_time.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool cel_calendar_leap(int64_t year);
int cel_calendar_month_days(int64_t year, int month);

int64_t cel_calendar_days(int64_t year, int month, int day);
void cel_calendar_date(int64_t days, int *ret_year, int *ret_month, int *ret_day);
int cel_calendar_weekday(int64_t days); /* 0: Sunday */
