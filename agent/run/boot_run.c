/* boot_run.c - see boot_run.h: the straight line of a run, from its image to the machine's coming
 * up. Invariant: run->row is what the newest batch of the run will leave in the journal.
 */
#include "agent/run/boot_run.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/phone_home_token.h"
#include "agent/run/bmc_step.h"
#include "agent/run/machine_watch.h"
#include "agent/run/order_payload.h"
#include "agent/run/run_timeline.h"
#include "common/log.h"

/* Before the first WELCOME of this life only the cache can have a file; RFC 6761 keeps the name
 * from leading anywhere. */
#define NOWHERE "https://controller.invalid/"
#define SEEN_MOST                                                                                  \
    6 /* records of one kind of sighting in a run; firmware may ask a hundred times                \
       */

static bool set_text(char **to, const char *from)
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
    if (batch && !set_text(&run->row.phase, run_phase_name(run->phase)))
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
            boot_run_stop(run, "failed", "stage_image",
                          "give the site's cache more room, or use a smaller image",
                          "the %s cannot be staged: %s", roles[i], error_text(&err));
            return;
        }
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
    if (end != BMC_REACHED) {
        boot_run_stop(run, "failed", "bmc_off",
                      "look at the BMC's own log; a machine that hangs may need its mains cut",
                      "the machine did not go off: %s",
                      end == BMC_NOT_SET ? "the BMC answers OK and reads back on"
                                         : error_text(&run->bmc.err));
        return;
    }
    boot_run_boot_device(run);
}

static void begin_off(struct boot_run *run)
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
    if (!set_text(&run->row.found_power, power_state_name(run->found_power)) ||
        !set_text(&run->row.found_boot_device, boot_device_name(run->found_device)))
        error_set(&run->bmc.err, "out of memory");
    timeline_step(run, batch, "snapshot", "done", EVIDENCE_BMC, detail);
    boot_run_commit(run, batch, NULL);
    begin_off(run);
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

static void started(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc < 0)
        boot_run_stop(run, "failed", "snapshot", "look at the agent's log",
                      "the start could not be journalled: %s", error_text(&batch->err));
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

static void tick_accepted(struct boot_run *run)
{
    struct task_runner *runner = run->runner;

    if (run->leaving || run->row.outcome)
        return;
    if (runner->at_us >= run->order.boot->expires_at_us) {
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

/* ---- boot device and power-on ---- */

static void on_ended(struct boot_run *run, enum bmc_end end)
{
    if (end == BMC_REACHED) {
        boot_run_wait_for_boot(run);
        return;
    }
    if (run->phase == PHASE_SESSION)
        return; /* it speaks to us: whatever its BMC says, it is on */
    boot_run_stop(run, "failed", "bmc_on",
                  "look at the BMC's own log and at the machine's mains; then order the task again",
                  "the machine did not come on: %s (one attempt was made)",
                  end == BMC_NOT_SET ? "the BMC answers OK and reads back off"
                                     : error_text(&run->bmc.err));
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
    run->powered_on = true;
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
    else if (run->phase != PHASE_ACCEPTED && run->powered_on &&
             run->recovered_on != RECOVERED_NONE && !run->offered && boot_run_arm(run, &err) < 0)
        log_error("run", "a boot cannot be served on", "err=%s", log_quote(error_text(&err)));
}

static void device_ended(struct boot_run *run, enum bmc_end end)
{
    if (end == BMC_REACHED)
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

/* ---- waiting for the machine ---- */

void boot_run_wait_for_boot(struct boot_run *run)
{
    if (run->phase == PHASE_SESSION)
        return; /* it was quicker than its BMC */
    boot_run_change(run, PHASE_BOOT, NULL);
    run->wait_ms = run->runner->now_ms + run->runner->settings.boot_wait_ms;
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
    if (sighting->kind == SIGHTING_CONFLICT)
        boot_run_stop(run, "failed", step,
                      "find which other machine uses this MAC or UUID, and correct the record",
                      "two machines answer as one: %s", sighting->detail);
}

static void tick_waiting(struct boot_run *run)
{
    struct task_runner *runner = run->runner;

    if (run->phase == PHASE_BOOT && runner->now_ms >= run->wait_ms) {
        const struct boot_stop *stop = boot_stop_after((enum boot_stage)run->row.seen);

        boot_run_stop(run, "failed", stop->step, stop->remedy, "%s (one attempt was made)",
                      stop->cause);
    } else if (run->phase == PHASE_SESSION && !run->report_whole &&
               runner->now_ms - run->heard_ms >= runner->settings.silence_ms) {
        boot_run_stop(run, "failed", "report",
                      "look at the task's log and at the machine's console: it may have hung, lost "
                      "its link or its power",
                      "the machine fell silent for %lld s before its report was whole",
                      (long long)(runner->settings.silence_ms / 1000));
    }
}

/* ---- ends ---- */

static void decide(struct boot_run *run, const char *outcome, const char *step, const char *remedy,
                   const char *cause)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&run->row.id, id);
    log_info("run", "the task will end", "task=%s outcome=%s at=%s cause=%s", id, outcome, step,
             log_quote(cause));
    if (!set_text(&run->row.outcome, outcome) || !set_text(&run->row.stopped_at, step) ||
        !set_text(&run->row.cause, cause) || !set_text(&run->row.remedy, remedy))
        log_error("run", "out of memory", "task=%s", id);
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
    decide(run, outcome, step, remedy, text);
}

void boot_run_succeed(struct boot_run *run)
{
    if (!run->row.outcome && !run->leaving)
        decide(run, "succeeded", "", "", "");
}

/* ---- time ---- */

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
        tick_accepted(run);
        return;
    }
    if (run->deadline_ms && runner->now_ms >= run->deadline_ms && !run->row.outcome) {
        const struct boot_stop *stop = boot_stop_after((enum boot_stage)run->row.seen);
        bool booting = run->phase == PHASE_BOOT;

        boot_run_stop(run, "failed", run_step_at(run->phase, (enum boot_stage)run->row.seen),
                      "give the image a longer deadline, or see what took so long in the timeline",
                      "its deadline of %u s passed%s%s", run->order.boot->deadline_s,
                      booting ? ": " : "", booting ? stop->cause : "");
    }
    if (run->want_again_ms && runner->now_ms >= run->want_again_ms)
        boot_run_want_files(run);
    if (run->phase == PHASE_INSPECT && run->wait_ms && runner->now_ms >= run->wait_ms)
        run_recovery_begin(run);
    tick_waiting(run);
    machine_watch_tick(run);
    bmc_step_tick(run);
    restore_tick(run);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return b > 0 && b < a ? b : a;
}

int64_t boot_run_next_ms(const struct boot_run *run)
{
    const struct task_runner *runner = run->runner;
    int64_t next = INT64_MAX;

    if (run->ended || run->leaving)
        return next;
    if (run->phase == PHASE_ACCEPTED) {
        /* expires_at is on another clock: looked at every second. */
        next = sooner(run->start_by_ms ? run->start_by_ms : next, runner->now_ms + 1000);
    }
    if (!run->row.outcome)
        next = sooner(next, run->deadline_ms);
    next = sooner(next, run->wait_ms);
    next = sooner(next, run->want_again_ms);
    next = sooner(next, run->restore_wait_ms);
    next = sooner(next, run->result_again_ms);
    next = sooner(next, machine_watch_next_ms(run));
    if (run->phase == PHASE_SESSION)
        next = sooner(next, run->heard_ms + runner->settings.silence_ms);
    if (run->bmc.at == BMC_PAUSE)
        next = sooner(next, run->bmc.next_ms);
    return next;
}
