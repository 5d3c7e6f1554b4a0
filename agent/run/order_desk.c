/* order_desk.c - see order_desk.h. Each answer is a fact in the journal; the link sends it once it
 * is durable. */
#include "agent/run/order_desk.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run/run_timeline.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "proto/frame.h"
#include "proto/sha256.h"

/* ---- answers of no run ---- */

static Muster__Record record_of(const struct task_runner *runner, const struct uuid *task,
                                uint64_t epoch)
{
    Muster__Record record = MUSTER__RECORD__INIT;

    record.at_us = runner->at_us;
    if (!uuid_is_nil(task))
        record.task_id = message_from_uuid(task);
    record.epoch = epoch;
    return record;
}

static void hand_over(struct task_runner *runner, struct journal_batch *batch)
{
    if (batch)
        task_journal_write(runner->rooms.journal, batch, runner->rooms.journalled);
}

static void say(struct task_runner *runner, const Muster__Record *record)
{
    struct journal_batch *batch = journal_batch_create();

    journal_batch_record(batch, JOURNAL_FACTS, record);
    hand_over(runner, batch);
}

static void refuse(struct task_runner *runner, const struct verify_refusal *refusal)
{
    Muster__Record record = record_of(runner, &refusal->task_id, refusal->epoch);
    Muster__Refused refused = MUSTER__REFUSED__INIT;

    log_warn("run", "an order was refused", "code=%s reason=%s", refusal->code,
             log_quote(error_text(&refusal->text)));
    refused.code = (char *)refusal->code;
    refused.text = (char *)refusal->text.text;
    refused.envelope_sha256 = (ProtobufCBinaryData){32, (uint8_t *)refusal->envelope_sha256};
    record.kind_case = MUSTER__RECORD__KIND_REFUSED;
    record.refused = &refused;
    say(runner, &record);
}

static void put_cancel_answer(struct journal_batch *batch, const struct task_runner *runner,
                              const struct task_order *order, const char *answer, const char *text)
{
    Muster__Record record = record_of(runner, &order->task_id, order->epoch);
    Muster__CancelAnswer said = MUSTER__CANCEL_ANSWER__INIT;

    said.answer = (char *)answer;
    said.text = (char *)text;
    record.kind_case = MUSTER__RECORD__KIND_CANCEL_ANSWER;
    record.cancel_answer = &said;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
}

static void answer_cancel(struct task_runner *runner, const struct task_order *order,
                          const char *answer, const char *text)
{
    struct journal_batch *batch = journal_batch_create();

    put_cancel_answer(batch, runner, order, answer, text);
    hand_over(runner, batch);
}

static void not_held(struct task_runner *runner, const struct task_order *order)
{
    Muster__Record record = record_of(runner, &order->task_id, order->epoch);
    Muster__NotHeld said = MUSTER__NOT_HELD__INIT;

    said.text = (char *)"this agent's journal holds no such task";
    record.kind_case = MUSTER__RECORD__KIND_NOT_HELD;
    record.not_held = &said;
    say(runner, &record);
}

/* ---- boot tasks ---- */

static struct journal_task row_of(const struct task_runner *runner, const struct task_order *order,
                                  enum journal_task_state state)
{
    return (struct journal_task){.id = order->task_id,
                                 .machine_id = order->machine_id,
                                 .epoch = order->epoch,
                                 .state = state,
                                 .attempt = 1,
                                 .accepted_at_us = runner->at_us};
}

static void decline(struct task_runner *runner, const struct task_order *order,
                    const struct link_order *bytes, const char *code, const char *text)
{
    struct journal_batch *batch = journal_batch_create();
    struct journal_task row = row_of(runner, order, HELD_DECLINED);
    Muster__Record record = record_of(runner, &order->task_id, order->epoch);
    Muster__Declined declined = MUSTER__DECLINED__INIT;

    log_info("run", "an order was declined", "code=%s reason=%s", code, log_quote(text));
    declined.code = (char *)code;
    declined.text = (char *)text;
    record.kind_case = MUSTER__RECORD__KIND_DECLINED;
    record.declined = &declined;
    row.envelope = bytes->envelope;
    row.envelope_length = bytes->length;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    journal_batch_task(batch, &row);
    journal_batch_epoch(batch, &order->machine_id, order->epoch);
    hand_over(runner, batch);
}

static void accepted(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc == 0) {
        FAULT_POINT("agent_accepted");
        run->start_by_ms = run->runner->now_ms + run->runner->settings.start_within_ms;
        run->row.accepted_at_us = run->runner->at_us;
        return;
    }
    log_error("run", "an order could not be journalled", "err=%s",
              log_quote(error_text(&batch->err)));
    run->ended = true;
}

static void accept(struct task_runner *runner, struct task_order *order,
                   const struct link_order *bytes)
{
    struct boot_run *run = boot_run_create(runner, order);
    struct journal_batch *batch;
    Muster__Record record;
    Muster__Accepted said = MUSTER__ACCEPTED__INIT;

    /* Unanswered: the controller's lease ends. */
    if (!run || !(batch = boot_run_batch(run))) {
        log_error("run", "out of memory for a task", "machine=%s", "-");
        if (run)
            run->ended = true;
        return;
    }
    run->row.state = HELD_ACCEPTED;
    run->row.envelope = malloc(bytes->length);
    if (run->row.envelope) {
        memcpy(run->row.envelope, bytes->envelope, bytes->length);
        run->row.envelope_length = bytes->length;
    }
    if (!run->row.envelope)
        batch->broken = true;
    record = timeline_record(run);
    record.kind_case = MUSTER__RECORD__KIND_ACCEPTED;
    record.accepted = &said;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    journal_batch_epoch(batch, &run->row.machine_id, run->row.epoch);
    run->row.accepted_at_us = runner->at_us;
    boot_run_commit(run, batch, accepted);
    run->row.accepted_at_us = 0; /* nothing moves before it is durable */
}

/* A known id is never a new run: say again where it stands, at the epoch that was asked. */
static void answer_held(struct task_runner *runner, const struct task_order *order)
{
    const struct journal_task *held = &order->held;
    struct journal_batch *batch = journal_batch_create();
    Muster__Record record = record_of(runner, &order->task_id, order->epoch);
    Muster__Accepted accepted_again = MUSTER__ACCEPTED__INIT;
    Muster__Started started_again = MUSTER__STARTED__INIT;
    Muster__Signed result = MUSTER__SIGNED__INIT;

    if (held->state == HELD_ENDED) {
        result.envelope = (ProtobufCBinaryData){held->result_length, held->result};
        record.kind_case = MUSTER__RECORD__KIND_RESULT;
        record.result = &result;
    } else if (held->state == HELD_RUNNING) {
        started_again.attempt = held->attempt;
        record.kind_case = MUSTER__RECORD__KIND_STARTED;
        record.started = &started_again;
    } else {
        record.kind_case = MUSTER__RECORD__KIND_ACCEPTED;
        record.accepted = &accepted_again;
    }
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    journal_batch_epoch(batch, &order->machine_id, order->epoch);
    hand_over(runner, batch);
}

static bool is_new_offer(const struct task_order *order)
{
    return !order->known ||
           ((order->held.state == HELD_DECLINED || order->held.state == HELD_RELEASED) &&
            order->epoch > order->held.epoch);
}

static void take_boot(struct task_runner *runner, struct task_order *order,
                      const struct link_order *bytes)
{
    const struct boot_run *other = boot_run_of_machine(runner, &order->machine_id);
    struct error why = {0};
    const char *refuses = task_journal_refuses(runner->rooms.journal, &why);
    char text[120], id[UUID_TEXT_SIZE];

    if (!is_new_offer(order)) {
        if (order->held.state == HELD_DECLINED || order->held.state == HELD_RELEASED)
            decline(runner, order, bytes, "declined", "it was declined or released at this epoch");
        else
            answer_held(runner, order);
    } else if (refuses) {
        decline(runner, order, bytes, refuses, error_text(&why));
    } else if (other) {
        uuid_format(&other->row.id, id);
        snprintf(text, sizeof(text), "the machine has task %s under way", id);
        decline(runner, order, bytes, "busy", text);
    } else if (!runner->rooms.find_driver(order->boot->bmc->driver)) {
        snprintf(text, sizeof(text), "this agent has no BMC driver '%.40s'",
                 order->boot->bmc->driver);
        decline(runner, order, bytes, "unsupported", text);
    } else {
        accept(runner, order, bytes);
    }
}

/* ---- cancel, settle, release ---- */

static const char *step_of(const struct boot_run *run)
{
    return run_step_at(run->phase, (enum boot_stage)run->row.seen);
}

/* Whoever reads "cancelled" must never see the task go on: one batch says it and ends it. */
static void stop_cancelled(struct boot_run *run, const struct task_order *order)
{
    struct journal_batch *batch = boot_run_batch(run);
    char cause[240];

    put_cancel_answer(batch, run->runner, order, "cancelled",
                      run->touched ? "stopped; the machine is being put back"
                                   : "stopped before the machine was touched");
    snprintf(cause, sizeof(cause), "cancelled: %.200s", order->cancel->reason);
    boot_run_stop_by_order(run, batch, "cancelled", step_of(run), cause);
}

static void take_cancel(struct task_runner *runner, const struct task_order *order)
{
    struct boot_run *run = boot_run_find(runner, &order->task_id);

    if (!run && !order->known)
        not_held(runner, order);
    else if (!run && (order->held.state == HELD_DECLINED || order->held.state == HELD_RELEASED))
        answer_cancel(runner, order, "cancelled", "it was never started here");
    else if (!run)
        answer_cancel(runner, order, "too_late", "it has ended");
    else if (run->uncertain)
        answer_cancel(runner, order, "unknown",
                      "whether the machine was touched is being found out");
    else if (run->row.outcome || run->leaving || run->report_whole)
        answer_cancel(runner, order, "too_late", "it is ending");
    else
        stop_cancelled(run, order);
}

/* A person's word is taken in: the controller does not say it again. */
static void put_taken(struct journal_batch *batch, const struct task_runner *runner,
                      const struct task_order *order, const struct link_order *bytes,
                      const char *text)
{
    Muster__Record record = record_of(runner, &order->task_id, order->epoch);
    Muster__Taken taken = MUSTER__TAKEN__INIT;
    uint8_t digest[SHA256_DIGEST_LENGTH];

    sha256_of(bytes->envelope, bytes->length, digest);
    taken.envelope_sha256 = (ProtobufCBinaryData){sizeof(digest), digest};
    taken.text = (char *)text;
    record.kind_case = MUSTER__RECORD__KIND_TAKEN;
    record.taken = &taken;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
}

static void take_settle(struct task_runner *runner, const struct task_order *order,
                        const struct link_order *bytes)
{
    struct boot_run *run = boot_run_find(runner, &order->task_id);
    struct journal_batch *batch = journal_batch_create();
    char cause[240];

    put_taken(batch, runner, order, bytes,
              run                               ? "the run is stopped and the machine put back"
              : !order->known                   ? "this agent's journal holds no such task"
              : order->held.state == HELD_ENDED ? "it has ended here"
                                                : "it was never started here");
    if (run) {
        snprintf(cause, sizeof(cause), "settled by a person: %.200s", order->settle->reason);
        boot_run_stop_by_order(run, batch, order->settle->outcome, step_of(run), cause);
        return;
    }
    hand_over(runner, batch);
    if (order->known && order->held.state == HELD_ENDED)
        answer_held(runner, order); /* its RESULT once more: the controller may have lost it */
}

static void take_release(struct task_runner *runner, const struct task_order *order,
                         const struct link_order *bytes)
{
    struct boot_run *run = boot_run_of_machine(runner, &order->machine_id);
    struct journal_batch *batch;
    char id[UUID_TEXT_SIZE];

    if (run && run->row.epoch <= order->epoch)
        restore_released(run);
    /* Its end is to be durable before the answer: said again, if it cannot be made now. */
    if (run && run->result_again_ms)
        return;
    /* Beyond that this agent holds a machine only for a task under way; the floor of its epoch is
     * what there is to keep. */
    batch = journal_batch_create();
    uuid_format(&order->machine_id, id);
    log_info("run", "a machine was released by a person", "machine=%s reason=%s", id,
             log_quote(order->release->reason));
    put_taken(batch, runner, order, bytes, "released");
    journal_batch_epoch(batch, &order->machine_id, order->epoch);
    hand_over(runner, batch);
}

void order_desk_take(struct task_runner *runner, const struct link_order *bytes)
{
    struct verify_place place = {.site_id = runner->settings.site_id,
                                 .agent_id = runner->settings.agent_id,
                                 .manifest = runner->link.manifest,
                                 .nonce = runner->link.nonce,
                                 .now_us = runner->at_us,
                                 .journal = runner->rooms.journal};
    struct task_order order;
    struct verify_refusal refusal;
    struct error err = {0};
    int rc = task_verify(&place, bytes->envelope, bytes->length, &order, &refusal, &err);

    if (rc < 0) {
        /* Nothing can be promised without a journal, or refused unread; the controller's lease ends
         * by itself. */
        log_error("run", "an order is left unanswered", "reason=%s", log_quote(error_text(&err)));
        return;
    }
    if (rc == 0) {
        refuse(runner, &refusal);
        return;
    }
    if (order.boot)
        take_boot(runner, &order, bytes);
    else if (order.cancel)
        take_cancel(runner, &order);
    else if (order.settle)
        take_settle(runner, &order, bytes);
    else
        take_release(runner, &order, bytes);
    task_order_clear(&order);
}
