/* cel_time_text.c - the texts of timestamps and durations (cel_time.h). Nothing is guessed: what a
 * text does not say in its form is an error that names the form. */
#include <inttypes.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/time/cel_calendar.h"
#include "rules/cel/time/cel_time_cursor.h"

#define NANOS INT64_C(1000000000)
#define NANO_DIGITS 9

static bool digits(struct cel_time_cursor *cursor, unsigned count, int *ret)
{
    *ret = 0;
    for (; count > 0; count--) {
        if (!cel_time_at_digit(cursor))
            return false;
        *ret = *ret * 10 + *cursor->at++ - '0';
    }
    return true;
}

/* Behind a point: as nanoseconds, of at most nine digits. */
static bool fraction(struct cel_time_cursor *cursor, int64_t *ret_nanos)
{
    unsigned count = 0;

    for (*ret_nanos = 0; cel_time_at_digit(cursor); count++)
        if (count < NANO_DIGITS)
            *ret_nanos = *ret_nanos * 10 + *cursor->at++ - '0';
        else
            return false;
    for (unsigned i = count; i < NANO_DIGITS; i++)
        *ret_nanos *= 10;
    return count > 0;
}

/* "Z", "+01:00": seconds east of UTC. */
static bool offset(struct cel_time_cursor *cursor, int64_t *ret)
{
    int64_t sign;
    int hours, minutes;

    *ret = 0;
    if (cel_time_take(cursor, 'Z'))
        return true;
    if (cel_time_take(cursor, '+'))
        sign = 1;
    else if (cel_time_take(cursor, '-'))
        sign = -1;
    else
        return false;
    if (!digits(cursor, 2, &hours) || !cel_time_take(cursor, ':') || !digits(cursor, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *ret = sign * (hours * 3600 + minutes * 60);
    return true;
}

/* Years of more than four digits are of no form, but what is wrong with them is their size. */
static bool long_year(struct cel_time_cursor cursor)
{
    size_t count = 0;

    for (; cel_time_at_digit(&cursor); cursor.at++)
        count++;
    return count > 4 && cel_time_take(&cursor, '-');
}

static bool date(struct cel_time_cursor *cursor, int64_t *ret_days)
{
    int year, month, day;

    if (!digits(cursor, 4, &year) || !cel_time_take(cursor, '-') || !digits(cursor, 2, &month) ||
        !cel_time_take(cursor, '-') || !digits(cursor, 2, &day) || month < 1 || month > 12 ||
        day < 1 || day > cel_calendar_month_days(year, month - 1))
        return false;
    *ret_days = cel_calendar_days(year, month - 1, day);
    return true;
}

static bool time_of_day(struct cel_time_cursor *cursor, int64_t *ret_seconds)
{
    int hour, minute, second;

    if (!digits(cursor, 2, &hour) || !cel_time_take(cursor, ':') || !digits(cursor, 2, &minute) ||
        !cel_time_take(cursor, ':') || !digits(cursor, 2, &second) || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

struct cel_value cel_timestamp_parse(const char *text, size_t length)
{
    struct cel_time_cursor cursor = {text, text + length};
    int64_t days, seconds, east, nanos = 0;

    if (long_year(cursor))
        return cel_error("timestamp out of range: years are 0001 to 9999");
    if (!date(&cursor, &days))
        return cel_error("not a timestamp: write a date that exists as 2006-01-02T15:04:05Z");
    if (!cel_time_take(&cursor, 'T') || !time_of_day(&cursor, &seconds))
        return cel_error("not a timestamp: write a time that exists as 2006-01-02T15:04:05Z");
    if (cel_time_take(&cursor, '.') && !fraction(&cursor, &nanos))
        return cel_error("not a timestamp: a fraction of a second has one to nine digits");
    if (!offset(&cursor, &east) || cursor.at < cursor.end)
        return cel_error("not a timestamp: it ends in Z or in an offset like +01:00");
    return cel_timestamp_make(days * 86400 + seconds - east, nanos);
}

/* ".5" in 0, 3, 6 or 9 digits. */
static const char *fraction_text(char out[NANO_DIGITS + 2], uint32_t nanos)
{
    unsigned count = nanos == 0 ? 0 : nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;

    for (unsigned i = count; i < NANO_DIGITS; i++)
        nanos /= 10;
    out[0] = count ? '.' : '\0';
    for (unsigned i = count; i > 0; i--, nanos /= 10)
        out[i] = (char)('0' + nanos % 10);
    out[count + 1] = '\0';
    return out;
}

static struct cel_value as_string(const char *text)
{
    return text ? cel_string(text, strlen(text)) : cel_out_of_memory();
}

struct cel_value cel_timestamp_text(struct cel_arena *arena, struct cel_value timestamp)
{
    struct cel_calendar utc;
    char part[NANO_DIGITS + 2];

    if (cel_time_calendar(timestamp, "", 0, &utc))
        return cel_error("timestamp out of range");
    return as_string(cel_arena_format(arena, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", utc.year,
                                      utc.month + 1, utc.day, utc.hour, utc.minute, utc.second,
                                      fraction_text(part, timestamp.extra)));
}

struct cel_value cel_duration_text(struct cel_arena *arena, struct cel_value duration)
{
    bool negative = duration.integer < 0;
    uint64_t seconds = negative ? -(uint64_t)duration.integer : (uint64_t)duration.integer;
    uint32_t nanos = duration.extra;
    char part[NANO_DIGITS + 2];

    if (negative && nanos > 0) { /* what was rounded down */
        seconds--;
        nanos = (uint32_t)(NANOS - nanos);
    }
    return as_string(cel_arena_format(arena, "%s%" PRIu64 "%ss", negative ? "-" : "", seconds,
                                      fraction_text(part, nanos)));
}

/* ---- durations ---- */

static const struct unit {
    const char *name;
    int64_t nanos;
} UNITS[] = {
    /* "ms" before "m", which it begins with */
    {"ms", 1000000}, {"us", 1000}, {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
    {"ns", 1},       {"s", NANOS}, {"m", 60 * NANOS},   {"h", 3600 * NANOS},
};

static int64_t unit(struct cel_time_cursor *cursor)
{
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        size_t length = strlen(UNITS[i].name);

        if ((size_t)(cursor->end - cursor->at) >= length &&
            memcmp(cursor->at, UNITS[i].name, length) == 0) {
            cursor->at += length;
            return UNITS[i].nanos;
        }
    }
    return 0;
}

enum part { PART_FINE, PART_MALFORMED, PART_TOO_LONG };

#define FRACTION_DIGITS 18 /* of an hour: what comes after is no nanosecond */

static __int128 fraction_of(struct cel_time_cursor *cursor, int64_t nanos)
{
    __int128 value = 0, scale = 1;

    for (unsigned i = 0; cel_time_at_digit(cursor); i++, cursor->at++) {
        if (i >= FRACTION_DIGITS)
            continue;
        value = value * 10 + (*cursor->at - '0');
        scale *= 10;
    }
    return value * nanos / scale;
}

/* "1.5h": digits on either side of the point, then a unit, which says how much they are. What is
 * below a nanosecond falls away. */
static enum part add_part(struct cel_time_cursor *cursor, __int128 *total)
{
    struct cel_time_cursor number = *cursor;
    bool any = cel_time_at_digit(cursor);
    __int128 part = 0;
    int64_t nanos;

    while (cel_time_at_digit(cursor))
        cursor->at++;
    if (cel_time_take(cursor, '.'))
        for (; cel_time_at_digit(cursor); cursor->at++)
            any = true;
    nanos = any ? unit(cursor) : 0;
    if (nanos == 0)
        return PART_MALFORMED;
    for (; cel_time_at_digit(&number); number.at++)
        if ((part = part * 10 + (*number.at - '0') * (__int128)nanos) > INT64_MAX)
            return PART_TOO_LONG;
    if (cel_time_take(&number, '.'))
        part += fraction_of(&number, nanos);
    *total += part;
    return *total > INT64_MAX ? PART_TOO_LONG : PART_FINE;
}

struct cel_value cel_duration_parse(const char *text, size_t length)
{
    struct cel_time_cursor cursor = {text, text + length};
    bool negative = cel_time_take(&cursor, '-');
    __int128 total = 0;
    int64_t nanos;

    if (!negative)
        cel_time_take(&cursor, '+');
    if (cursor.end - cursor.at == 1 && *cursor.at == '0')
        return cel_duration_make(0, 0);
    do {
        enum part part = add_part(&cursor, &total);

        if (part == PART_TOO_LONG)
            return cel_error("duration out of range: it is at most 292 years");
        if (part == PART_MALFORMED)
            return cel_error("not a duration: write numbers with the units h, m, s, ms, us or ns, "
                             "as in 1h30m or 1.5s");
    } while (cursor.at < cursor.end);
    nanos = negative ? -(int64_t)total : (int64_t)total;
    return cel_duration_make(nanos / NANOS - (nanos % NANOS < 0), (nanos % NANOS + NANOS) % NANOS);
}
