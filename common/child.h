/* child.h - run a program to its end: argv only (no shell), output captured with a cap, a deadline
 * after which it is killed. A secret goes through an inherited pipe, never through argv or the
 * environment.
 */
#pragma once

#include <stddef.h>

struct error;

struct child_result {
    int exit_code; /* 128 + signal when it was killed */
    int timed_out;
    char *output; /* stdout and stderr together, NUL-terminated, caller frees */
    size_t output_length;
};

#define CHILD_OUTPUT_MAX (64 * 1024) /* the rest is read and dropped */
#define CHILD_SECRET_MAX 4096        /* PIPE_BUF: it always fits a pipe whole */

/* 'argv' ends with NULL; argv[0] is looked up in PATH. 'secret' (may be NULL) is readable by the
 * child at file descriptor 3 and closed behind. 'timeout_ms' is above 0. What the child leaves
 * running in its process group is killed when it ends. -1 only when it could not be started. Safe
 * with other threads. */
int child_run(const char *const argv[], const char *secret, int timeout_ms,
              struct child_result *ret_result, struct error *err);
