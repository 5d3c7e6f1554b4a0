/* log.c - see log.h. One write(2) a line, so lines of several threads never mix. */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic int least_level = LOG_INFO;
static const char *const LEVEL_NAMES[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level least)
{
    atomic_store(&least_level, (int)least);
}

int log_level_parse(const char *name, enum log_level *ret_level)
{
    for (int i = 0; i < 4; i++)
        if (strcmp(name, LEVEL_NAMES[i]) == 0) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    return -1;
}

const char *log_quote(const char *value)
{
    static _Thread_local char ring[8][600];
    static _Thread_local unsigned next;
    char *out = ring[next++ % 8];
    size_t at = 0;

    out[at++] = '"';
    for (const unsigned char *c = (const unsigned char *)(value ? value : ""); *c && at < 590; c++) {
        if (*c == '"' || *c == '\\') {
            out[at++] = '\\';
            out[at++] = (char)*c;
        } else if (*c < 0x20 || *c == 0x7f) {
            at += (size_t)snprintf(out + at, 5, "\\x%02x", *c);
        } else {
            out[at++] = (char)*c;
        }
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}

void log_event(enum log_level level, const char *room, const char *msg, const char *fields, ...)
{
    char line[4096];
    struct timespec now;
    struct tm utc;
    va_list args;
    int at, more;

    if ((int)level < atomic_load(&least_level))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    at = (int)strftime(line, sizeof(line), "ts=%Y-%m-%dT%H:%M:%S", &utc);
    at += snprintf(line + at, sizeof(line) - (size_t)at, ".%03ldZ level=%s room=%s msg=%s",
                   now.tv_nsec / 1000000, LEVEL_NAMES[level], room, log_quote(msg));
    if (fields[0]) {
        line[at++] = ' ';
        va_start(args, fields);
        more = vsnprintf(line + at, sizeof(line) - (size_t)at - 1, fields, args);
        va_end(args);
        if (more > 0)
            at += more < (int)sizeof(line) - at - 1 ? more : (int)sizeof(line) - at - 2;
    }
    /* Whatever slipped through unquoted must not start a line of its own. */
    for (int i = 0; i < at; i++)
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    line[at++] = '\n';
    for (int done = 0; done < at;) {
        ssize_t n = write(STDERR_FILENO, line + done, (size_t)(at - done));

        if (n <= 0)
            return;
        done += (int)n;
    }
}
