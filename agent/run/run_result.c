/* run_result.c - how a run leaves: the signed RESULT, or RELEASED. Durable first; the run is freed
 * behind it. Invariant: a task has one RESULT; it carries outcome, verdict and restore, and the
 * digest over all facts before it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run/run_timeline.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "proto/frame.h"

static char *words(const char *text)
{
    return (char *)(text ? text : "");
}

#define AGAIN_MS 2000

static void leave(struct boot_run *run, const struct journal_batch *batch)
{
    if (batch->rc < 0)
        log_error("run", "the end of a task could not be journalled", "err=%s",
                  log_quote(error_text(&batch->err)));
    run->ended = true;
    run->runner->rooms.release(run->runner->rooms.cache, &run->row.id);
}

/* The run stays, and says it at its next chance. */
static void result_again(struct boot_run *run, const char *restore, const char *why)
{
    log_error("run", "the result could not be made; trying again", "err=%s", log_quote(why));
    run->leaving = false;
    run->result_again_ms = run->runner->now_ms + AGAIN_MS;
    run->result_restore = restore;
}

static void result_said(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (!batch->broken) {
        leave(run, batch);
        return;
    }
    run->row.state = run->row.started_at_us ? HELD_RUNNING : HELD_ACCEPTED;
    result_again(run, run->result_restore, "out of memory");
}

static int sign(struct boot_run *run, const char *restore, struct error *err)
{
    struct task_runner *runner = run->runner;
    const struct journal_task *row = &run->row;
    Muster__Result result = MUSTER__RESULT__INIT;
    uint8_t digest[32], *payload = NULL;
    char cause[640];
    size_t length;
    int rc;

    if (task_journal_facts_digest(runner->rooms.journal, &row->id, digest, err) < 0)
        return -1;
    snprintf(cause, sizeof(cause), "%s%s%s%s", words(row->cause),
             run->restore_failed && row->cause && row->cause[0] ? "; " : "",
             run->restore_failed ? "restore failed: " : "",
             run->restore_failed ? run->restore_why : "");
    result.task_id = message_from_uuid(&row->id);
    result.site_id = message_from_uuid(&runner->settings.site_id);
    result.agent_id = message_from_uuid(&runner->settings.agent_id);
    result.epoch = row->epoch;
    result.outcome = words(row->outcome);
    result.verdict = words(row->verdict);
    result.restore = (char *)restore;
    result.stopped_at = words(row->stopped_at);
    result.cause = cause;
    result.remedy = words(row->remedy);
    if (run->restore_failed && !result.remedy[0])
        result.remedy = (char *)"put the machine back by hand, then release it";
    if (row->has_report) {
        result.report_sha256 = (ProtobufCBinaryData){32, (uint8_t *)row->report_sha256};
        result.report_size = row->report_size;
    }
    result.facts_digest = (ProtobufCBinaryData){32, digest};
    result.started_at_us = row->started_at_us;
    result.ended_at_us = row->ended_at_us;
    result.log_size = row->log_size;
    if (message_pack(&result.base, &payload, &length, err) < 0)
        return -1;
    free(run->row.result); /* of a try before */
    run->row.result = NULL;
    rc = envelope_sign(runner->settings.sign_key, DOMAIN_RESULT, payload, length, &run->row.result,
                       &run->row.result_length, err);
    free(payload);
    return rc;
}

/* The journal gives its records out no more, now or later: the controller hears no end from us, and
 * calls the task unknown. The row stays as it was; the file is moved away before an agent starts.
 */
static void end_untold(struct boot_run *run, const char *restore, const struct error *err)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(&run->row.id, id);
    log_error("run", "a task has ended, and its result cannot be made: settle it by hand",
              "task=%s outcome=%s restore=%s verdict=%s cause=%s err=%s", id,
              words(run->row.outcome), restore, words(run->row.verdict),
              log_quote(words(run->row.cause)), log_quote(error_text(err)));
    run->result_again_ms = 0;
    run->ended = true;
    run->runner->rooms.release(run->runner->rooms.cache, &run->row.id);
}

void run_result_write(struct boot_run *run, const char *restore)
{
    struct error err = {0};
    struct journal_batch *batch;
    Muster__Record record;
    Muster__Signed result = MUSTER__SIGNED__INIT;

    FAULT_POINT("agent_result_before");
    run->leaving = true;
    run->row.ended_at_us = run->runner->at_us;
    if (sign(run, restore, &err) < 0) {
        /* The journal cannot be asked now, or there is no memory. */
        if (err.code == ERROR_UNAVAILABLE)
            result_again(run, restore, error_text(&err));
        else
            end_untold(run, restore, &err);
        return;
    }
    if (!(batch = boot_run_batch(run))) {
        result_again(run, restore, "out of memory");
        return;
    }
    run->result_again_ms = 0;
    run->result_restore = restore;
    if (run->phase != PHASE_ENDED)
        boot_run_change(run, PHASE_ENDED, run->row.outcome);
    run->row.state = HELD_ENDED;
    record = timeline_record(run);
    result.envelope = (ProtobufCBinaryData){run->row.result_length, run->row.result};
    record.kind_case = MUSTER__RECORD__KIND_RESULT;
    record.result = &result;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    boot_run_commit(run, batch, result_said);
}

/* Without memory for it it is said at the next tick. */
static void release_said(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (!batch->broken) {
        leave(run, batch);
        return;
    }
    run->leaving = false;
    run->phase = PHASE_ACCEPTED;
    run->row.state = HELD_ACCEPTED;
    run->row.ended_at_us = 0;
}

void run_result_release(struct boot_run *run, const char *why)
{
    struct journal_batch *batch = boot_run_batch(run);
    Muster__Record record = timeline_record(run);
    Muster__Released released = MUSTER__RELEASED__INIT;

    if (!batch)
        return;
    run->leaving = true;
    log_info("run", "a task is given back: it could not start in time", "reason=%s",
             log_quote(why));
    run->phase = PHASE_ENDED;
    run->row.state = HELD_RELEASED;
    run->row.ended_at_us = run->runner->at_us;
    released.text = (char *)why;
    record.kind_case = MUSTER__RECORD__KIND_RELEASED;
    record.released = &released;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
    boot_run_commit(run, batch, release_said);
}
