/* cel_zone_rule.h - the rule at the end of a TZif file, for what comes after its last change:
 * "CET-1CEST,M3.5.0,M10.5.0/3". Spec: RFC 9636, section 3.3.1; POSIX, "TZ".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cel_zone_day {
    enum { CEL_ZONE_JULIAN, CEL_ZONE_YEARDAY, CEL_ZONE_MONTH } form;
    int month, week, day; /* month from 0; JULIAN: day from 1, no leap days; YEARDAY: from 0 */
    int64_t time;         /* of day, may be before or after it */
};

struct cel_zone_rule {
    int64_t standard, summer;       /* seconds east of UTC */
    bool changes;                   /* else standard all year */
    struct cel_zone_day begin, end; /* of summer time */
};

/* 0, or -1: it is none. */
int cel_zone_rule_parse(const char *text, size_t length, struct cel_zone_rule *ret);
int64_t cel_zone_rule_offset(const struct cel_zone_rule *rule, int64_t seconds);
