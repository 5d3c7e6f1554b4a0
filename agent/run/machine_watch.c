/* machine_watch.c - see machine_watch.h. */
#include "agent/run/machine_watch.h"

#include "agent/run/bmc_step.h"

#define LOOK_EVERY_MS 30000
#define LOOK_AGAIN_MS 10000 /* longer than a firmware's own power cycle */

static bool watching(const struct boot_run *run)
{
    return (run->phase == PHASE_BOOT || run->phase == PHASE_SESSION) && !run->row.outcome &&
           !run->report_whole && !run->leaving;
}

static void looked(struct boot_run *run, enum bmc_end end)
{
    const struct boot_stop *stop = boot_stop_after((enum boot_stage)run->row.seen);
    bool off = end == BMC_REACHED && run->bmc.power == POWER_OFF;

    /* A BMC that does not answer says nothing about its machine. */
    if (!off || !run->seen_off) {
        run->seen_off = off;
        run->watch_ms = run->runner->now_ms + (off ? LOOK_AGAIN_MS : LOOK_EVERY_MS);
    } else if (run->phase == PHASE_SESSION) {
        boot_run_stop(
            run, "failed", "report",
            "look at the task's log and at the BMC's event log: it may have lost its power",
            "the machine went off before its report was whole (one attempt was made)");
    } else {
        boot_run_stop(run, "failed", stop->step, stop->remedy,
                      "the machine went off; %s (one attempt was made)", stop->cause);
    }
}

void machine_watch_tick(struct boot_run *run)
{
    const struct task_runner *runner = run->runner;

    if (!watching(run) || run->bmc.at != BMC_IDLE)
        return;
    if (!run->watch_ms)
        run->watch_ms = runner->now_ms + LOOK_EVERY_MS;
    else if (runner->now_ms >= run->watch_ms)
        bmc_step_read(run, POWER_GET, 0, looked);
}

int64_t machine_watch_next_ms(const struct boot_run *run)
{
    return watching(run) && run->bmc.at == BMC_IDLE ? run->watch_ms : 0;
}
