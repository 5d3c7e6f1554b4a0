/* report.c - see report.h. */
#include "diagnostics/report.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "diagnostics/json_out.h"

enum check_status report_verdict(const struct check_outcome *outcomes, unsigned count,
                                 const struct check_outcome **ret_cause)
{
    enum check_status worst = CHECK_NOT_RUN;

    *ret_cause = NULL;
    for (unsigned i = 0; i < count; i++)
        if (outcomes[i].status > worst) {
            worst = outcomes[i].status;
            *ret_cause = &outcomes[i];
        }
    return worst;
}

static void write_verdict(struct json_out *out, const struct report *report)
{
    const struct check_outcome *cause;
    enum check_status verdict = report_verdict(report->outcomes, report->outcome_count, &cause);
    char reason[600];

    if (verdict <= CHECK_PASSED) {
        /* Nothing ran: nothing is known to be well. */
        json_out_string(out, "verdict", verdict == CHECK_PASSED ? "passed" : "degraded");
        json_out_string(out, "reason",
                        verdict == CHECK_PASSED ? "every check that ran passed"
                                                : "no check could run");
        json_out_string(out, "remedy",
                        verdict == CHECK_PASSED ? "" : "Look at each check's own reason below.");
        return;
    }
    snprintf(reason, sizeof(reason), "%s: %s", cause->name, cause->reason);
    json_out_string(out, "verdict", check_status_name(verdict));
    json_out_string(out, "reason", reason);
    json_out_string(out, "remedy", cause->remedy);
}

static void write_machine(struct json_out *out, const struct report *report)
{
    json_out_open(out, "machine", '{');
    json_out_string(out, "uuid", report->facts->uuid);
    json_out_string(out, "mac", report->nic->mac);
    json_out_string(out, "interface", report->nic->name);
    json_out_string(out, "kernel", report->facts->kernel);
    json_out_string(out, "firmware", report->facts->firmware);
    if (report->facts->secure_boot < 0)
        json_out_null(out, "secure_boot");
    else
        json_out_bool(out, "secure_boot", report->facts->secure_boot);
    json_out_close(out, '}');
}

static void write_params(struct json_out *out, const struct grant *grant)
{
    json_out_open(out, "params", '{');
    for (unsigned i = 0; i < grant->param_count; i++) {
        /* Names come from the image's own profile, but are not trusted to be plain. */
        if (strspn(grant->params[i].name, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
            strlen(grant->params[i].name))
            json_out_string(out, grant->params[i].name, grant->params[i].value);
    }
    json_out_close(out, '}');
}

static void write_outcome(struct json_out *out, const struct check_outcome *outcome)
{
    json_out_open(out, NULL, '{');
    json_out_string(out, "check", outcome->name);
    json_out_string(out, "status", check_status_name(outcome->status));
    json_out_string(out, "reason", outcome->reason);
    json_out_string(out, "remedy", outcome->remedy);
    json_out_integer(out, "duration_ms", outcome->duration_ms);
    json_out_raw(out, "findings", outcome->findings ? outcome->findings : "[]");
    json_out_raw(out, "evidence", outcome->evidence ? outcome->evidence : "{}");
    json_out_close(out, '}');
}

char *report_write(const struct report *report)
{
    struct json_out out = {0};

    json_out_open(&out, NULL, '{');
    json_out_integer(&out, "schema", REPORT_SCHEMA);
    json_out_string(&out, "task", report->task);
    json_out_string(&out, "image", report->image);
    json_out_string(&out, "evidence", "self_reported");
    write_verdict(&out, report);
    write_machine(&out, report);
    write_params(&out, report->grant);
    json_out_integer(&out, "uptime_ms", clock_boottime_us() / 1000);
    json_out_integer(&out, "log_lines_lost", report->log_lost);
    json_out_open(&out, "checks", '[');
    for (unsigned i = 0; i < report->outcome_count; i++)
        write_outcome(&out, &report->outcomes[i]);
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    return text_take(&out.text);
}
