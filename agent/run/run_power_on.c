/* run_power_on.c - a run from the machine seen off to the machine seen on: boot device, token,
 * offer, power. Invariant: the offer is published behind the durable intent of `on` and before the
 * command.
 */
#include <stdio.h>
#include <string.h>

#include "agent/report/phone_home_token.h"
#include "agent/run/bmc_step.h"
#include "agent/run/boot_ladder.h"
#include "common/log.h"

/* ---- boot device and power-on ---- */

static void on_ended(struct boot_run *run, enum bmc_end end)
{
    bool is_off = run->bmc.answers && run->bmc.power == POWER_OFF;
    const char *why =
        end == BMC_NOT_SET ? "the BMC answers OK and reads back off" : error_text(&run->bmc.err);
    char tale[BOOT_LADDER_TALE_MAX];

    if (run->bmc.answers)
        run->on_unread = false;
    if (end == BMC_REACHED) {
        boot_run_wait_for_boot(run);
        return;
    }
    if (run->phase == PHASE_SESSION)
        return; /* it speaks to us: whatever its BMC says, it is on */
    if (is_off && !run->row.seen && boot_ladder_climb(run, true, "power-on had no effect"))
        return;
    boot_run_stop(run, "failed", "bmc_on",
                  "look at the BMC's own log and at the machine's mains; then order the task again",
                  "the machine did not come on: %.200s (%s)", why, boot_ladder_tale(run, tale));
}

static void begin_on(struct boot_run *run)
{
    struct error err = {0};

    if (phone_home_token(run->runner->settings.phone_home_key, &run->row.id, run->row.attempt,
                         run->token, &err) < 0) {
        boot_run_stop(run, "failed", "bmc_on", "look at the agent's log", "%s", error_text(&err));
        return;
    }
    phone_home_hash(run->token, run->row.token_hash);
    run->row.has_token = true;
    run->row.seen = STAGE_NONE;
    run->powered_on = run->on_unread = true;
    boot_run_change(run, PHASE_ON, NULL);
    bmc_step_begin(run,
                   &(struct bmc_goal){.step = "bmc_on",
                                      .intent = "bmc_on",
                                      .action = POWER_SET,
                                      .power = POWER_ON,
                                      .once = true,
                                      .before = boot_run_arm,
                                      .within_ms = run->runner->settings.power_within_ms},
                   run->row.attempt, false, on_ended);
}

/* After a restart the cache may still be checking digests, or have lost a file. */
static void begin_on_with_files(struct boot_run *run)
{
    run->awaits_files = !run->kernel_path || !run->initrd_path;
    if (!run->awaits_files)
        begin_on(run);
    else if (!run->wanted)
        boot_run_want_files(run);
}

void boot_run_files_are_here(struct boot_run *run)
{
    struct error err = {0};

    if (run->row.outcome || run->leaving)
        return;
    if (run->awaits_files)
        begin_on_with_files(run);
    /* Taken up after a crash: the machine may be asking for it this moment. */
    else if (run->phase != PHASE_ACCEPTED && run->powered_on && run->serves_on && !run->offered &&
             boot_run_arm(run, &err) < 0)
        log_error("run", "a boot cannot be served on", "err=%s", log_quote(error_text(&err)));
}

/* The rung that leaves the power alone: a refusal ends the attempt, not the run. */
static void device_set_again(struct boot_run *run, enum bmc_end end)
{
    if (run->phase == PHASE_SESSION)
        return;
    if (end == BMC_REACHED || run->row.seen ||
        !boot_ladder_climb(run, false, "the boot device was not taken again"))
        boot_run_wait_for_boot(run);
}

static void device_ended(struct boot_run *run, enum bmc_end end)
{
    if (!boot_rung_of(run->row.attempt)->switches)
        device_set_again(run, end);
    else if (end == BMC_REACHED)
        begin_on_with_files(run);
    else if (end == BMC_NOT_SET)
        boot_run_stop(run, "failed", "bmc_boot_device",
                      "set the boot device by the BMC's own page and read it back there; some BMCs "
                      "need an update or another firmware mode for it",
                      "boot_not_set: the BMC answered OK to boot device pxe and reads back %s",
                      boot_device_name(run->bmc.device));
    else
        boot_run_stop(run, "failed", "bmc_boot_device",
                      "check the BMC's account: it needs the operator privilege",
                      "boot_not_set: %s", error_text(&run->bmc.err));
}

void boot_run_boot_device(struct boot_run *run)
{
    boot_run_change(run, PHASE_BOOT_DEVICE, NULL);
    /* Setting it twice is setting it once: only its first intent is written. */
    bmc_step_begin(run,
                   &(struct bmc_goal){.step = "bmc_boot_device",
                                      .intent = "bmc_boot_device",
                                      .action = BOOT_DEVICE_SET,
                                      .device = BOOT_DEVICE_PXE,
                                      .within_ms = run->runner->settings.device_within_ms},
                   run->row.attempt, run->device_intended, device_ended);
}
