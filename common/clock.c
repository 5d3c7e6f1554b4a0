/* clock.c - see clock.h. */
#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_realtime_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_boottime_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

int64_t clock_boottime_ms(void)
{
    return clock_boottime_us() / 1000;
}

void clock_format(int64_t realtime_us, char out[CLOCK_TEXT_SIZE])
{
    time_t seconds = (time_t)(realtime_us / 1000000);
    long us = (long)(realtime_us % 1000000);
    struct tm utc;
    size_t at;

    if (us < 0) {
        us += 1000000;
        seconds--;
    }
    gmtime_r(&seconds, &utc);
    at = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + at, CLOCK_TEXT_SIZE - at, ".%06ldZ", us);
}

static int digits(const char **at, int count, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    *ret_value = value;
    return 0;
}

static int expect(const char **at, char c)
{
    if (**at != c)
        return -1;
    (*at)++;
    return 0;
}

static int offset_seconds(const char **at, long *ret_offset)
{
    int sign, hours, minutes;

    if (**at == 'Z' || **at == 'z') {
        (*at)++;
        *ret_offset = 0;
        return 0;
    }
    if (**at != '+' && **at != '-')
        return -1;
    sign = *(*at)++ == '-' ? -1 : 1;
    if (digits(at, 2, &hours) < 0 || expect(at, ':') < 0 || digits(at, 2, &minutes) < 0 ||
        hours > 23 || minutes > 59)
        return -1;
    *ret_offset = sign * (hours * 3600L + minutes * 60L);
    return 0;
}

int clock_parse(const char *text, int64_t *ret_realtime_us)
{
    struct tm utc = {0}, check;
    const char *at = text;
    long offset, us = 0;
    time_t seconds;

    if (digits(&at, 4, &utc.tm_year) < 0 || expect(&at, '-') < 0 ||
        digits(&at, 2, &utc.tm_mon) < 0 || expect(&at, '-') < 0 ||
        digits(&at, 2, &utc.tm_mday) < 0 || (*at != 'T' && *at != 't' && *at != ' '))
        return -1;
    at++;
    if (digits(&at, 2, &utc.tm_hour) < 0 || expect(&at, ':') < 0 ||
        digits(&at, 2, &utc.tm_min) < 0 || expect(&at, ':') < 0 || digits(&at, 2, &utc.tm_sec) < 0)
        return -1;
    if (*at == '.') {
        long unit = 100000;

        at++;
        if (*at < '0' || *at > '9')
            return -1;
        for (; *at >= '0' && *at <= '9'; at++, unit /= 10)
            us += (*at - '0') * unit;
    }
    if (offset_seconds(&at, &offset) < 0 || *at)
        return -1;
    if (utc.tm_year < 1970 || utc.tm_hour > 23 || utc.tm_min > 59 || utc.tm_sec > 60)
        return -1;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    if (utc.tm_sec == 60)
        utc.tm_sec = 59; /* a leap second is told as the one before it */
    check = utc;
    seconds = timegm(&check);
    /* timegm() mends February 30th; we refuse it. */
    if (check.tm_mday != utc.tm_mday || check.tm_mon != utc.tm_mon)
        return -1;
    *ret_realtime_us = ((int64_t)seconds - offset) * 1000000 + us;
    return 0;
}
