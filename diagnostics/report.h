/* report.h - the one report of a run. Schema: docs/report.schema.json. */
#pragma once

#include "diagnostics/boot_file.h"
#include "diagnostics/boot_nic.h"
#include "diagnostics/check_runner.h"
#include "diagnostics/phone_home.h"

#define REPORT_SCHEMA 1

struct report {
    const char *image; /* "NAME VERSION" */
    const char *task;
    const struct boot_nic *nic;
    const struct machine_facts *facts;
    const struct grant *grant;
    const struct check_outcome *outcomes;
    unsigned outcome_count;
    unsigned log_lost;
};

/* The worst status of all; CHECK_NOT_RUN when no check ran. *ret_cause (NULL when none) is the
 * first outcome of that status, borrowed. */
enum check_status report_verdict(const struct check_outcome *outcomes, unsigned count,
                                 const struct check_outcome **ret_cause);
/* JSON; the caller's, free(). NULL: out of memory. */
char *report_write(const struct report *report);
