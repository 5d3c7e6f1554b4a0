/* log_stream.h - the task's log as it leaves the machine: our own lines and the kernel's, as UTF-8.
 * Our own lines also go to the console. Invariant: the backlog is bounded; what does not fit is
 * counted and told, never silently missing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/text.h"

struct error;
struct session;

struct log_stream {
    struct text pending;
    int kernel_fd;      /* -1: no kernel log here */
    int64_t flushed_ms; /* when pending lines last left */
    unsigned lost;
};

void log_stream_open(struct log_stream *log);
void log_stream_close(struct log_stream *log);
/* One line, with the time since boot before it. */
void log_stream_line(struct log_stream *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What the kernel has logged since the last call. */
void log_stream_kernel(struct log_stream *log);
/* Send what is pending. 0, or -1 as session_log(). */
int log_stream_flush(struct log_stream *log, struct session *session, struct error *err);
