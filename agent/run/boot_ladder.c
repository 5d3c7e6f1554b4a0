/* boot_ladder.c - see boot_ladder.h.
 * Invariant: the attempt is raised only here, and a rung's first act is behind an intent of that
 * attempt.
 */
#include "agent/run/boot_ladder.h"

#include <stdio.h>

#include "agent/run/bmc_step.h"
#include "agent/run/run_timeline.h"
#include "common/error.h"
#include "common/fault_point.h"

static const struct boot_rung rungs[BOOT_ATTEMPTS_MAX + 1] = {
    [1] = {"first boot", "", false, true, false},
    [2] = {"boot device set again", "the boot device is set again, for a firmware that lost it",
           false, false, false},
    [3] = {"off and on again", "the machine is switched off and on again", false, true, false},
    [4] = {"cold start",
           "the machine is switched off, left without power for a while, and on again", false, true,
           true},
    [5] = {"BMC reset", "the BMC is reset, then the machine is switched off and on again", true,
           true, false},
};

const struct boot_rung *boot_rung_of(unsigned attempt)
{
    return attempt >= 1 && attempt <= BOOT_ATTEMPTS_MAX ? &rungs[attempt] : NULL;
}

const char *boot_ladder_tale(const struct boot_run *run, char text[BOOT_LADDER_TALE_MAX])
{
    size_t at = 0;
    unsigned count = 0;

    for (unsigned attempt = 1; attempt <= BOOT_ATTEMPTS_MAX; attempt++)
        count += run->attempts >> attempt & 1;
    if (count < 2) {
        snprintf(text, BOOT_LADDER_TALE_MAX, "one attempt was made");
        return text;
    }
    at = (size_t)snprintf(text, BOOT_LADDER_TALE_MAX, "%u attempts were made", count);
    for (unsigned attempt = 1, told = 0; attempt <= BOOT_ATTEMPTS_MAX; attempt++)
        if (run->attempts >> attempt & 1)
            at += (size_t)snprintf(text + at, BOOT_LADDER_TALE_MAX - at, "%s%s",
                                   told++ ? ", " : ": ", rungs[attempt].name);
    return text;
}

/* ---- climbing ---- */

static unsigned next_attempt(const struct boot_run *run, bool is_off)
{
    unsigned next = run->row.attempt + 1;

    /* A boot device is no help to a machine that is off: that is what comes behind. */
    while (next <= BOOT_ATTEMPTS_MAX && is_off && !rungs[next].switches)
        next++;
    return next <= run->runner->settings.attempts_max ? next : 0;
}

bool boot_ladder_has_next(const struct boot_run *run)
{
    return next_attempt(run, false) != 0;
}

static void climbed(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    run->climbing = false;
    FAULT_POINT("agent_attempt_raised");
    if (run->row.outcome || run->leaving)
        return;
    if (batch->rc < 0)
        boot_run_stop(run, "failed", "escalation", "look at the agent's log",
                      "the next attempt could not be journalled: %s", error_text(&batch->err));
    else if (run->row.seen > STAGE_NONE || run->phase == PHASE_SESSION)
        boot_run_wait_for_boot(run); /* it came in this very moment */
    else
        boot_ladder_begin(run);
}

bool boot_ladder_climb(struct boot_run *run, bool is_off, const char *why)
{
    unsigned next = next_attempt(run, is_off);
    struct journal_batch *batch;
    char detail[200];

    if (!next)
        return false;
    bmc_step_drop(run);
    run->wait_ms = 0;
    run->climbing = true;
    run->seen_off = run->device_intended = false;
    run->recovered_off = run->recovered_on = run->recovered_device = run->recovered_reset =
        RECOVERED_NONE;
    run->row.attempt = next;
    run->attempts |= 1u << next;
    batch = boot_run_batch(run);
    snprintf(detail, sizeof(detail), "%.70s: attempt %u, %s", why, next, rungs[next].sentence);
    timeline_step(run, batch, "escalation", "started", "", detail);
    boot_run_commit(run, batch, climbed);
    return true;
}

/* ---- the BMC's own reset ---- */

static void reset_ended(struct boot_run *run, enum bmc_end end)
{
    char tale[BOOT_LADDER_TALE_MAX];

    if (end == BMC_REACHED)
        boot_run_off(run);
    else
        boot_run_stop(
            run, "failed", "bmc_reset",
            "look at the machine's console and at the BMC's own page; a machine that "
            "hangs may need its mains cut",
            "nothing was seen of the machine, and its BMC could not be reset: %.200s (%s)",
            error_text(&run->bmc.err), boot_ladder_tale(run, tale));
}

static void reset_bmc(struct boot_run *run)
{
    boot_run_change(run, PHASE_BMC_RESET, NULL);
    bmc_step_begin(run,
                   &(struct bmc_goal){.step = "bmc_reset",
                                      .intent = "bmc_reset",
                                      .action = BMC_RESET,
                                      .once = true,
                                      .settle_ms = run->runner->settings.bmc_settle_ms,
                                      .within_ms = run->runner->settings.bmc_back_ms},
                   run->row.attempt, false, reset_ended);
}

static void bmc_is_back(struct boot_run *run, enum bmc_end end)
{
    struct journal_batch *batch = boot_run_batch(run);

    journal_batch_intent(batch, &run->row.id, "bmc_reset", run->row.attempt,
                         end == BMC_REACHED ? "done" : "failed", run->runner->at_us);
    timeline_step(run, batch, "bmc_reset", end == BMC_REACHED ? "done" : "failed", EVIDENCE_BMC,
                  "the BMC answers after a restart of the agent");
    boot_run_commit(run, batch, NULL);
    reset_ended(run, end);
}

void boot_ladder_await_bmc(struct boot_run *run)
{
    boot_run_change(run, PHASE_BMC_RESET, "the agent was restarted");
    bmc_step_read(run, POWER_GET, run->runner->settings.bmc_back_ms, bmc_is_back);
}

/* ---- rungs ---- */

void boot_ladder_begin(struct boot_run *run)
{
    const struct boot_rung *rung = boot_rung_of(run->row.attempt);

    if (!rung->switches) {
        boot_run_boot_device(run);
        return;
    }
    /* From here to the next intent(on) the machine is offered nothing, and the token of the
     * attempt before is worth nothing. */
    boot_run_disarm(run);
    run->row.has_token = run->serves_on = false;
    run->seen_off = false;
    if (rung->resets_bmc)
        reset_bmc(run);
    else
        boot_run_off(run);
}

void boot_ladder_is_off(struct boot_run *run)
{
    if (!boot_rung_of(run->row.attempt)->holds_off) {
        boot_run_boot_device(run);
        return;
    }
    if (run->phase != PHASE_OFF)
        boot_run_change(run, PHASE_OFF, "it stays off for a while");
    run->wait_ms = run->runner->now_ms + run->runner->settings.cold_off_ms;
}

void boot_ladder_tick(struct boot_run *run)
{
    if (run->phase != PHASE_OFF || !run->wait_ms || run->runner->now_ms < run->wait_ms)
        return;
    run->wait_ms = 0;
    boot_run_boot_device(run);
}
