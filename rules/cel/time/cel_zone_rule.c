/* cel_zone_rule.c - see cel_zone_rule.h. */
#include "rules/cel/time/cel_zone_rule.h"

#include "rules/cel/time/cel_calendar.h"
#include "rules/cel/time/cel_time_cursor.h"

#define NAME_MIN 3
#define OFFSET_HOURS_MAX 24
#define TIME_HOURS_MAX 167 /* as far as a week away from the day */

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "CET" or "<+0330>": nobody asks for it. */
static bool name(struct cel_time_cursor *cursor)
{
    const char *first;

    if (cel_time_take(cursor, '<')) {
        for (first = cursor->at; cursor->at < cursor->end; cursor->at++)
            if (!letter(*cursor->at) && !digit(*cursor->at) && *cursor->at != '+' &&
                *cursor->at != '-')
                break;
        return cursor->at - first >= NAME_MIN && cel_time_take(cursor, '>');
    }
    for (first = cursor->at; cursor->at < cursor->end && letter(*cursor->at);)
        cursor->at++;
    return cursor->at - first >= NAME_MIN;
}

static bool number(struct cel_time_cursor *cursor, int max, int *ret)
{
    if (!cel_time_at_digit(cursor))
        return false;
    for (*ret = 0; cel_time_at_digit(cursor); cursor->at++)
        if ((*ret = *ret * 10 + *cursor->at - '0') > max)
            return false;
    return true;
}

/* "[+-]hh[:mm[:ss]]" */
static bool clock_time(struct cel_time_cursor *cursor, int hours_max, int64_t *ret)
{
    bool negative = cel_time_take(cursor, '-');
    int hours, minutes = 0, seconds = 0;

    if (!negative)
        cel_time_take(cursor, '+');
    if (!number(cursor, hours_max, &hours) ||
        (cel_time_take(cursor, ':') &&
         (!number(cursor, 59, &minutes) ||
          (cel_time_take(cursor, ':') && !number(cursor, 59, &seconds)))))
        return false;
    *ret = hours * 3600 + minutes * 60 + seconds;
    if (negative)
        *ret = -*ret;
    return true;
}

static bool month_form(struct cel_time_cursor *cursor, struct cel_zone_day *day)
{
    day->form = CEL_ZONE_MONTH;
    if (!number(cursor, 12, &day->month) || day->month-- == 0 || !cel_time_take(cursor, '.') ||
        !number(cursor, 5, &day->week) || day->week == 0 || !cel_time_take(cursor, '.'))
        return false;
    return number(cursor, 6, &day->day);
}

static bool change(struct cel_time_cursor *cursor, struct cel_zone_day *day)
{
    day->time = 2 * 3600; /* when it says nothing */
    if (!cel_time_take(cursor, ','))
        return false;
    if (cel_time_take(cursor, 'M')) {
        if (!month_form(cursor, day))
            return false;
    } else if (cel_time_take(cursor, 'J')) {
        day->form = CEL_ZONE_JULIAN;
        if (!number(cursor, 365, &day->day) || day->day == 0)
            return false;
    } else {
        day->form = CEL_ZONE_YEARDAY;
        if (!number(cursor, 365, &day->day))
            return false;
    }
    return !cel_time_take(cursor, '/') || clock_time(cursor, TIME_HOURS_MAX, &day->time);
}

int cel_zone_rule_parse(const char *text, size_t length, struct cel_zone_rule *ret)
{
    struct cel_time_cursor cursor = {text, text + length};
    struct cel_zone_rule rule = {0};

    if (!name(&cursor) || !clock_time(&cursor, OFFSET_HOURS_MAX, &rule.standard))
        return -1;
    rule.standard = -rule.standard; /* POSIX counts west of Greenwich */
    if (cursor.at < cursor.end) {
        rule.changes = true;
        rule.summer = rule.standard + 3600;
        if (!name(&cursor))
            return -1;
        if (cursor.at < cursor.end && *cursor.at != ',') {
            if (!clock_time(&cursor, OFFSET_HOURS_MAX, &rule.summer))
                return -1;
            rule.summer = -rule.summer;
        }
        if (!change(&cursor, &rule.begin) || !change(&cursor, &rule.end))
            return -1;
    }
    if (cursor.at < cursor.end)
        return -1;
    *ret = rule;
    return 0;
}

/* Of that year, in seconds of local time since 1970. */
static int64_t moment(const struct cel_zone_day *day, int64_t year)
{
    int64_t first, days;

    if (day->form == CEL_ZONE_MONTH) {
        first = cel_calendar_days(year, day->month, 1);
        days = (day->day - cel_calendar_weekday(first) + 7) % 7 + 7 * (day->week - 1);
        if (days >= cel_calendar_month_days(year, day->month)) /* week 5 is the last there is */
            days -= 7;
        days += first;
    } else {
        days = cel_calendar_days(year, 0, 1) + day->day;
        if (day->form == CEL_ZONE_JULIAN) /* as if there were no 29 February */
            days -= !(cel_calendar_leap(year) && day->day >= 60);
    }
    return days * 86400 + day->time;
}

/* Changes may lie in the year before or after the one whose they are: the last of three years'. */
int64_t cel_zone_rule_offset(const struct cel_zone_rule *rule, int64_t seconds)
{
    int64_t last = INT64_MIN, offset = rule->standard;
    int year, month, day;

    if (!rule->changes)
        return rule->standard;
    cel_calendar_date(seconds / 86400 - (seconds % 86400 < 0), &year, &month, &day);
    for (int64_t of = year - 1; of <= (int64_t)year + 1; of++) {
        int64_t begin = moment(&rule->begin, of) - rule->standard;
        int64_t end = moment(&rule->end, of) - rule->summer;

        if (end <= seconds && end > last) {
            last = end;
            offset = rule->standard;
        }
        /* One that ends in the moment in which the next one begins goes on: summer all year. */
        if (begin <= seconds && begin >= last) {
            last = begin;
            offset = rule->summer;
        }
    }
    return offset;
}
