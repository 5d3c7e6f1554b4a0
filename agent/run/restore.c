/* restore.c - every end of a run that touched its machine: withdraw the offer, off, boot device as
 * found, power as asked; each read back. State is read first and set only where it differs, so a
 * restarted agent may go through it again. Invariant: a machine that was booted by us, or may still
 * go off by our word, is seen off before it is switched on again.
 */
#include <stdio.h>
#include <string.h>

#include "agent/run/bmc_step.h"
#include "agent/run/run_timeline.h"
#include "common/fault_point.h"
#include "common/log.h"

#define ATTEMPTS_MAX 5 /* of lives that died in the restore; then a person looks */
#define LOOK_AGAIN_MS 1000
#define UNHEARD_MS (5 * 60000)

static void put_boot_device(struct boot_run *run);
static void put_power(struct boot_run *run);

static bool is_after(const struct boot_run *run, const char *after)
{
    return strcmp(run->order.boot->after, after) == 0;
}

/* POWER_UNKNOWN: as it is. */
static enum power_state wanted_power(const struct boot_run *run)
{
    if (is_after(run, "stay"))
        return POWER_UNKNOWN;
    if (is_after(run, "power_off"))
        return POWER_OFF;
    if (is_after(run, "local_disk"))
        return POWER_ON;
    return run->found_power;
}

static void failed(struct boot_run *run, const char *what, enum bmc_end end)
{
    if (!run->restore_failed) /* the first reason is the one to look at */
        snprintf(run->restore_why, sizeof(run->restore_why), "%s: %.150s", what,
                 end == BMC_NOT_SET ? "the BMC answers OK and reads back otherwise"
                                    : error_text(&run->bmc.err));
    run->restore_failed = true;
    log_warn("run", "restore failed", "what=%s err=%s", log_quote(what),
             log_quote(error_text(&run->bmc.err)));
}

static void note(struct boot_run *run, const char *step, const char *state, const char *detail)
{
    struct journal_batch *batch = boot_run_batch(run);

    timeline_step(run, batch, step, state, EVIDENCE_BMC, detail);
    boot_run_commit(run, batch, NULL);
}

/* Nothing is claimed of a power that was not read: where something went wrong before, the machine
 * is left as it is. */
static void note_power(struct boot_run *run)
{
    char detail[280];

    if (wanted_power(run) == POWER_UNKNOWN || timeline_is_at(run, "restore_power", "failed"))
        return;
    if (run->power_is_back)
        snprintf(detail, sizeof(detail), "power reads back %s",
                 power_state_name(wanted_power(run)));
    else
        snprintf(detail, sizeof(detail), "left as it is, for a person: %s", run->restore_why);
    note(run, "restore_power", run->power_is_back ? "done" : "failed", detail);
}

static void finish(struct boot_run *run)
{
    run->restore_at = RESTORE_IDLE;
    note_power(run);
    run_result_write(run, run->restore_failed ? "failed" : "done");
}

/* A reading, or what was set and read back. */
static void saw_power(struct boot_run *run, enum power_state power)
{
    run->power_is_back = power == wanted_power(run);
}

/* ---- off ---- */

static void off_ended(struct boot_run *run, enum bmc_end end)
{
    if (end == BMC_REACHED)
        saw_power(run, POWER_OFF);
    else
        failed(run, "power off", end);
    put_boot_device(run);
}

static void look_for_off(struct boot_run *run);

/* Its `on` may be under way still, and what was seen of the machine would prove that it is not. A
 * command given behind it is carried out behind it. */
static bool may_come_on(const struct boot_run *run)
{
    return run->on_unread && !run->row.seen;
}

static void saw_power_before_off(struct boot_run *run, enum bmc_end end)
{
    struct task_runner *runner = run->runner;

    if (end != BMC_REACHED) {
        note(run, "restore_power", "failed", error_text(&run->bmc.err));
        failed(run, "read the power state", end);
        put_boot_device(run);
    } else if (run->bmc.power == POWER_OFF && !may_come_on(run)) {
        saw_power(run, POWER_OFF);
        put_boot_device(run);
    } else if (runner->now_ms < run->self_off_until_ms) {
        run->restore_at = RESTORE_AWAITS_OFF;
        run->restore_wait_ms = runner->now_ms + LOOK_AGAIN_MS;
    } else {
        bmc_step_begin(run,
                       &(struct bmc_goal){.step = "restore_power",
                                          .intent = "restore_off",
                                          .action = POWER_SET,
                                          .power = POWER_OFF,
                                          .quiet_start = true,
                                          .quiet_end = true,
                                          .within_ms = runner->settings.power_within_ms},
                       run->restore_attempt, false, off_ended);
    }
}

static void look_for_off(struct boot_run *run)
{
    run->restore_at = RESTORE_ACTS;
    run->restore_wait_ms = 0;
    bmc_step_read(run, POWER_GET, run->runner->settings.power_within_ms, saw_power_before_off);
}

/* ---- boot device ---- */

static enum boot_device device_as_found(const struct boot_run *run)
{
    /* What cannot be asked of a BMC cannot be put back; then its own order counts. */
    return run->found_device == BOOT_DEVICE_OTHER ? BOOT_DEVICE_NONE : run->found_device;
}

static void device_ended(struct boot_run *run, enum bmc_end end)
{
    if (end != BMC_REACHED)
        failed(run, "boot device", end);
    put_power(run);
}

static void saw_device(struct boot_run *run, enum bmc_end end)
{
    char detail[80];

    if (end == BMC_REACHED && run->bmc.device == device_as_found(run)) {
        snprintf(detail, sizeof(detail), "boot device reads back %s",
                 boot_device_name(run->bmc.device));
        note(run, "restore_boot_device", "done", detail);
        put_power(run);
    } else if (end == BMC_REACHED) {
        bmc_step_begin(run,
                       &(struct bmc_goal){.step = "restore_boot_device",
                                          .intent = "restore_boot_device",
                                          .action = BOOT_DEVICE_SET,
                                          .device = device_as_found(run),
                                          .quiet_start = true,
                                          .within_ms = run->runner->settings.device_within_ms},
                       run->restore_attempt, false, device_ended);
    } else {
        note(run, "restore_boot_device", "failed", error_text(&run->bmc.err));
        failed(run, "read the boot device", end);
        put_power(run);
    }
}

static void put_boot_device(struct boot_run *run)
{
    note(run, "restore_boot_device", "started", NULL);
    bmc_step_read(run, BOOT_DEVICE_GET, run->runner->settings.device_within_ms, saw_device);
}

/* ---- on ---- */

static void on_ended(struct boot_run *run, enum bmc_end end)
{
    if (end == BMC_REACHED)
        saw_power(run, POWER_ON);
    else
        failed(run, "power on", end);
    finish(run);
}

static void saw_power_before_on(struct boot_run *run, enum bmc_end end)
{
    if (end != BMC_REACHED) {
        note(run, "restore_power", "failed", error_text(&run->bmc.err));
        failed(run, "read the power state", end);
        finish(run);
    } else if (run->bmc.power == POWER_ON) {
        saw_power(run, POWER_ON);
        finish(run);
    } else {
        bmc_step_begin(run,
                       &(struct bmc_goal){.step = "restore_power",
                                          .intent = "restore_on",
                                          .action = POWER_SET,
                                          .power = POWER_ON,
                                          .once = true,
                                          .quiet_start = true,
                                          .quiet_end = true,
                                          .within_ms = run->runner->settings.power_within_ms},
                       run->restore_attempt, false, on_ended);
    }
}

static void put_power(struct boot_run *run)
{
    /* A machine that may still boot the wrong thing, or is not known to be off, is left for a
     * person. */
    if (wanted_power(run) != POWER_ON || run->restore_failed)
        finish(run);
    else
        bmc_step_read(run, POWER_GET, run->runner->settings.power_within_ms, saw_power_before_on);
}

/* ---- begin ---- */

/* The controller gives a task up 10 min behind its deadline; then a person may put the machine
 * back, and somebody use it. */
static bool is_given_up(const struct boot_run *run)
{
    int64_t passed_ms = (run->runner->at_us - run->row.started_at_us) / 1000;

    return !boot_run_knows_the_time(run) ||
           passed_ms > (int64_t)run->order.boot->deadline_s * 1000 + UNHEARD_MS;
}

/* What people said while this agent was away comes at the begin of its session. */
static bool may_be_released(const struct boot_run *run)
{
    const struct task_runner *runner = run->runner;

    return is_given_up(run) &&
           (!runner->link.connected ||
            runner->now_ms - runner->session_since_ms < runner->settings.word_ms);
}

static void begin(struct boot_run *run)
{
    bool succeeded = strcmp(run->row.outcome, "succeeded") == 0;
    enum power_state power = wanted_power(run);

    if (run->restore_attempt > ATTEMPTS_MAX) {
        error_set(&run->bmc.err, "the agent was restarted %d times in it", ATTEMPTS_MAX);
        failed(run, "restore", BMC_UNREACHABLE);
        finish(run);
        return;
    }
    if (power != POWER_UNKNOWN)
        note(run, "restore_power", "started", NULL);
    if (run->restore_was_off)
        saw_power(run, POWER_OFF); /* by a former life */
    if (power == POWER_UNKNOWN || run->restore_was_off ||
        (!run->powered_on && !run->off_unread && power == POWER_ON)) {
        put_boot_device(run);
        return;
    }
    /* After its report the machine syncs and switches itself off. */
    run->self_off_until_ms =
        succeeded ? run->runner->now_ms + run->runner->settings.self_off_ms : 0;
    look_for_off(run);
}

static void outcome_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    (void)batch; /* refused or not: the machine is put back */
    if (run->phase == PHASE_RESTORE && run->restore_at == RESTORE_ACTS)
        begin(run);
}

static void put_back(struct boot_run *run)
{
    run->restore_at = RESTORE_ACTS;
    run->restore_wait_ms = 0;
    boot_run_commit(run, boot_run_batch(run), outcome_is_durable);
}

static void await_word(struct boot_run *run)
{
    run->restore_at = RESTORE_AWAITS_WORD;
    run->restore_wait_ms = run->runner->now_ms + LOOK_AGAIN_MS;
}

void restore_begin(struct boot_run *run)
{
    boot_run_change(run, PHASE_RESTORE, run->row.cause);
    boot_run_disarm(run);
    if (!PROTECTION("restore")) {
        run_result_write(run, "done");
        return;
    }
    if (run->restore_attempt == 0)
        run->restore_attempt = 1;
    if (!may_be_released(run)) {
        put_back(run);
        return;
    }
    log_warn("run", "its task was given up long ago: what people say of the machine is waited for",
             "seconds=%lld", (long long)(run->runner->settings.word_ms / 1000));
    boot_run_commit(run, boot_run_batch(run), NULL);
    await_word(run);
}

void restore_released(struct boot_run *run)
{
    /* Taken up with its end decided, and not looked at yet. */
    bool comes_to_it =
        run->phase == PHASE_INSPECT && run->row.outcome && run->touched && is_given_up(run);

    if (run->restore_at != RESTORE_AWAITS_WORD && !comes_to_it)
        return;
    if (comes_to_it)
        boot_run_change(run, PHASE_RESTORE, run->row.cause);
    run->restore_at = RESTORE_IDLE;
    note(run, "restore_power", "failed", "left as it is: a person has released the machine");
    run_result_write(run, "none");
}

void restore_tick(struct boot_run *run)
{
    if (run->restore_at == RESTORE_IDLE || run->restore_at == RESTORE_ACTS ||
        run->runner->now_ms < run->restore_wait_ms)
        return;
    if (run->restore_at == RESTORE_AWAITS_OFF)
        look_for_off(run);
    else if (may_be_released(run))
        await_word(run);
    else
        put_back(run);
}
