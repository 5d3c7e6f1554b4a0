/* bmc_step.c - see bmc_step.h.
 * Invariant: a command is given only behind its durable intent, and an answer counts only for the
 * ticket that asked.
 */
#include "agent/run/bmc_step.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "agent/run/run_timeline.h"
#include "common/fault_point.h"
#include "common/log.h"

#define COMMANDS_MAX 3
#define PAUSE_MS                                                                                   \
    1000 /* between two readings; a slow BMC answers late, and no sooner for being asked often */

static void give(struct boot_run *run, enum power_action action)
{
    const Muster__BmcAccount *bmc = run->order.boot->bmc;
    struct bmc_step *step = &run->bmc;
    struct power_target target = {
        .driver = run->runner->rooms.find_driver(bmc->driver),
        .address = bmc->address,
        .username = bmc->username,
        .port = (uint16_t)(bmc->port ? bmc->port : 623),
        .cipher_suite = (int)bmc->cipher_suite,
        .timeout_ms = run->runner->settings.bmc_timeout_ms,
        .sealed_password = bmc->sealed_password.len ? bmc->sealed_password.data : NULL,
        .sealed_length = bmc->sealed_password.len,
    };
    struct power_job *job;

    memcpy(target.place.tenant.bytes, run->order.boot->tenant_id.data, 16);
    memcpy(target.place.machine.bytes, run->order.boot->machine_id.data, 16);
    memcpy(target.place.bmc.bytes, bmc->bmc_id.data, 16);
    step->ticket = ++run->runner->tickets;
    job = target.driver ? power_job_create(action, &target) : NULL;
    if (!job) {
        /* Asked again at the next pause; the step's time limit ends it. */
        error_set(&step->err, target.driver ? "out of memory" : "the BMC's driver is not known");
        step->at = BMC_PAUSE;
        step->next_ms = run->runner->now_ms + PAUSE_MS;
        return;
    }
    job->power = step->goal.power;
    job->device = step->goal.device;
    for (size_t i = 0; i < run->order.boot->image->n_firmware; i++)
        job->uefi = strcmp(run->order.boot->image->firmware[i], "uefi") == 0 &&
                    run->order.boot->image->n_firmware == 1;
    job->ticket = step->ticket;
    job->task = run->row.id;
    /* What puts the machine back is given whenever its turn comes. */
    job->not_after_ms = run->row.outcome ? 0 : run->deadline_ms;
    step->commanded = action == step->goal.action && step->goal.intent;
    step->at = step->commanded ? BMC_COMMAND : BMC_READING;
    power_worker_give(run->runner->rooms.power, job);
}

static void command(struct boot_run *run)
{
    run->bmc.commands++;
    give(run, run->bmc.goal.action);
}

static void ask(struct boot_run *run)
{
    enum power_action action = run->bmc.goal.action;

    give(run, action == BOOT_DEVICE_SET || action == BOOT_DEVICE_GET ? BOOT_DEVICE_GET : POWER_GET);
}

/* What was read, in words for the timeline. */
static void describe(const struct bmc_step *step, char *text, size_t size)
{
    bool power = step->goal.action == POWER_SET || step->goal.action == POWER_GET;

    if (step->goal.action == BMC_RESET) {
        snprintf(text, size, "the BMC answers again");
        return;
    }
    snprintf(text, size, "%s reads back %s", power ? "power" : "boot device",
             power ? power_state_name(step->power) : boot_device_name(step->device));
}

/* A power-on behind which the machine reads back off is closed for ever, and known to be. */
static const char *outcome_of(const struct bmc_step *step, enum bmc_end end)
{
    if (end == BMC_REACHED)
        return "done";
    return step->goal.once && step->answers && step->power == POWER_OFF &&
                   step->goal.power == POWER_ON
               ? "no_effect"
               : "failed";
}

static void finish(struct boot_run *run, enum bmc_end end)
{
    struct bmc_step *step = &run->bmc;
    void (*done)(struct boot_run *, enum bmc_end) = step->done;
    struct journal_batch *batch;
    char detail[200];

    step->at = BMC_IDLE;
    if (step->goal.intent) {
        describe(step, detail, sizeof(detail));
        if (end == BMC_UNREACHABLE)
            snprintf(detail, sizeof(detail), "%.190s", error_text(&step->err));
        batch = boot_run_batch(run);
        journal_batch_intent(batch, &run->row.id, step->goal.intent, step->attempt,
                             outcome_of(step, end), run->runner->at_us);
        if (end != BMC_REACHED || !step->goal.quiet_end)
            timeline_step(run, batch, step->goal.step, end == BMC_REACHED ? "done" : "failed",
                          EVIDENCE_BMC, detail);
        boot_run_commit(run, batch, NULL);
    }
    done(run, end);
}

static void intent_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;
    struct bmc_step *step = &run->bmc;
    struct error err = {0};

    if (step->at != BMC_INTENT || batch->ticket != step->ticket)
        return; /* the run was stopped meanwhile */
    if (batch->rc < 0) {
        step->err = batch->err;
        step->at = BMC_IDLE;
        step->done(run, BMC_UNREACHABLE);
        return;
    }
    if (step->goal.before && step->goal.before(run, &err) < 0) {
        step->err = err;
        finish(run, BMC_UNREACHABLE);
        return;
    }
    step->until_ms = run->runner->now_ms + step->goal.within_ms;
    FAULT_POINT("agent_intent_fsynced");
    command(run);
}

static void start(struct boot_run *run, const struct bmc_goal *goal, unsigned attempt,
                  void (*done)(struct boot_run *run, enum bmc_end end))
{
    struct bmc_step *step = &run->bmc;

    memset(step, 0, sizeof(*step));
    step->goal = *goal;
    step->attempt = attempt;
    step->done = done;
    step->ticket = ++run->runner->tickets;
    step->until_ms = run->runner->now_ms + goal->within_ms;
}

void bmc_step_begin(struct boot_run *run, const struct bmc_goal *goal, unsigned attempt,
                    bool resumed, void (*done)(struct boot_run *run, enum bmc_end end))
{
    struct journal_batch *batch = boot_run_batch(run);
    struct bmc_step *step = &run->bmc;

    start(run, goal, attempt, done);
    step->at = BMC_INTENT;
    if (!goal->quiet_start)
        timeline_step(run, batch, goal->step, "started", EVIDENCE_BMC, NULL);
    if (!resumed)
        journal_batch_intent(batch, &run->row.id, goal->intent, attempt, "intent",
                             run->runner->at_us);
    if (batch)
        batch->ticket = step->ticket;
    boot_run_commit(run, batch, intent_is_durable);
}

void bmc_step_read(struct boot_run *run, enum power_action action, int64_t within_ms,
                   void (*done)(struct boot_run *run, enum bmc_end end))
{
    start(run, &(struct bmc_goal){.action = action, .within_ms = within_ms}, 0, done);
    ask(run);
}

bool bmc_step_remembers_only(const struct boot_run *run)
{
    const struct power_driver *driver =
        run->runner->rooms.find_driver(run->order.boot->bmc->driver);

    return driver && driver->remembers_only;
}

/* Some BMCs answer OK to `off` and read back on for a while. 'waited': the last command was not
 * given. */
static bool may_go_off(const struct bmc_step *step, bool waited)
{
    unsigned given = step->commands - (step->at == BMC_COMMAND && waited);

    return step->at != BMC_IDLE && step->goal.action == POWER_SET &&
           step->goal.power == POWER_OFF && given > 0;
}

void bmc_step_drop(struct boot_run *run)
{
    struct bmc_step *step = &run->bmc;
    bool waited = false;

    /* What a slow BMC has not been told yet it is not told: whoever hears that the run was stopped
     * sees no command of it behind that but those that put the machine back. */
    if (step->at == BMC_COMMAND || step->at == BMC_READING)
        waited = power_worker_withdraw(run->runner->rooms.power, step->ticket);
    run->off_unread |= may_go_off(step, waited);
    memset(step, 0, sizeof(*step));
}

static bool reached(const struct bmc_step *step)
{
    switch (step->goal.action) {
    case POWER_SET:
        return step->power == step->goal.power;
    case BOOT_DEVICE_SET:
        return step->device == step->goal.device;
    default:
        return true;
    }
}

/* A BMC that does not answer is asked ever less often, and not by all runs at the same moment. */
static int64_t pause_ms(const struct bmc_step *step)
{
    unsigned doublings = step->failures < 4 ? step->failures : 4;
    uint8_t jitter = 0;

    if (step->failures == 0)
        return PAUSE_MS;
    if (getrandom(&jitter, 1, GRND_NONBLOCK) != 1)
        jitter = 0;
    return ((int64_t)PAUSE_MS << (doublings - 1)) * (192 + jitter / 2) / 256;
}

static void pause_then_ask(struct boot_run *run)
{
    struct bmc_step *step = &run->bmc;

    if (run->runner->now_ms >= step->until_ms) {
        finish(run, step->err.text[0] ? BMC_UNREACHABLE : BMC_NOT_SET);
        return;
    }
    step->at = BMC_PAUSE;
    step->next_ms = run->runner->now_ms + pause_ms(step);
}

static void commanded(struct boot_run *run, const struct power_job *job)
{
    struct bmc_step *step = &run->bmc;

    step->command_ok = job->rc == 0;
    if (job->rc < 0) {
        step->err = job->err;
        log_warn("power", "a BMC command failed", "step=%s err=%s", step->goal.step,
                 log_quote(error_text(&job->err)));
    } else {
        error_clear(&step->err);
    }
    if (step->goal.action == BMC_RESET && job->rc < 0 && job->err.code != ERROR_TIMEOUT) {
        finish(run, BMC_UNREACHABLE); /* refused; one that answered no more may well have reset */
        return;
    }
    /* Whatever it said: what it did is read. */
    if (step->goal.settle_ms == 0) {
        ask(run);
        return;
    }
    step->at = BMC_PAUSE;
    step->next_ms = run->runner->now_ms + step->goal.settle_ms;
}

static void was_read(struct boot_run *run, const struct power_job *job)
{
    struct bmc_step *step = &run->bmc;

    step->answers = job->rc == 0;
    step->failures = job->rc < 0 ? step->failures + 1 : 0;
    if (job->rc < 0) {
        if (step->failures == 1)
            log_warn("power", "a BMC does not answer; it is asked again, more slowly", "err=%s",
                     log_quote(error_text(&job->err)));
        step->err = job->err;
        pause_then_ask(run);
        return;
    }
    step->power = job->power;
    step->device = job->device;
    if (reached(step)) {
        finish(run, BMC_REACHED);
        return;
    }
    if (step->command_ok)
        error_clear(&step->err);
    else if (!step->goal.once && step->commands < COMMANDS_MAX) {
        command(run); /* it did not take it, and reads back so */
        return;
    }
    pause_then_ask(run);
}

void bmc_step_answered(struct boot_run *run, const struct power_job *job)
{
    struct bmc_step *step = &run->bmc;

    if (job->ticket != step->ticket)
        return;
    if (step->at == BMC_COMMAND)
        commanded(run, job);
    else if (step->at == BMC_READING)
        was_read(run, job);
}

void bmc_step_tick(struct boot_run *run)
{
    if (run->bmc.at == BMC_PAUSE && run->runner->now_ms >= run->bmc.next_ms)
        ask(run);
}
