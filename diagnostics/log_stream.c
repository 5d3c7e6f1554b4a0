/* log_stream.c - see log_stream.h. */
#include "diagnostics/log_stream.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/kernel_log.h"
#include "diagnostics/session.h"

#define PENDING_MAX (1 << 20)
#define KERNEL_LEVEL_MAX 6 /* debug records stay in the machine */

void log_stream_open(struct log_stream *log)
{
    memset(log, 0, sizeof(*log));
    log->kernel_fd = kernel_log_open();
}

void log_stream_close(struct log_stream *log)
{
    if (log->kernel_fd >= 0)
        close(log->kernel_fd);
    text_clear(&log->pending);
}

/* Bytes that are not UTF-8, and control characters, become '?'. */
static void clean(char *line)
{
    bool utf8 = text_is_utf8(line, strlen(line));

    for (unsigned char *at = (unsigned char *)line; *at; at++)
        if ((*at < 0x20 && *at != '\t') || *at == 0x7f || (*at >= 0x80 && !utf8))
            *at = '?';
}

static void add(struct log_stream *log, int64_t time_us, const char *source, const char *line)
{
    if (log->pending.length + strlen(line) + 64 > PENDING_MAX) {
        log->lost++;
        return;
    }
    if (log->lost)
        text_format(&log->pending, "[%9.3f] muster: %u lines did not fit and are lost\n",
                    (double)time_us / 1e6, log->lost);
    log->lost = 0;
    text_format(&log->pending, "[%9.3f] %s: %s\n", (double)time_us / 1e6, source, line);
}

void log_stream_line(struct log_stream *log, const char *format, ...)
{
    char line[1200];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    clean(line);
    printf("muster: %s\n", line);
    fflush(stdout);
    add(log, clock_boottime_us(), "muster", line);
}

void log_stream_kernel(struct log_stream *log)
{
    struct kernel_record record;

    while (log->kernel_fd >= 0 && kernel_log_next(log->kernel_fd, &record)) {
        clean(record.text);
        if (record.from_kernel && record.level <= KERNEL_LEVEL_MAX)
            add(log, record.time_us, "kernel", record.text);
    }
}

/* Whole lines of at most SESSION_LOG_MAX bytes; no line is longer. */
static size_t next_part(const struct text *pending)
{
    size_t length = pending->length;

    if (length <= SESSION_LOG_MAX)
        return length;
    length = SESSION_LOG_MAX;
    while (pending->bytes[length - 1] != '\n')
        length--;
    return length;
}

int log_stream_flush(struct log_stream *log, struct session *session, struct error *err)
{
    log->flushed_ms = clock_monotonic_ms();
    if (!text_ok(&log->pending)) {
        text_clear(&log->pending);
        log->lost++;
        return 0;
    }
    while (log->pending.length) {
        size_t part = next_part(&log->pending);

        if (session_log(session, log->pending.bytes, part, err) < 0)
            return -1;
        log->pending.length -= part;
        memmove(log->pending.bytes, log->pending.bytes + part, log->pending.length);
    }
    return 0;
}
