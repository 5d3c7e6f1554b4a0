/* session.h - what the run tells the agent once it has a session: log, progress, report.
 * Spec: docs/phone-home.md. Each call returns 0, or -1: ERROR_FORBIDDEN means the session is over
 * and the machine is to be powered off; anything else that the agent could not be reached.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnostics/http_client.h"

struct error;

#define SESSION_LOG_MAX (48 * 1024) /* bytes of one log request */
#define SESSION_REPORT_MAX (4 << 20)

struct session {
    const struct http_peer *peer; /* borrowed */
    const char *bearer;           /* borrowed */
    int64_t until_ms;             /* no retry goes on beyond this */
    int64_t last_ms;              /* when the agent last answered */
    int64_t log_offset;           /* bytes of log the agent holds */
    bool log_closed;              /* full, or refused: no more is sent */
    struct http_reply reply;
};

/* 'length' bytes of whole lines, at most SESSION_LOG_MAX. */
int session_log(struct session *session, const char *bytes, size_t length, struct error *err);
/* 'status' is NULL unless 'state' is "finished". */
int session_progress(struct session *session, const char *check, const char *state,
                     const char *status, struct error *err);
int session_report(struct session *session, const char *bytes, size_t length, struct error *err);
