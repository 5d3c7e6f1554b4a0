/* cel_moments.c - getFullYear() ... getMilliseconds() of timestamps, in UTC or in a zone, and the
 * last four of durations. */
#include "rules/cel/cel_run.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/functions/cel_standard.h"

/* False with *ret_error. */
static bool calendar_of(const struct cel_value *args, size_t count, struct cel_calendar *ret,
                        struct cel_value *ret_error)
{
    const char *why = cel_time_calendar(args[0], count > 1 ? args[1].text : "",
                                        count > 1 ? args[1].extra : 0, ret);

    if (why)
        *ret_error = cel_error(why);
    return !why;
}

#define OF_CALENDAR(name, expression)                                                              \
    CEL_FUNCTION(name)                                                                             \
    {                                                                                              \
        struct cel_calendar calendar;                                                              \
        struct cel_value error;                                                                    \
                                                                                                   \
        (void)run;                                                                                 \
        return calendar_of(args, count, &calendar, &error) ? cel_int(expression) : error;          \
    }

/* Seconds, and nanoseconds of the same sign. */
static int64_t whole_seconds(struct cel_value duration)
{
    return duration.integer + (duration.integer < 0 && duration.extra > 0);
}

static int64_t milliseconds_left(struct cel_value duration)
{
    int64_t nanoseconds = duration.extra;

    if (duration.integer < 0 && nanoseconds > 0)
        nanoseconds -= 1000000000;
    return nanoseconds / 1000000;
}

#define OF_BOTH(name, of_duration, expression)                                                     \
    CEL_FUNCTION(name)                                                                             \
    {                                                                                              \
        struct cel_calendar calendar;                                                              \
        struct cel_value error;                                                                    \
                                                                                                   \
        (void)run;                                                                                 \
        if (args[0].kind == CEL_DURATION)                                                          \
            return cel_int(of_duration);                                                           \
        return calendar_of(args, count, &calendar, &error) ? cel_int(expression) : error;          \
    }

OF_CALENDAR(cel_full_year, calendar.year)
OF_CALENDAR(cel_month, calendar.month)
OF_CALENDAR(cel_day_of_year, calendar.yearday)
OF_CALENDAR(cel_day_of_month, calendar.day - 1)
OF_CALENDAR(cel_date, calendar.day)
OF_CALENDAR(cel_day_of_week, calendar.weekday)
OF_BOTH(cel_hours, whole_seconds(args[0]) / 3600, calendar.hour)
OF_BOTH(cel_minutes, whole_seconds(args[0]) / 60, calendar.minute)
OF_BOTH(cel_seconds, whole_seconds(args[0]), calendar.second)
OF_BOTH(cel_milliseconds, milliseconds_left(args[0]), calendar.millisecond)
