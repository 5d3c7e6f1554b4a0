/* clock.h - the clocks. Timers use the monotonic clock; rooms that decide on time take it as an
 * argument, so that tests own it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 28

int64_t clock_realtime_us(void);  /* since 1970-01-01 UTC */
int64_t clock_monotonic_ms(void); /* stops in suspend */
/* Run on in suspend: for validity counted since WELCOME, and for the deadlines of runs. */
int64_t clock_boottime_us(void);
int64_t clock_boottime_ms(void);

/* RFC 3339 in UTC with microseconds: 2026-11-22T22:40:01.123456Z */
void clock_format(int64_t realtime_us, char out[CLOCK_TEXT_SIZE]);
/* RFC 3339 with a mandatory offset (Z or +hh:mm), years 1970-9999; 0 or -1. */
int clock_parse(const char *text, int64_t *ret_realtime_us);
