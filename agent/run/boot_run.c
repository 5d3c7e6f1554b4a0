/* boot_run.c - see boot_run.h: the life of a run, its batches, phases, ends and timers.
 * Invariant: run->row is what the newest batch of the run will leave in the journal.
 */
#include "agent/run/boot_run.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/report_spool.h"
#include "agent/run/bmc_step.h"
#include "agent/run/boot_ladder.h"
#include "agent/run/machine_watch.h"
#include "common/log.h"

/* Clocks of one host differ less between two of its lives, unless one was lost. */
#define CLOCK_BEHIND_US INT64_C(300000000)

bool boot_run_set_text(char **to, const char *from)
{
    free(*to);
    return (*to = strdup(from)) != NULL;
}

/* ---- lists and life ---- */

struct boot_run *boot_run_create(struct task_runner *runner, struct task_order *order)
{
    struct boot_run *run = calloc(1, sizeof(*run));
    struct boot_run **last = &runner->runs;

    if (!run)
        return NULL;
    run->runner = runner;
    run->order = *order;
    memset(order, 0, sizeof(*order)); /* the run's now */
    run->row.id = run->order.task_id;
    run->row.machine_id = run->order.machine_id;
    run->row.epoch = run->order.epoch;
    run->row.attempt = 1;
    run->attempts = 1u << 1;
    run->heard_ms = runner->now_ms;
    while (*last)
        last = &(*last)->next;
    *last = run;
    return run;
}

void boot_run_destroy(struct boot_run *run)
{
    if (!run)
        return;
    boot_run_disarm(run);
    OPENSSL_cleanse(run->token, sizeof(run->token));
    task_order_clear(&run->order);
    journal_task_clear(&run->row);
    free(run->kernel_path);
    free(run->initrd_path);
    free(run);
}

struct boot_run *boot_run_find(struct task_runner *runner, const struct uuid *task)
{
    struct boot_run *run = runner->runs;

    /* One that has ended may still wait for a batch; it answers to nobody. */
    while (run && (run->ended || !uuid_equal(&run->row.id, task)))
        run = run->next;
    return run;
}

struct boot_run *boot_run_of_machine(struct task_runner *runner, const struct uuid *machine)
{
    struct boot_run *run = runner->runs;

    while (run && (run->ended || !uuid_equal(&run->row.machine_id, machine)))
        run = run->next;
    return run;
}

/* ---- batches and phases ---- */

struct journal_batch *boot_run_batch(struct boot_run *run)
{
    struct journal_batch *batch = journal_batch_create();

    if (!batch)
        log_error("run", "out of memory", "task=%s", run_phase_name(run->phase));
    return batch;
}

static void hand_over(struct boot_run *run, struct journal_batch *batch,
                      void (*done)(struct journal_batch *, void *))
{
    if (!batch)
        return; /* logged; the phase's time limit ends what waits for it */
    batch->context = run;
    batch->done = done;
    run->pending++;
    task_journal_write(run->runner->rooms.journal, batch, run->runner->rooms.journalled);
}

void boot_run_commit(struct boot_run *run, struct journal_batch *batch,
                     void (*done)(struct journal_batch *, void *))
{
    if (batch && !boot_run_set_text(&run->row.phase, run_phase_name(run->phase)))
        batch->broken = true;
    journal_batch_task(batch, &run->row);
    /* Stored once; not carried along with every later batch. */
    free(run->row.envelope);
    run->row.envelope = NULL;
    hand_over(run, batch, done);
}

void boot_run_after(struct boot_run *run, struct phone_home_request *request,
                    void (*done)(struct journal_batch *, void *))
{
    struct journal_batch *batch = boot_run_batch(run);

    if (batch)
        batch->request = request;
    hand_over(run, batch, done);
}

void boot_run_change(struct boot_run *run, enum run_phase to, const char *reason)
{
    const char *sentence = run_phase_edge(run->phase, to);
    char id[UUID_TEXT_SIZE];

    uuid_format(&run->row.id, id);
    if (!sentence) {
        /* A hole in the table; going on is safe, for intents guard the BMC. */
        log_error("run", "phase edge is not in the table", "task=%s from=%s to=%s", id,
                  run_phase_name(run->phase), run_phase_name(to));
        sentence = "-";
    }
    log_info("run", sentence, "task=%s phase=\"%s -> %s\" reason=%s", id,
             run_phase_name(run->phase), run_phase_name(to), log_quote(reason ? reason : ""));
    run->phase = to;
    run->wait_ms = 0;
}

/* ---- ends ---- */

/* 'answer', or NULL, becomes durable with the outcome. */
static void decide(struct boot_run *run, const char *outcome, const char *step, const char *remedy,
                   const char *cause, struct journal_batch *answer)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&run->row.id, id);
    log_info("run", "the task will end", "task=%s outcome=%s at=%s cause=%s", id, outcome, step,
             log_quote(cause));
    if (!boot_run_set_text(&run->row.outcome, outcome) ||
        !boot_run_set_text(&run->row.stopped_at, step) ||
        !boot_run_set_text(&run->row.cause, cause) || !boot_run_set_text(&run->row.remedy, remedy))
        log_error("run", "out of memory", "task=%s", id);
    if (answer)
        boot_run_commit(run, answer, NULL);
    bmc_step_drop(run);
    if (run->touched)
        restore_begin(run);
    else
        run_result_write(run, "none");
}

void boot_run_stop(struct boot_run *run, const char *outcome, const char *step, const char *remedy,
                   const char *cause, ...)
{
    char text[400];
    va_list args;

    if (run->row.outcome || run->leaving)
        return;
    va_start(args, cause);
    vsnprintf(text, sizeof(text), cause, args);
    va_end(args);
    decide(run, outcome, step, remedy, text, NULL);
}

void boot_run_stop_by_order(struct boot_run *run, struct journal_batch *answer, const char *outcome,
                            const char *step, const char *cause)
{
    if (run->row.outcome || run->leaving)
        boot_run_commit(run, answer, NULL);
    else
        decide(run, outcome, step, "", cause, answer);
}

void boot_run_succeed(struct boot_run *run)
{
    char cause[sizeof(((struct report_facts *)0)->reason)];
    char remedy[sizeof(((struct report_facts *)0)->remedy)];

    if (run->row.outcome || run->leaving)
        return;
    /* What its report said, out of the row that they go back to. */
    snprintf(cause, sizeof(cause), "%s", run->row.cause ? run->row.cause : "");
    snprintf(remedy, sizeof(remedy), "%s", run->row.remedy ? run->row.remedy : "");
    decide(run, "succeeded", "", remedy, cause, NULL);
}

/* ---- time ---- */

bool boot_run_knows_the_time(const struct boot_run *run)
{
    return run->runner->link.connected ||
           run->runner->at_us > run->row.started_at_us - CLOCK_BEHIND_US;
}

void boot_run_look_at_deadline(struct boot_run *run)
{
    const struct boot_stop *stop = boot_stop_after((enum boot_stage)run->row.seen);
    char tale[BOOT_LADDER_TALE_MAX];
    bool booting = run->phase == PHASE_BOOT;

    if (run->ended || !run->deadline_ms || run->runner->now_ms < run->deadline_ms)
        return;
    boot_run_stop(run, "failed", run_step_at(run->phase, (enum boot_stage)run->row.seen),
                  "give the image a longer deadline, or see what took so long in the timeline",
                  "its deadline of %u s passed%s%s (%s)", run->order.boot->deadline_s,
                  booting ? ": " : "", booting ? stop->cause : "", boot_ladder_tale(run, tale));
}

void boot_run_tick(struct boot_run *run)
{
    struct task_runner *runner = run->runner;

    if (run->ended)
        return;
    if (run->result_again_ms) {
        if (runner->now_ms >= run->result_again_ms)
            run_result_write(run, run->result_restore);
        return;
    }
    if (run->phase == PHASE_ACCEPTED && run->row.accepted_at_us) {
        run_start_tick(run);
        return;
    }
    if (!run->row.outcome && run->want_again_ms && runner->now_ms >= run->want_again_ms)
        boot_run_want_files(run);
    if (run->phase == PHASE_INSPECT && run->wait_ms && runner->now_ms >= run->wait_ms)
        run_recovery_begin(run);
    boot_ladder_tick(run);
    machine_watch_tick(run);
    bmc_step_tick(run);
    restore_tick(run);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return b > 0 && b < a ? b : a;
}

/* What boot_run_tick() would do nothing at is no reason to wake: a run may wait for its journal for
 * long, and timers that passed meanwhile would have the runner turn without a pause. */
int64_t boot_run_next_ms(const struct boot_run *run)
{
    const struct task_runner *runner = run->runner;
    int64_t next = INT64_MAX;

    if (run->ended || run->leaving)
        return next;
    if (run->result_again_ms)
        return run->result_again_ms;
    if (run->phase == PHASE_ACCEPTED) {
        /* expires_at is on another clock: looked at every second. */
        next = sooner(run->start_by_ms ? run->start_by_ms : next, runner->now_ms + 1000);
    }
    if (!run->row.outcome) {
        next = sooner(next, run->deadline_ms);
        next = sooner(next, run->want_again_ms);
    }
    next = sooner(next, run->wait_ms);
    next = sooner(next, run->restore_wait_ms);
    next = sooner(next, machine_watch_next_ms(run));
    if (run->bmc.at == BMC_PAUSE)
        next = sooner(next, run->bmc.next_ms);
    return next;
}
