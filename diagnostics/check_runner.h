/* check_runner.h - runs one check in a process of its own, so that a check which crashes or hangs
 * in the kernel costs its own result and nothing else; meanwhile the log flows and the agent hears
 * from us at least every ten seconds.
 */
#pragma once

#include <stdint.h>

#include "diagnostics/check.h"

struct error;
struct log_stream;
struct session;

struct check_outcome {
    char name[33];
    enum check_status status;
    char reason[512];
    char remedy[512];
    char *evidence; /* JSON object; owned */
    char *findings; /* JSON list; owned */
    int64_t duration_ms;
};

/* Runs the check called 'name' (a name this image has not gives CHECK_NOT_RUN), until its own limit
 * or 'until_ms' whichever is first. 'context' is what the check sees; log_fd and until_ms are set
 * here. 0: 'ret_outcome' is the caller's. -1: the agent is lost or has ended the session. */
int check_runner_run(const char *name, const struct check *check,
                     const struct check_context *context, int64_t until_ms, struct log_stream *log,
                     struct session *session, struct check_outcome *ret_outcome, struct error *err);
void check_outcome_clear(struct check_outcome *outcome);
