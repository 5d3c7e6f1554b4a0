/* check.c - see check.h: the table of checks, and how results are written. */
#include "diagnostics/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FINDINGS_MAX 64 /* x about 700 bytes fits the 64 KiB a result may hand over */

static const struct check CHECKS[] = {
    {"dmi", check_dmi, 15},      {"cpu", check_cpu, 30},   {"memory", check_memory, 300},
    {"disks", check_disks, 300}, {"nics", check_nics, 30}, {"kernel_log", check_kernel_log, 30},
};

const struct check *check_find(const char *name)
{
    for (unsigned i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++)
        if (strcmp(CHECKS[i].name, name) == 0)
            return &CHECKS[i];
    return NULL;
}

const char *check_status_name(enum check_status status)
{
    static const char *const NAMES[] = {"not_run", "passed", "degraded", "failed"};

    return NAMES[status];
}

void check_result_begin(struct check_result *result)
{
    memset(result, 0, sizeof(*result));
    json_out_open(&result->evidence, NULL, '{');
    json_out_open(&result->findings, NULL, '[');
}

void check_result_clear(struct check_result *result)
{
    text_clear(&result->evidence.text);
    text_clear(&result->findings.text);
}

static void settle(struct check_result *result, enum check_status status, const char *reason,
                   const char *remedy)
{
    result->status = status;
    snprintf(result->reason, sizeof(result->reason), "%s", reason);
    snprintf(result->remedy, sizeof(result->remedy), "%s", remedy);
}

void check_finding(struct check_result *result, enum check_status status, const char *remedy,
                   const char *reason, ...)
{
    char text[sizeof(result->reason)];
    va_list args;

    va_start(args, reason);
    vsnprintf(text, sizeof(text), reason, args);
    va_end(args);
    if (status > result->status)
        settle(result, status, text, remedy);
    if (result->finding_count++ >= FINDINGS_MAX)
        return;
    json_out_open(&result->findings, NULL, '{');
    json_out_string(&result->findings, "status", check_status_name(status));
    json_out_string(&result->findings, "reason", text);
    json_out_string(&result->findings, "remedy", remedy);
    json_out_close(&result->findings, '}');
}

void check_passed(struct check_result *result, const char *reason, ...)
{
    char text[sizeof(result->reason)];
    va_list args;

    if (result->status > CHECK_PASSED)
        return;
    va_start(args, reason);
    vsnprintf(text, sizeof(text), reason, args);
    va_end(args);
    settle(result, CHECK_PASSED, text, "");
}

void check_not_run(struct check_result *result, const char *remedy, const char *reason, ...)
{
    char text[sizeof(result->reason)];
    va_list args;

    if (result->status > CHECK_PASSED)
        return;
    va_start(args, reason);
    vsnprintf(text, sizeof(text), reason, args);
    va_end(args);
    settle(result, CHECK_NOT_RUN, text, remedy);
}

void check_log(const struct check_context *context, const char *format, ...)
{
    char line[1024];
    va_list args;
    int length;

    if (context->log_fd < 0)
        return;
    va_start(args, format);
    length = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    if (length < 0)
        return;
    if (length > (int)sizeof(line) - 2)
        length = (int)sizeof(line) - 2;
    line[length++] = '\n';
    /* One write of less than PIPE_BUF is never torn; a full pipe only delays the check. */
    if (write(context->log_fd, line, (size_t)length) < 0)
        return;
}
