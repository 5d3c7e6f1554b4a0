/* run_start.c - a run from ACCEPTED to the machine seen off: the image's files, leave to start, the
 * snapshot. Invariant: nothing starts without a controller, behind its last moment, or before its
 * files are here.
 */
#include <stdio.h>
#include <string.h>

#include "agent/run/bmc_step.h"
#include "agent/run/boot_ladder.h"
#include "agent/run/order_payload.h"
#include "agent/run/run_timeline.h"

/* Before the first WELCOME of this life only the cache can have a file; RFC 6761 keeps the name
 * from leading anywhere. */
#define NOWHERE "https://controller.invalid/"

/* ---- files ---- */

void boot_run_want_files(struct boot_run *run)
{
    static const char *const roles[] = {"kernel", "initrd"};
    struct task_runner *runner = run->runner;
    struct journal_batch *batch;
    struct error err = {0};

    run->wanted = true;
    run->want_again_ms = 0;
    for (size_t i = 0; i < 2; i++) {
        const Muster__ImageFile *file = order_file(run->order.boot, roles[i]);

        if (i == 0 ? run->kernel_path : run->initrd_path)
            continue;
        if (runner->rooms.want(runner->rooms.cache, &run->row.id, file->sha256.data, file->size,
                               runner->link.fetch_url[0] ? runner->link.fetch_url : NOWHERE,
                               runner->link.fetch_token, &err) < 0) {
            if (!run->row.has_nonce) /* else it has booted, and runs on without */
                boot_run_stop(run, "failed", "stage_image",
                              "give the site's cache more room, or use a smaller image",
                              "the %s cannot be staged: %s", roles[i], error_text(&err));
            return;
        }
        run->files_wanted++;
    }
    if (run->phase != PHASE_ACCEPTED || timeline_is_at(run, "stage_image", "started"))
        return;
    batch = boot_run_batch(run);
    timeline_step(run, batch, "stage_image", "started", "", NULL);
    boot_run_commit(run, batch, NULL);
}

/* ---- starting ---- */

static void snapshot_failed(struct boot_run *run)
{
    struct journal_batch *batch = boot_run_batch(run);

    timeline_step(run, batch, "snapshot", "failed", EVIDENCE_BMC, error_text(&run->bmc.err));
    boot_run_commit(run, batch, NULL);
    boot_run_stop(run, "failed", "snapshot",
                  "check the BMC's address, port, account and cipher suite, and that it is "
                  "reachable from the site's agent",
                  "the BMC did not say what the machine is like: %s", error_text(&run->bmc.err));
}

static void off_ended(struct boot_run *run, enum bmc_end end)
{
    char tale[BOOT_LADDER_TALE_MAX];

    if (end != BMC_REACHED) {
        boot_run_stop(run, "failed", "bmc_off",
                      "look at the BMC's own log; a machine that hangs may need its mains cut",
                      "the machine did not go off: %.250s (%s)",
                      end == BMC_NOT_SET ? "the BMC answers OK and reads back on"
                                         : error_text(&run->bmc.err),
                      boot_ladder_tale(run, tale));
        return;
    }
    boot_ladder_is_off(run);
}

void boot_run_off(struct boot_run *run)
{
    run->touched = true;
    boot_run_change(run, PHASE_OFF, NULL);
    bmc_step_begin(run,
                   &(struct bmc_goal){.step = "bmc_off",
                                      .intent = "bmc_off",
                                      .action = POWER_SET,
                                      .power = POWER_OFF,
                                      .within_ms = run->runner->settings.power_within_ms},
                   run->row.attempt, false, off_ended);
}

static void device_was_read(struct boot_run *run, enum bmc_end end)
{
    struct journal_batch *batch;
    char detail[80];

    if (end != BMC_REACHED) {
        snapshot_failed(run);
        return;
    }
    run->found_device = run->bmc.device;
    snprintf(detail, sizeof(detail), "power %s, boot device %s", power_state_name(run->found_power),
             boot_device_name(run->found_device));
    batch = boot_run_batch(run);
    if (!boot_run_set_text(&run->row.found_power, power_state_name(run->found_power)) ||
        !boot_run_set_text(&run->row.found_boot_device, boot_device_name(run->found_device)))
        error_no_memory(&run->bmc.err);
    timeline_step(run, batch, "snapshot", "done", EVIDENCE_BMC, detail);
    boot_run_commit(run, batch, NULL);
    boot_run_off(run);
}

static void power_was_read(struct boot_run *run, enum bmc_end end)
{
    if (end != BMC_REACHED || run->bmc.power == POWER_UNKNOWN) {
        snapshot_failed(run);
        return;
    }
    run->found_power = run->bmc.power;
    bmc_step_read(run, BOOT_DEVICE_GET, run->runner->settings.device_within_ms, device_was_read);
}

void boot_run_snapshot(struct boot_run *run)
{
    bmc_step_read(run, POWER_GET, run->runner->settings.device_within_ms, power_was_read);
}

static bool is_too_late(const struct boot_run *run)
{
    return run->runner->at_us >= run->order.boot->expires_at_us;
}

static void started(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc < 0)
        boot_run_stop(run, "failed", "snapshot", "look at the agent's log",
                      "the start could not be journalled: %s", error_text(&batch->err));
    else if (is_too_late(run)) /* its STARTED took so long to be durable */
        boot_run_stop(run, "expired", "", "order it again",
                      "its last moment to start passed while its start was being journalled");
    else if (!run->row.outcome)
        boot_run_snapshot(run);
}

static void start(struct boot_run *run)
{
    struct task_runner *runner = run->runner;
    struct journal_batch *batch = boot_run_batch(run);
    Muster__Record record = timeline_record(run);
    Muster__Started start = MUSTER__STARTED__INIT;

    run->row.state = HELD_RUNNING;
    run->row.started_at_us = runner->at_us;
    run->deadline_ms = runner->now_ms + (int64_t)run->order.boot->deadline_s * 1000;
    boot_run_change(run, PHASE_SNAPSHOT, NULL);
    start.attempt = run->row.attempt;
    record.kind_case = MUSTER__RECORD__KIND_STARTED;
    record.started = &start;
    timeline_step(run, batch, "stage_image", "done", "", "every file is here, digests checked");
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    timeline_step(run, batch, "snapshot", "started", EVIDENCE_BMC, NULL);
    boot_run_commit(run, batch, started);
}

void run_start_tick(struct boot_run *run)
{
    struct task_runner *runner = run->runner;

    if (run->leaving || run->row.outcome)
        return;
    if (is_too_late(run)) {
        boot_run_stop(run, "expired", run->kernel_path && run->initrd_path ? "" : "stage_image",
                      "order it again", "its last moment to start passed before it could start");
        return;
    }
    if (runner->now_ms >= run->start_by_ms) {
        run_result_release(run, !runner->link.connected ? "the controller is out of reach"
                                                        : "the image's files are not here yet");
        return;
    }
    if (runner->link.fetch_url[0] &&
        (!run->wanted || (run->want_again_ms && runner->now_ms >= run->want_again_ms)))
        boot_run_want_files(run);
    /* Without a controller, and before this life's first WELCOME, nothing new starts. */
    if (!run->leaving && run->kernel_path && run->initrd_path && runner->link.connected)
        start(run);
}
