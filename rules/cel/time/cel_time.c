/* cel_time.c - see cel_time.h: arithmetic and the calendar. Nanoseconds are never negative, seconds
 * are rounded down: one order for both kinds, before 1970 too. */
#include "rules/cel/cel_time.h"

#include <string.h>

#include "rules/cel/time/cel_calendar.h"
#include "rules/cel/time/cel_zone.h"

#define NANOS INT64_C(1000000000)

struct cel_value cel_timestamp_make(int64_t seconds, int64_t nanos)
{
    if (seconds < CEL_TIMESTAMP_MIN || seconds > CEL_TIMESTAMP_MAX)
        return cel_error("timestamp out of range: years are 0001 to 9999");
    return (struct cel_value){.kind = CEL_TIMESTAMP, .extra = (uint32_t)nanos, .integer = seconds};
}

struct cel_value cel_duration_make(int64_t seconds, int64_t nanos)
{
    int64_t whole;

    /* The last second of each side is there in part: ask in the wider unit. */
    if (seconds < 0 ? __builtin_mul_overflow(seconds + 1, NANOS, &whole) ||
                          __builtin_add_overflow(whole, nanos - NANOS, &whole)
                    : __builtin_mul_overflow(seconds, NANOS, &whole) ||
                          __builtin_add_overflow(whole, nanos, &whole))
        return cel_error("duration out of range: it is at most 292 years");
    return (struct cel_value){.kind = CEL_DURATION, .extra = (uint32_t)nanos, .integer = seconds};
}

/* Both are within their ranges, so that sums of seconds cannot overflow. */
static struct cel_value sum(enum cel_kind kind, int64_t seconds, int64_t nanos)
{
    if (nanos < 0) {
        seconds--;
        nanos += NANOS;
    } else if (nanos >= NANOS) {
        seconds++;
        nanos -= NANOS;
    }
    return kind == CEL_TIMESTAMP ? cel_timestamp_make(seconds, nanos)
                                 : cel_duration_make(seconds, nanos);
}

struct cel_value cel_time_add(struct cel_value left, struct cel_value right, bool subtract)
{
    int64_t sign = subtract ? -1 : 1;

    return sum((enum cel_kind)left.kind, left.integer + sign * right.integer,
               (int64_t)left.extra + sign * (int64_t)right.extra);
}

struct cel_value cel_time_between(struct cel_value later, struct cel_value earlier)
{
    return sum(CEL_DURATION, later.integer - earlier.integer,
               (int64_t)later.extra - (int64_t)earlier.extra);
}

static bool two_digits(const char *text, int *ret)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *ret = (text[0] - '0') * 10 + text[1] - '0';
    return true;
}

/* "+01:00", "-09:30", "02:00". False: it is not of that form, so it may be a name. */
static bool fixed_offset(const char *zone, size_t length, int64_t *ret_seconds)
{
    int64_t sign = 1;
    int hours, minutes;

    if (length == 6 && (*zone == '+' || *zone == '-')) {
        sign = *zone == '-' ? -1 : 1;
        zone++;
        length--;
    }
    if (length != 5 || zone[2] != ':' || !two_digits(zone, &hours) ||
        !two_digits(zone + 3, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static const char *offset_of(const char *zone, size_t length, int64_t seconds, int64_t *ret)
{
    const struct cel_zone *known;
    const char *wrong = NULL;

    *ret = 0;
    if (length == 0 || (length == 3 && memcmp(zone, "UTC", 3) == 0) ||
        fixed_offset(zone, length, ret))
        return NULL;
    known = cel_zone_find(zone, length, &wrong);
    if (known)
        *ret = cel_zone_offset(known, seconds);
    return wrong;
}

const char *cel_time_calendar(struct cel_value timestamp, const char *zone, size_t length,
                              struct cel_calendar *ret)
{
    int64_t offset, seconds, days, rest;
    const char *wrong = offset_of(zone, length, timestamp.integer, &offset);

    if (wrong)
        return wrong;
    seconds = timestamp.integer + offset;
    days = seconds / 86400 - (seconds % 86400 < 0);
    rest = seconds - days * 86400;
    *ret = (struct cel_calendar){.hour = (int)(rest / 3600),
                                 .minute = (int)(rest / 60 % 60),
                                 .second = (int)(rest % 60),
                                 .millisecond = (int)(timestamp.extra / 1000000),
                                 .weekday = cel_calendar_weekday(days)};
    cel_calendar_date(days, &ret->year, &ret->month, &ret->day);
    ret->yearday = (int)(days - cel_calendar_days(ret->year, 0, 1));
    return NULL;
}
