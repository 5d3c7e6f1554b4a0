/* cel_time.h - timestamps and durations: their texts, their arithmetic, and the calendar in a time
 * zone. Spec: RFC 3339; the definition's google.protobuf.Timestamp and Duration; zones by TZif
 * files (RFC 9636) of the system's zoneinfo, read once by a reader of our own: the C library's zone
 * is the whole process's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"

struct cel_arena;

/* An error out of range. 'nanos' is 0..999999999, seconds are rounded down. */
struct cel_value cel_timestamp_make(int64_t seconds, int64_t nanos);
struct cel_value cel_duration_make(int64_t seconds, int64_t nanos);

/* "2026-02-03T04:05:06.7+01:00"; an error says what is wrong with it. */
struct cel_value cel_timestamp_parse(const char *text, size_t length);
/* In UTC with 0, 3, 6 or 9 digits. */
struct cel_value cel_timestamp_text(struct cel_arena *arena, struct cel_value timestamp);
/* "1h30m", "-1.5s", "100ms"; units h m s ms us ns. */
struct cel_value cel_duration_parse(const char *text, size_t length);
struct cel_value cel_duration_text(struct cel_arena *arena,
                                   struct cel_value duration); /* "5400s", "-1.500s" */

/* The sum or difference, an error out of range. 'right' is a duration. */
struct cel_value cel_time_add(struct cel_value left, struct cel_value right, bool subtract);
/* Between two timestamps. */
struct cel_value cel_time_between(struct cel_value later, struct cel_value earlier);

struct cel_calendar {
    int year, month, day; /* month from 0, day from 1 */
    int hour, minute, second, millisecond;
    int weekday; /* 0: Sunday */
    int yearday; /* from 0 */
};
/* 'zone': "Europe/Berlin", "UTC", "+01:00", "-09:30"; length 0: UTC. NULL, or words for the error:
 * no such zone. Safe from any thread. */
const char *cel_time_calendar(struct cel_value timestamp, const char *zone, size_t length,
                              struct cel_calendar *ret);
