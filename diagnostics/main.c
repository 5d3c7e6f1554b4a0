/* main.c - muster-diag, the one program of ours inside the diagnostic image: take the boot file,
 * get on the network, phone home, run the checks, report, power off. Every wait has an end; behind
 * them all stands the guard. `muster-diag --power-off` is what the image's /init runs; without it
 * (on a workbench) nothing is powered off.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/boot_file.h"
#include "diagnostics/boot_nic.h"
#include "diagnostics/check_runner.h"
#include "diagnostics/guard.h"
#include "diagnostics/log_stream.h"
#include "diagnostics/phone_home.h"
#include "diagnostics/report.h"
#include "diagnostics/session.h"
#include "diagnostics/tree_file.h"

#define CONTACT_MS                                                                                 \
    240000 /* from our start to the agent's answer: DHCP and phone-home, 2 min each */
#define REPORTING_MS 20000 /* kept at the deadline's end for the report, or a quarter of it */
#define LAST_MS 15000      /* from the report to the power being off */

struct run {
    char image[128];
    struct boot_file boot;
    struct boot_nic nic;
    struct machine_facts facts;
    struct grant grant;
    struct log_stream log;
    struct session session;
    struct check_outcome outcomes[GRANT_CHECKS_MAX];
    unsigned outcome_count;
};

static int make_contact(struct run *run, struct error *err)
{
    int64_t start_ms = clock_monotonic_ms();

    if (boot_file_take("/muster/boot.json", &run->boot, err) < 0 ||
        boot_nic_start(start_ms + CONTACT_MS / 2, &run->nic, err) < 0)
        return -1;
    log_stream_line(&run->log, "interface %s (%s) has an address", run->nic.name, run->nic.mac);
    phone_home_facts("", &run->facts);
    if (phone_home(&run->boot, run->nic.mac, &run->facts, start_ms + CONTACT_MS, &run->grant, err) <
        0)
        return error_prefix(err, "phone-home");
    explicit_bzero(run->boot.token, sizeof(run->boot.token));
    log_stream_line(&run->log, "the agent %s has answered%s%s", run->boot.agent.host,
                    *run->grant.profile ? ", profile " : "", run->grant.profile);
    return 0;
}

static int run_checks(struct run *run, int64_t until_ms, struct error *err)
{
    struct check_context context = {.root = "",
                                    .record = &run->grant.record,
                                    .params = run->grant.params,
                                    .param_count = run->grant.param_count,
                                    .boot_mac = run->nic.mac,
                                    .log_fd = -1};

    for (unsigned i = 0; i < run->grant.check_count; i++) {
        const char *name = run->grant.checks[i];

        if (check_runner_run(name, check_find(name), &context, until_ms, &run->log, &run->session,
                             &run->outcomes[run->outcome_count], err) < 0)
            return -1;
        run->outcome_count++;
    }
    return 0;
}

static int send_report(struct run *run, struct error *err)
{
    struct report report = {.image = run->image,
                            .task = run->boot.task,
                            .nic = &run->nic,
                            .facts = &run->facts,
                            .grant = &run->grant,
                            .outcomes = run->outcomes,
                            .outcome_count = run->outcome_count,
                            .log_lost = run->log.lost};
    const struct check_outcome *cause;
    enum check_status verdict = report_verdict(run->outcomes, run->outcome_count, &cause);
    char *json;
    int rc = -1;

    log_stream_line(&run->log, "verdict: %s", check_status_name(verdict));
    log_stream_kernel(&run->log);
    if (log_stream_flush(&run->log, &run->session, err) < 0)
        return -1;
    if (!(json = report_write(&report)))
        return error_set(err, "out of memory for the report");
    rc = session_report(&run->session, json, strlen(json), err);
    free(json);
    return rc;
}

static int run_all(struct run *run, struct error *err)
{
    int64_t deadline_ms, reporting_ms = REPORTING_MS;

    if (make_contact(run, err) < 0)
        return -1;
    deadline_ms = clock_monotonic_ms() + run->grant.deadline_s * 1000;
    if (reporting_ms > run->grant.deadline_s * 1000 / 4)
        reporting_ms = run->grant.deadline_s * 1000 / 4;
    guard_move(deadline_ms);
    run->session.peer = &run->boot.agent;
    run->session.bearer = run->grant.session;
    run->session.until_ms = deadline_ms;
    run->session.last_ms = clock_monotonic_ms();
    if (run_checks(run, deadline_ms - reporting_ms, err) < 0)
        return -1;
    return send_report(run, err);
}

int main(int argc, char **argv)
{
    static struct run run;
    bool power_off = argc > 1 && strcmp(argv[1], "--power-off") == 0;
    struct error err = {0};
    int rc;

    if (guard_start(clock_monotonic_ms() + CONTACT_MS + LAST_MS, power_off, &err) < 0)
        printf("muster: %s\n", error_text(&err));
    log_stream_open(&run.log);
    tree_file_read("", run.image, sizeof(run.image), "/etc/muster-image");
    log_stream_line(&run.log, "image %s", run.image);
    rc = run_all(&run, &err);
    if (rc < 0)
        log_stream_line(&run.log, "the run has ended: %s", error_text(&err));
    for (unsigned i = 0; i < run.outcome_count; i++)
        check_outcome_clear(&run.outcomes[i]);
    log_stream_close(&run.log);
    if (power_off) {
        guard_move(clock_monotonic_ms() + LAST_MS);
        sync();
        /* Linux 6.1 can spin for ever in virtio_net when a packet is on its way at shutdown. */
        boot_nic_all_down();
        guard_power_off();
    }
    return rc < 0 ? 1 : 0;
}
