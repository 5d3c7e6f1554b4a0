/* machine_watch.c - see machine_watch.h. Invariant: run->row.seen only rises, and is durable with
 * its step. */
#include "agent/run/machine_watch.h"

#include <stdio.h>

#include "agent/run/bmc_step.h"
#include "agent/run/boot_ladder.h"
#include "agent/run/run_timeline.h"

#define SEEN_MOST 6 /* records of one kind of sighting; firmware may ask a hundred times */
#define LOOK_EVERY_MS 30000
#define LOOK_AGAIN_MS 10000 /* longer than a firmware's own power cycle */

/* ---- waiting for the machine ---- */

/* The last attempt waits as long as any machine may take. */
static int64_t sight_by_ms(const struct boot_run *run)
{
    const struct runner_settings *settings = &run->runner->settings;
    int64_t wait = settings->first_sight_ms;

    if (!boot_rung_of(run->row.attempt)->switches && wait > settings->again_wait_ms)
        wait = settings->again_wait_ms;
    if (!boot_ladder_has_next(run) || wait > settings->boot_wait_ms)
        wait = settings->boot_wait_ms;
    return run->runner->now_ms + wait;
}

void boot_run_wait_for_boot(struct boot_run *run)
{
    if (run->phase == PHASE_SESSION)
        return; /* it was quicker than its BMC */
    if (run->phase != PHASE_BOOT)
        boot_run_change(run, PHASE_BOOT, NULL);
    run->up_by_ms = run->runner->now_ms + run->runner->settings.boot_wait_ms;
    run->wait_ms = run->row.seen ? run->up_by_ms : sight_by_ms(run);
}

static void fold_sighting(struct boot_run *run, const struct boot_sighting *sighting,
                          const char *step)
{
    struct journal_batch *batch;
    char detail[300], mac[MAC_TEXT_SIZE];
    bool news = boot_stage_of(sighting->kind) > run->row.seen;
    enum boot_stage stage = boot_stage_of(sighting->kind);

    if (stage > run->row.seen)
        run->row.seen = stage;
    if (run->row.seen && run->phase == PHASE_BOOT && run->wait_ms)
        run->wait_ms = run->up_by_ms;
    if (!timeline_may_repeat(run, step, SEEN_MOST) && !news)
        return;
    mac_format(&sighting->mac, mac);
    snprintf(detail, sizeof(detail), "%s%s%s%s%s%s%s", mac, sighting->address[0] ? " " : "",
             sighting->address, sighting->ipxe ? " ipxe" : "",
             sighting->uuid_swapped ? " uuid byte-swapped" : "", sighting->detail[0] ? ": " : "",
             sighting->detail);
    batch = boot_run_batch(run);
    timeline_step(run, batch, step, "seen", EVIDENCE_SERVED, detail);
    boot_run_commit(run, batch, NULL);
}

void boot_run_sighted(struct boot_run *run, const struct boot_sighting *sighting)
{
    const char *step = boot_step_of(sighting->kind);

    if (!step || !run->offered || run->row.outcome)
        return;
    fold_sighting(run, sighting, step);
    if (sighting->kind == SIGHTING_AGAIN && !run->report_whole)
        boot_run_stop(run, "failed", "report",
                      "look at the task's log and at the BMC's event log for what reset it",
                      "the machine started again before its report was whole: it was reset, or "
                      "reset itself");
    if (sighting->kind == SIGHTING_CONFLICT)
        boot_run_stop(run, "failed", step,
                      "find which other machine uses this MAC or UUID, and correct the record",
                      "two machines answer as one: %s", sighting->detail);
}

static void never_came(struct boot_run *run, const char *before)
{
    const struct boot_stop *stop = boot_stop_after((enum boot_stage)run->row.seen);
    char tale[BOOT_LADDER_TALE_MAX];

    boot_run_stop(run, "failed", stop->step, stop->remedy, "%s%s (%s)", before, stop->cause,
                  boot_ladder_tale(run, tale));
}

static bool may_fall_silent(const struct boot_run *run)
{
    return run->phase == PHASE_SESSION && !run->report_whole;
}

static void tick_waiting(struct boot_run *run)
{
    struct task_runner *runner = run->runner;

    if (run->phase == PHASE_BOOT && run->wait_ms && runner->now_ms >= run->wait_ms) {
        if (run->row.seen || !boot_ladder_climb(run, false, "nothing was seen of the machine"))
            never_came(run, "");
    } else if (may_fall_silent(run) &&
               runner->now_ms - run->heard_ms >= runner->settings.silence_ms) {
        boot_run_stop(run, "failed", "report",
                      "look at the task's log and at the machine's console: it may have hung, lost "
                      "its link or its power",
                      "the machine fell silent for %lld s before its report was whole",
                      (long long)(runner->settings.silence_ms / 1000));
    }
}

/* ---- is it still on? ---- */

static bool watching(const struct boot_run *run)
{
    return !bmc_step_remembers_only(run) &&
           (run->phase == PHASE_BOOT || run->phase == PHASE_SESSION) && !run->row.outcome &&
           !run->report_whole && !run->leaving && !run->climbing;
}

static void looked(struct boot_run *run, enum bmc_end end)
{
    bool off = end == BMC_REACHED && run->bmc.power == POWER_OFF;
    char tale[BOOT_LADDER_TALE_MAX];

    /* A BMC that does not answer says nothing about its machine. */
    if (!off || !run->seen_off) {
        run->seen_off = off;
        run->watch_ms = run->runner->now_ms + (off ? LOOK_AGAIN_MS : LOOK_EVERY_MS);
    } else if (run->phase == PHASE_SESSION) {
        boot_run_stop(
            run, "failed", "report",
            "look at the task's log and at the BMC's event log: it may have lost its power",
            "the machine went off before its report was whole (%s)", boot_ladder_tale(run, tale));
    } else if (run->row.seen ||
               !boot_ladder_climb(run, true, "the machine went off, nothing was seen of it")) {
        never_came(run, "the machine went off; ");
    }
}

void machine_watch_tick(struct boot_run *run)
{
    const struct task_runner *runner = run->runner;

    tick_waiting(run);
    if (!watching(run) || run->bmc.at != BMC_IDLE)
        return;
    if (!run->watch_ms)
        run->watch_ms = runner->now_ms + LOOK_EVERY_MS;
    else if (runner->now_ms >= run->watch_ms)
        bmc_step_read(run, POWER_GET, 0, looked);
}

int64_t machine_watch_next_ms(const struct boot_run *run)
{
    int64_t silent = run->heard_ms + run->runner->settings.silence_ms;
    int64_t look = watching(run) && run->bmc.at == BMC_IDLE ? run->watch_ms : 0;

    if (!may_fall_silent(run))
        return look;
    return look && look < silent ? look : silent;
}
