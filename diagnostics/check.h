/* check.h - what a check is: it looks at one part of the machine and writes down what it found.
 * A check that cannot run says so (CHECK_NOT_RUN) and why; it never guesses. The verdict is the
 * worst status; a check that did not run never worsens it. Thresholds: docs/diagnostics.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "diagnostics/grant.h"
#include "diagnostics/json_out.h"

enum check_status { CHECK_NOT_RUN, CHECK_PASSED, CHECK_DEGRADED, CHECK_FAILED };

struct check_context {
    const char *root; /* "" in a machine; a folder of fixtures in a test */
    const struct machine_record *record;
    const struct param *params;
    unsigned param_count;
    const char *boot_mac; /* lower case */
    int64_t until_ms;     /* monotonic: the check is killed then, so it plans to end before */
    int log_fd;           /* lines for the log; -1: nowhere */
};

/* check_result_begin() makes one, check_result_clear() frees it. */
struct check_result {
    enum check_status status;
    char reason[512];
    char remedy[512];
    struct json_out evidence; /* an open object: checks add members */
    struct json_out findings; /* an open list */
    unsigned finding_count;
};

struct check {
    const char *name;
    void (*run)(const struct check_context *context, struct check_result *result);
    unsigned limit_s; /* its own deadline */
};

const struct check *check_find(const char *name); /* NULL: this image has none of that name */
const char *check_status_name(enum check_status status);

void check_result_begin(struct check_result *result);
void check_result_clear(struct check_result *result);

/* A fault: 'status' is CHECK_DEGRADED or CHECK_FAILED. The first of the worst gives the result its
 * reason and remedy; all of them stand in the report. */
void check_finding(struct check_result *result, enum check_status status, const char *remedy,
                   const char *reason, ...) __attribute__((format(printf, 4, 5)));
/* Nothing was found; has no effect after a finding. */
void check_passed(struct check_result *result, const char *reason, ...)
    __attribute__((format(printf, 2, 3)));
void check_not_run(struct check_result *result, const char *remedy, const char *reason, ...)
    __attribute__((format(printf, 3, 4)));
/* One line for the task's log. */
void check_log(const struct check_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* diagnostics/checks/ */
void check_dmi(const struct check_context *context, struct check_result *result);
void check_cpu(const struct check_context *context, struct check_result *result);
void check_memory(const struct check_context *context, struct check_result *result);
void check_disks(const struct check_context *context, struct check_result *result);
void check_nics(const struct check_context *context, struct check_result *result);
void check_kernel_log(const struct check_context *context, struct check_result *result);
