/* run_recovery.c - a restarted agent takes up what its journal holds, by what it reads of the BMC:
 *   intent(on)  and on                         done
 *   intent(on)  and off, nothing seen since    the attempt is closed without effect; the next one
 *                                              of boot_ladder.h follows, or restore, failed
 *   intent(off) and off                        done
 *   intent(boot device)                        set again: setting it twice is setting it once
 *   intent(BMC reset) and it answers           done
 *   all else                                   UNCERTAIN, then restore, failed
 * Invariant: no power-on is commanded twice for one attempt: its intent cannot be written twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/phone_home_token.h"
#include "agent/run/bmc_step.h"
#include "agent/run/boot_ladder.h"
#include "agent/run/run_timeline.h"
#include "common/log.h"

#define ASK_AGAIN_MS 5000

static const char *intent_state(const struct journal_intents *intents, const char *step,
                                unsigned attempt)
{
    for (size_t i = 0; i < intents->count; i++)
        if (intents->items[i].attempt == attempt && strcmp(intents->items[i].step, step) == 0)
            return intents->items[i].state;
    return NULL;
}

static enum recovered state_of(const struct journal_intents *intents, const char *step,
                               unsigned attempt)
{
    const char *state = intent_state(intents, step, attempt);

    if (!state)
        return RECOVERED_NONE;
    if (strcmp(state, "intent") == 0)
        return RECOVERED_INTENT;
    if (strcmp(state, "no_effect") == 0)
        return RECOVERED_NO_EFFECT;
    return strcmp(state, "done") == 0 ? RECOVERED_DONE : RECOVERED_FAILED;
}

/* ---- what the BMC says ---- */

static void settle(struct boot_run *run, const char *intent, const char *state, const char *detail)
{
    struct journal_batch *batch = boot_run_batch(run);

    journal_batch_intent(batch, &run->row.id, intent, run->row.attempt, state, run->runner->at_us);
    timeline_step(run, batch, intent, strcmp(state, "done") == 0 ? "done" : "failed", EVIDENCE_BMC,
                  detail);
    boot_run_commit(run, batch, NULL);
}

static void say_uncertain(struct boot_run *run, const char *step, const char *text)
{
    struct journal_batch *batch = boot_run_batch(run);
    Muster__Record record = timeline_record(run);
    Muster__Uncertain uncertain = MUSTER__UNCERTAIN__INIT;

    run->uncertain = true;
    log_warn("run", "what a former life of this agent did is uncertain", "step=%s reason=%s", step,
             log_quote(text));
    uncertain.step = (char *)step;
    uncertain.text = (char *)text;
    record.kind_case = MUSTER__RECORD__KIND_UNCERTAIN;
    record.uncertain = &uncertain;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    boot_run_commit(run, batch, NULL);
}

static bool unreadable(struct boot_run *run, const char *step, enum bmc_end end)
{
    if (end == BMC_REACHED && run->bmc.power != POWER_UNKNOWN)
        return false;
    if (!run->uncertain)
        say_uncertain(run, step, error_text(&run->bmc.err));
    /* Asked until the deadline, which ends in the restore. */
    run->wait_ms = run->runner->now_ms + ASK_AGAIN_MS;
    return true;
}

static void off_was_inspected(struct boot_run *run, enum bmc_end end)
{
    char tale[BOOT_LADDER_TALE_MAX];

    if (unreadable(run, "bmc_off", end))
        return;
    if (run->bmc.power == POWER_OFF) {
        run->uncertain = false;
        settle(run, "bmc_off", "done", "power reads back off after a restart of the agent");
        boot_ladder_is_off(run);
        return;
    }
    say_uncertain(run, "bmc_off", "power off was intended, the agent was restarted, and it is on");
    boot_run_stop(
        run, "failed", "bmc_off", "order the task again",
        "the agent was restarted while it switched the machine off, and finds it on: whether "
        "it was off in between cannot be told (%s)",
        boot_ladder_tale(run, tale));
}

static void on_had_no_effect(struct boot_run *run)
{
    char tale[BOOT_LADDER_TALE_MAX];

    if (!boot_ladder_climb(run, true, "power-on had no effect"))
        boot_run_stop(run, "failed", "bmc_on", "order the task again",
                      "the agent was restarted while it switched the machine on, and it had no "
                      "effect (%s)",
                      boot_ladder_tale(run, tale));
}

static void on_was_inspected(struct boot_run *run, enum bmc_end end)
{
    char tale[BOOT_LADDER_TALE_MAX];

    if (unreadable(run, "bmc_on", end))
        return;
    run->on_unread = false;
    /* A driver without a BMC is told, and has done it. */
    if (run->bmc.power == POWER_ON || bmc_step_remembers_only(run)) {
        run->uncertain = false;
        settle(run, "bmc_on", "done",
               run->bmc.power == POWER_ON
                   ? "power reads back on after a restart of the agent"
                   : "the agent was restarted; this driver cannot tell the power");
        boot_run_wait_for_boot(run);
    } else if (!run->row.seen) {
        settle(run, "bmc_on", "no_effect", "off, and nothing was seen of the machine");
        on_had_no_effect(run);
    } else {
        say_uncertain(run, "bmc_on", "it was seen booting, and is off now");
        boot_run_stop(
            run, "failed", "bmc_on", "order the task again",
            "the agent was restarted while the machine came up; it was seen, and is off now (%s)",
            boot_ladder_tale(run, tale));
    }
}

/* ---- going on ---- */

static void ended_while_failing(struct boot_run *run, const char *step)
{
    char tale[BOOT_LADDER_TALE_MAX];

    boot_run_stop(run, "failed", step, "see the failed step in the timeline",
                  "it failed right before the agent was restarted (%s)",
                  boot_ladder_tale(run, tale));
}

static void resume_waiting(struct boot_run *run)
{
    if (run->row.has_nonce)
        boot_run_change(run, PHASE_SESSION, "the agent was restarted");
    else
        boot_run_wait_for_boot(run);
}

/* The machine is on as it was; what was or was not set again harms nothing. */
static void take_up_device_again(struct boot_run *run)
{
    if (run->row.seen || run->recovered_device == RECOVERED_DONE ||
        run->recovered_device == RECOVERED_FAILED)
        boot_run_wait_for_boot(run);
    else
        boot_ladder_begin(run);
}

/* Nothing says that this attempt's power-on was begun. */
static void take_up_before_on(struct boot_run *run)
{
    if (run->recovered_off == RECOVERED_DONE) {
        boot_ladder_is_off(run);
    } else if (run->recovered_off == RECOVERED_INTENT) {
        bmc_step_read(run, POWER_GET, run->runner->settings.power_within_ms, off_was_inspected);
    } else if (run->recovered_off != RECOVERED_NONE) {
        ended_while_failing(run, "bmc_off");
    } else if (run->recovered_reset == RECOVERED_INTENT) {
        boot_ladder_await_bmc(run);
    } else if (run->recovered_reset == RECOVERED_DONE) {
        boot_run_off(run);
    } else if (run->recovered_reset != RECOVERED_NONE) {
        ended_while_failing(run, "bmc_reset");
    } else if (run->row.attempt > 1 && run->row.seen) {
        resume_waiting(run); /* it came while the agent was away: a booting machine stays on */
    } else if (run->row.attempt > 1) {
        boot_ladder_begin(run);
    } else {
        boot_run_change(run, PHASE_SNAPSHOT, "the agent was restarted");
        boot_run_snapshot(run);
    }
}

static int64_t since_ms(const struct task_runner *runner, int64_t then_us)
{
    int64_t passed = (runner->at_us - then_us) / 1000;

    /* Before the first WELCOME the clock is our own; it may be wrong either way. */
    return passed > 0 ? passed : 0;
}

static void count_deadline(struct boot_run *run)
{
    const struct task_runner *runner = run->runner;

    run->deadline_ms = runner->now_ms + (int64_t)run->order.boot->deadline_s * 1000 -
                       since_ms(runner, run->row.started_at_us);
}

/* The deadline was counted by the clock of before the first WELCOME. True: it has passed, or is not
 * known yet. */
static bool waits_for_the_time(struct boot_run *run)
{
    if (!boot_run_knows_the_time(run)) {
        run->wait_ms = run->runner->now_ms + ASK_AGAIN_MS;
        return true;
    }
    count_deadline(run);
    boot_run_look_at_deadline(run);
    return run->row.outcome != NULL;
}

void run_recovery_begin(struct boot_run *run)
{
    if (!run->row.outcome && waits_for_the_time(run))
        return;
    run->wait_ms = 0;
    run->heard_ms = run->runner->now_ms;
    if (run->row.outcome) {
        if (run->touched)
            restore_begin(run);
        else
            run_result_write(run, "none");
    } else if (run->report_whole) {
        boot_run_succeed(run);
    } else if (run->recovered_on == RECOVERED_DONE || run->row.has_nonce) {
        resume_waiting(run); /* a machine that spoke is on, whatever its BMC said */
    } else if (!boot_rung_of(run->row.attempt)->switches) {
        take_up_device_again(run);
    } else if (run->recovered_on == RECOVERED_NO_EFFECT && !run->row.seen) {
        on_had_no_effect(run);
    } else if (run->recovered_on == RECOVERED_INTENT) {
        bmc_step_read(run, POWER_GET, run->runner->settings.power_within_ms, on_was_inspected);
    } else if (run->recovered_on != RECOVERED_NONE) {
        ended_while_failing(run, "bmc_on");
    } else {
        take_up_before_on(run);
    }
}

/* ---- loading ---- */

static void parse_found(struct boot_run *run)
{
    run->found_power = run->row.found_power && strcmp(run->row.found_power, "on") == 0 ? POWER_ON
                       : run->row.found_power                                          ? POWER_OFF
                                              : POWER_UNKNOWN;
    run->found_device = BOOT_DEVICE_NONE;
    for (enum boot_device device = BOOT_DEVICE_NONE; device <= BOOT_DEVICE_OTHER; device++)
        if (run->row.found_boot_device &&
            strcmp(boot_device_name(device), run->row.found_boot_device) == 0)
            run->found_device = device;
}

/* A power-on of the restore was intended only behind a seen off: what is on then is the machine's
 * own again. */
static void parse_restore_intent(struct boot_run *run, const struct journal_intent *intent)
{
    if (strncmp(intent->step, "restore_", 8) != 0)
        return;
    if (intent->attempt >= run->restore_attempt)
        run->restore_attempt = intent->attempt + 1;
    if (strcmp(intent->step, "restore_off") == 0 && strcmp(intent->state, "intent") == 0)
        run->off_unread = true;
    if (strcmp(intent->step, "restore_on") == 0 ||
        (strcmp(intent->step, "restore_off") == 0 && strcmp(intent->state, "done") == 0))
        run->restore_was_off = true;
}

/* What was done in any attempt counts for the restore. */
static void parse_attempt(struct boot_run *run, const struct journal_intent *intent)
{
    if (strncmp(intent->step, "bmc_", 4) != 0 || !boot_rung_of(intent->attempt))
        return;
    run->attempts |= 1u << intent->attempt;
    if (strcmp(intent->step, "bmc_off") == 0)
        run->touched = true;
    if (strcmp(intent->step, "bmc_on") == 0)
        run->powered_on = true;
}

static void parse_intents(struct boot_run *run, const struct journal_intents *intents)
{
    unsigned attempt = run->row.attempt;

    run->recovered_off = state_of(intents, "bmc_off", attempt);
    run->recovered_on = state_of(intents, "bmc_on", attempt);
    run->recovered_reset = state_of(intents, "bmc_reset", attempt);
    run->recovered_device = state_of(intents, "bmc_boot_device", attempt);
    run->on_unread = run->recovered_on == RECOVERED_INTENT;
    run->device_intended = run->recovered_device != RECOVERED_NONE;
    run->attempts = 1u << 1 | 1u << attempt;
    run->restore_attempt = 1;
    for (size_t i = 0; i < intents->count; i++) {
        parse_attempt(run, &intents->items[i]);
        parse_restore_intent(run, &intents->items[i]);
    }
}

/* The token that is out is the one of the attempt that last switched the machine on. */
static int find_token(struct boot_run *run, struct error *err)
{
    for (unsigned attempt = run->row.attempt; attempt >= 1; attempt--) {
        if (phone_home_token(run->runner->settings.phone_home_key, &run->row.id, attempt,
                             run->token, err) < 0)
            return -1;
        run->serves_on = phone_home_is(run->token, run->row.token_hash);
        if (run->serves_on)
            return 0;
    }
    return error_set(err, "its token was made with another key");
}

static void take_up(struct boot_run *run)
{
    struct task_runner *runner = run->runner;
    struct error err = {0};

    if (run->row.state == HELD_ACCEPTED && !run->row.outcome) {
        run->phase = PHASE_ACCEPTED;
        run->start_by_ms = runner->now_ms + runner->settings.start_within_ms -
                           since_ms(runner, run->row.accepted_at_us);
        return;
    }
    run->phase = PHASE_INSPECT;
    run->wait_ms = runner->now_ms + runner->settings.inspect_after_ms;
    count_deadline(run);
    run->report_whole = run->row.has_report;
    parse_found(run);
    if (run->row.outcome || run->report_whole)
        return;
    /* The machine may be in the middle of its boot: serve on with the same token, at once. */
    if (run->powered_on && run->row.has_token && find_token(run, &err) < 0)
        log_error("run", "a boot cannot be served on", "err=%s", log_quote(error_text(&err)));
    else
        boot_run_want_files(run);
}

static int load_one(struct task_runner *runner, struct journal_task *row, struct error *err)
{
    struct task_order order;
    struct journal_intents intents;
    struct boot_run *run;

    if (task_order_reread(row->envelope, row->envelope_length, &order, err) < 0)
        return error_prefix(err, "a task of the journal cannot be read");
    if (task_journal_intents(runner->rooms.journal, &row->id, &intents, err) < 0 ||
        !(run = boot_run_create(runner, &order))) {
        task_order_clear(&order);
        return err && err->text[0] ? -1 : error_no_memory(err);
    }
    run->row = *row;
    memset(row, 0, sizeof(*row));
    free(run->row.envelope); /* stored, and not to be written again */
    run->row.envelope = NULL;
    parse_intents(run, &intents);
    journal_intents_free(&intents);
    if (!boot_rung_of(run->row.attempt))
        return error_set(err,
                         "a task of the journal is at attempt %u: it was written by a newer "
                         "version of this agent",
                         run->row.attempt);
    take_up(run);
    return 0;
}

int run_recovery_load(struct task_runner *runner, struct error *err)
{
    struct journal_tasks tasks;
    int rc = 0;

    if (task_journal_open_tasks(runner->rooms.journal, &tasks, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < tasks.count; i++)
        rc = load_one(runner, &tasks.items[i], err);
    if (rc == 0 && tasks.count)
        log_info("run", "tasks were taken up from the journal", "count=%zu", tasks.count);
    journal_tasks_free(&tasks);
    return rc;
}
