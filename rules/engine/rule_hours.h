/* rule_hours.h - the hours of a schedule: when a task may start. In each window's time zone, by its
 * calendar: a window that goes over midnight belongs to the day on which it opens.
 * Spec: docs/rule-language.md, "schedule".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct rule_hours;

/* The first moment from 'from_us' on that is in one of the windows, and when that one closes (on a
 * day on which clocks are set it may be an hour longer or shorter). 'zones': one for each window.
 * 1; 0: none within a year. -1: 'err', there is no such zone. */
int rule_hours_next(const struct rule_hours *windows, size_t count, const char *const *zones,
                    int64_t from_us, int64_t *ret_open_us, int64_t *ret_close_us,
                    struct error *err);
