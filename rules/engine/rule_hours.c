/* rule_hours.c - see rule_hours.h. The next edge by the local clock is a guess where clocks are set
 * in between; it is looked at again there. */
#include "rules/engine/rule_hours.h"

#include <stdbool.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/cel_value.h"
#include "rules/document/rule_document.h"

#define MINUTE_US INT64_C(60000000)
#define DAY_MIN (24 * 60)
#define TRIES                                                                                      \
    (3 * 367) /* edges that are looked at: a year of days, with those that were guesses            \
               */

struct local {
    int weekday;     /* 0: Monday */
    int minute;      /* of the day */
    int64_t into_us; /* that minute */
};

static int local_at(int64_t time_us, const char *zone, struct local *ret, struct error *err)
{
    int64_t second = time_us / 1000000 - (time_us % 1000000 < 0);
    struct cel_calendar calendar;
    const char *why =
        cel_time_calendar(cel_timestamp_make(second, 0), zone, strlen(zone), &calendar);

    if (why)
        return error_set_code(err, ERROR_INVALID, "time zone '%s': %s", zone, why);
    ret->weekday = (calendar.weekday + 6) % 7;
    ret->minute = calendar.hour * 60 + calendar.minute;
    ret->into_us = calendar.second * INT64_C(1000000) + (time_us - second * 1000000);
    return 0;
}

static bool opens_on(const struct rule_hours *window, int weekday)
{
    return window->weekdays == 0 || window->weekdays >> (weekday + 7) % 7 & 1;
}

/* Minutes until it closes; 0: it is closed. */
static int open_for(const struct rule_hours *window, const struct local *at)
{
    bool over_midnight = window->to_min <= window->from_min;

    if (opens_on(window, at->weekday) && at->minute >= window->from_min &&
        (over_midnight || at->minute < window->to_min))
        return window->to_min - at->minute + (over_midnight ? DAY_MIN : 0);
    if (over_midnight && opens_on(window, at->weekday - 1) && at->minute < window->to_min)
        return window->to_min - at->minute;
    return 0;
}

static int until_open(const struct rule_hours *window, const struct local *at)
{
    for (int day = 0; day <= 7; day++)
        if (opens_on(window, at->weekday + day) && (day || at->minute < window->from_min))
            return day * DAY_MIN + window->from_min - at->minute;
    return 7 * DAY_MIN;
}

/* From a moment at which it is closed to its next edge. Where clocks are put forward in between,
 * that many minutes later is behind the edge: then back to it, unless this day does not have it. */
static int to_edge(const struct rule_hours *window, const char *zone, struct local *at,
                   int64_t *at_us, struct error *err)
{
    int64_t edge_us = *at_us + until_open(window, at) * MINUTE_US - at->into_us;
    struct local before;
    int ahead;

    if (local_at(edge_us, zone, at, err) < 0)
        return -1;
    ahead = (at->minute - window->from_min + DAY_MIN) % DAY_MIN;
    if (ahead > 0 && ahead < DAY_MIN / 2 && edge_us - ahead * MINUTE_US > *at_us) {
        if (local_at(edge_us - ahead * MINUTE_US, zone, &before, err) < 0)
            return -1;
        if (open_for(window, &before)) {
            *at = before;
            edge_us -= ahead * MINUTE_US;
        }
    }
    *at_us = edge_us;
    return 0;
}

/* Of one window. */
static int next_of(const struct rule_hours *window, const char *zone, int64_t from_us,
                   int64_t *ret_open_us, int64_t *ret_close_us, struct error *err)
{
    int64_t at_us = from_us;
    struct local at;

    if (local_at(at_us, zone, &at, err) < 0)
        return -1;
    for (int i = 0; i < TRIES; i++) {
        int minutes = open_for(window, &at);

        if (minutes) {
            *ret_open_us = at_us;
            *ret_close_us = at_us - at.into_us + minutes * MINUTE_US;
            return 1;
        }
        if (to_edge(window, zone, &at, &at_us, err) < 0)
            return -1;
    }
    return 0;
}

int rule_hours_next(const struct rule_hours *windows, size_t count, const char *const *zones,
                    int64_t from_us, int64_t *ret_open_us, int64_t *ret_close_us, struct error *err)
{
    int found = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t open_us, close_us;
        int rc = next_of(&windows[i], zones[i], from_us, &open_us, &close_us, err);

        if (rc < 0)
            return -1;
        if (rc == 0 || (found && (open_us > *ret_open_us ||
                                  (open_us == *ret_open_us && close_us <= *ret_close_us))))
            continue;
        *ret_open_us = open_us;
        *ret_close_us = close_us;
        found = 1;
    }
    return found;
}
