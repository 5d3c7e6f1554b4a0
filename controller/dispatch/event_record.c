/* event_record.c - see event_record.h. Records: fleet.proto; what each does to a task:
 * controller/tasks. */
#include "controller/dispatch/event_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/tasks/agent_order.h"
#include "controller/tasks/task_book.h"
#include "controller/tasks/task_chain.h"
#include "proto/envelope.h"
#include "proto/frame.h"

#define ROOM "dispatch"
#define YEAR_2100_US INT64_C(4102444800000000)

struct event_record_reader event_record_begin(struct task_book *book,
                                              const struct live_session *from, bool without_report)
{
    return (struct event_record_reader){
        .book = book,
        .from = from,
        .fact = {.site = from->site, .agent = from->agent, .agent_name = from->name},
        .without_report = without_report};
}

/* ---- audit ---- */

static void name_agent(const struct event_record_reader *in, char who[AGENT_NAME_MAX + 16])
{
    snprintf(who, AGENT_NAME_MAX + 16, "agent %s", in->from->name);
}

static int audit_as(struct event_record_reader *in, const struct uuid *tenant, const char *action,
                    const char *object, const char *why, struct error *err)
{
    char who[AGENT_NAME_MAX + 16];
    const struct audit_entry entry = {
        .who = who, .action = action, .object = object, .outcome = "refused", .why = why};

    name_agent(in, who);
    return task_book_audit(in->book, tenant, &entry, err);
}

static void task_object(const struct uuid *task, char out[UUID_TEXT_SIZE + 8])
{
    char id[UUID_TEXT_SIZE];

    uuid_format(task, id);
    snprintf(out, UUID_TEXT_SIZE + 8, "task %s", id);
}

/* The record has no effect but this row. */
static int drop(struct event_record_reader *in, const struct session_record *record,
                const char *why, struct error *err)
{
    char object[UUID_TEXT_SIZE + 8] = "", text[400];
    struct uuid task;

    in->counts.dropped++;
    if (record->message && message_uuid(&record->message->task_id, "", &task, NULL) == 0)
        task_object(&task, object);
    snprintf(text, sizeof(text), "record %" PRIu64 ": %s", record->first, why);
    text_mend_utf8(text);
    return audit_as(in, &PLATFORM_TENANT, "record.drop", object, text, err);
}

/* ---- whose task ---- */

static void fill_fact(struct event_record_reader *in, const struct session_record *record)
{
    int64_t at_us = record->message->at_us;

    in->fact.at_us = at_us > 0 && at_us < YEAR_2100_US ? at_us : clock_realtime_us();
    in->fact.sequence = record->first;
}

/* 1: in->fact is ready; 0: not a task of this site; -1. */
static int find_task(struct event_record_reader *in, const struct session_record *record,
                     struct error *err)
{
    const Muster__Record *message = record->message;
    int rc;

    if (message_uuid(&message->task_id, "Record.task_id", &in->fact.task, NULL) < 0)
        return 0;
    in->fact.epoch = message->epoch;
    rc = task_facts_find(in->book, &in->fact, err);
    if (rc == 1)
        fill_fact(in, record);
    return rc;
}

/* An order that could not be read has no task's id: then its bytes say which one it was. */
static int find_refused(struct event_record_reader *in, const struct session_record *record,
                        struct error *err)
{
    const ProtobufCBinaryData *sha256 = &record->message->refused->envelope_sha256;
    int rc = find_task(in, record, err);

    if (rc != 0 || sha256->len != 32)
        return rc;
    rc = task_facts_find_order(in->book, &in->fact, sha256->data, err);
    if (rc == 1)
        fill_fact(in, record);
    return rc;
}

/* ---- kinds of records ---- */

/* To a person's word. 1: it was one's answer; 0: not; -1. */
static int answer_word(struct event_record_reader *in, const ProtobufCBinaryData *sha256,
                       const char *refusal, struct error *err)
{
    char who[AGENT_NAME_MAX + 16];

    if (sha256->len != 32)
        return 0;
    name_agent(in, who);
    task_book_forget_tenant(in->book);
    return agent_order_answered(task_book_any_db(in->book), &in->from->site, sha256->data, refusal,
                                who, err);
}

static int on_taken(struct event_record_reader *in, const struct session_record *record,
                    struct error *err)
{
    int rc = answer_word(in, &record->message->taken->envelope_sha256, NULL, err);

    return rc == 0 ? drop(in, record, "an order that was never sent to this site, or long ago", err)
           : rc < 0 ? -1
                    : 0;
}

static int on_refused(struct event_record_reader *in, const struct session_record *record,
                      struct error *err)
{
    const Muster__Refused *refused = record->message->refused;
    char object[UUID_TEXT_SIZE + 8] = "", why[400];
    int rc;

    if (answer_word(in, &refused->envelope_sha256, refused->code, err) < 0)
        return -1;
    rc = find_refused(in, record, err);
    if (rc < 0)
        return -1;
    if (rc == 1)
        task_object(&in->fact.task, object);
    in->counts.orders_refused++;
    snprintf(why, sizeof(why), "%s: %s", refused->code, refused->text);
    text_mend_utf8(why);
    log_warn(ROOM, "an agent refused an order", "agent=%s object=%s reason=%s", in->from->name,
             log_quote(object), log_quote(why));
    if (rc == 1 && task_facts_refused(in->book, &in->fact, refused->code, refused->text, err) < 0)
        return -1;
    return audit_as(in, rc == 1 ? &in->fact.tenant : &PLATFORM_TENANT, "order.refused", object, why,
                    err);
}

static int on_step(struct event_record_reader *in, const Muster__Step *from, struct error *err)
{
    const struct task_step step = {.attempt = from->attempt,
                                   .name = from->name,
                                   .state = from->state,
                                   .detail = from->detail,
                                   .evidence = from->evidence,
                                   .duration_ms = from->duration_ms};

    return task_facts_step(in->book, &in->fact, &step, err);
}

/* What the agent signed must be what the record says it is about. An agent that is offered a task
 * again answers at the new epoch with the RESULT that it signed at an earlier one. */
static const char *check_result(const struct event_record_reader *in, const Muster__Result *result)
{
    struct uuid task, site, agent;

    if (message_uuid(&result->task_id, "", &task, NULL) < 0 || !uuid_equal(&task, &in->fact.task) ||
        result->epoch > in->fact.epoch)
        return "RESULT is of another task or a later epoch than its record";
    if (message_uuid(&result->site_id, "", &site, NULL) < 0 ||
        !uuid_equal(&site, &in->from->site) ||
        message_uuid(&result->agent_id, "", &agent, NULL) < 0 ||
        !uuid_equal(&agent, &in->from->agent))
        return "RESULT is of another site or agent";
    if (result->report_sha256.len != 0 && result->report_sha256.len != 32)
        return "RESULT names no SHA-256";
    return NULL;
}

/* Does it sign for the facts that came before it? */
static int judge(struct event_record_reader *in, const Muster__Result *result, struct error *err)
{
    const struct task_page *page = task_book_page(in->book, &in->fact.tenant, &in->fact.task, err);
    uint8_t chain[32];
    bool agrees;

    if (!page)
        return -1;
    task_chain_read(page, &in->from->journal, chain);
    agrees = result->facts_digest.len == sizeof(chain) &&
             memcmp(result->facts_digest.data, chain, sizeof(chain)) == 0;
    if (!agrees)
        log_error(ROOM, "a RESULT signs for other facts than came", "agent=%s", in->from->name);
    return task_chain_judge(in->book, &in->fact, agrees, err);
}

/* Nothing of before HELLO is still to come. */
static bool report_is_lost(const struct event_record_reader *in,
                           const struct session_record *record)
{
    return in->without_report || (record->first <= in->from->facts_head &&
                                  in->from->bulk_committed >= in->from->bulk_head);
}

static int end_without_report(struct event_record_reader *in, struct task_result *result,
                              struct error *err)
{
    const struct task_page *page = task_book_page(in->book, &in->fact.tenant, &in->fact.task, err);
    const struct task_change told = {.why =
                                         "its agent has deleted it after it had been acknowledged",
                                     .at_us = in->fact.at_us,
                                     .epoch = (int64_t)in->fact.epoch,
                                     .agent = in->fact.agent,
                                     .sequence = in->fact.sequence};

    result->report_sha256 = NULL;
    if (!page || task_book_note(in->book, page, &told, "report lost", err) < 0)
        return -1;
    return task_facts_result(in->book, &in->fact, result, err);
}

/* 0, EVENT_RECORD_WAIT, -1. */
static int apply_result(struct event_record_reader *in, const struct session_record *record,
                        const Muster__Result *from, struct error *err)
{
    const char *wrong = check_result(in, from);
    struct task_result result = {.outcome = from->outcome,
                                 .verdict = from->verdict,
                                 .restore = from->restore,
                                 .stopped_at = from->stopped_at,
                                 .cause = from->cause,
                                 .remedy = from->remedy,
                                 .log_size = from->log_size,
                                 .started_at_us = from->started_at_us,
                                 .ended_at_us = from->ended_at_us};
    int rc;

    if (wrong)
        return drop(in, record, wrong, err);
    if (from->report_sha256.len == 32)
        result.report_sha256 = from->report_sha256.data;
    rc = task_facts_result(in->book, &in->fact, &result, err);
    if (rc < 0 && err->code == ERROR_STALE) {
        if (!report_is_lost(in, record))
            return EVENT_RECORD_WAIT;
        rc = end_without_report(in, &result, err);
    }
    if (rc == 1)
        rc = judge(in, from, err);
    return rc;
}

/* Unless it could not be read for want of memory: then it comes again. */
static int drop_unread(struct event_record_reader *in, const struct session_record *record,
                       const struct error *why, struct error *err)
{
    return why->code == ERROR_UNAVAILABLE ? error_no_memory(err)
                                          : drop(in, record, error_text(why), err);
}

static int on_result(struct event_record_reader *in, const struct session_record *record,
                     struct error *err)
{
    const ProtobufCBinaryData *envelope = &record->message->result->envelope;
    struct envelope_view view;
    struct error why = {0};
    Muster__Result *result;
    int rc;

    if (envelope_verify(envelope->data, envelope->len, DOMAIN_RESULT, in->from->sign_key, &view,
                        NULL, &why) < 0)
        return drop_unread(in, record, &why, err);
    result = message_unpack(&muster__result__descriptor, view.payload, view.payload_length, &why);
    if (!result)
        return drop_unread(in, record, &why, err);
    rc = apply_result(in, record, result, err);
    message_free(result);
    return rc;
}

static int on_report(struct event_record_reader *in, const struct session_record *record,
                     struct error *err)
{
    const Muster__ReportChunk *chunk = record->message->report;

    if (chunk->sha256.len != 32)
        return drop(in, record, "a report chunk without SHA-256", err);
    return task_facts_report_chunk(in->book, &in->fact, chunk->offset, chunk->size,
                                   chunk->sha256.data, chunk->data.data, chunk->data.len, err);
}

/* A record of a granted task. 0, EVENT_RECORD_WAIT, -1. */
static int apply_to_task(struct event_record_reader *in, const struct session_record *record,
                         struct error *err)
{
    const Muster__Record *message = record->message;
    const struct task_fact *fact = &in->fact;

    switch (message->kind_case) {
    case MUSTER__RECORD__KIND_ACCEPTED:
        return task_facts_accepted(in->book, fact, err);
    case MUSTER__RECORD__KIND_DECLINED:
        return task_facts_declined(in->book, fact, message->declined->code, message->declined->text,
                                   err);
    case MUSTER__RECORD__KIND_RELEASED:
        return task_facts_released(in->book, fact, message->released->text, err);
    case MUSTER__RECORD__KIND_STARTED:
        return task_facts_started(in->book, fact, message->started->attempt, err);
    case MUSTER__RECORD__KIND_STEP:
        return on_step(in, message->step, err);
    case MUSTER__RECORD__KIND_UNCERTAIN:
        return task_facts_uncertain(in->book, fact, message->uncertain->step,
                                    message->uncertain->text, err);
    case MUSTER__RECORD__KIND_RESULT:
        return on_result(in, record, err);
    case MUSTER__RECORD__KIND_CANCEL_ANSWER:
        return task_facts_cancel_answer(in->book, fact, message->cancel_answer->answer,
                                        message->cancel_answer->text, err);
    case MUSTER__RECORD__KIND_NOT_HELD:
        return task_facts_not_held(in->book, fact, err);
    case MUSTER__RECORD__KIND_LOG:
        return task_facts_log(in->book, fact, message->log->source, message->log->offset,
                              message->log->data.data, message->log->data.len, err);
    case MUSTER__RECORD__KIND_REPORT:
        return on_report(in, record, err);
    default:
        return drop(in, record, "a kind of record that this controller does not know", err);
    }
}

static int apply(struct event_record_reader *in, const struct session_record *record,
                 struct error *err)
{
    int rc;

    if (record->message->kind_case == MUSTER__RECORD__KIND_TAKEN)
        return on_taken(in, record, err);
    if (record->message->kind_case == MUSTER__RECORD__KIND_REFUSED)
        return on_refused(in, record, err);
    rc = find_task(in, record, err);
    if (rc == 0)
        return drop(in, record, "no task of this site", err);
    return rc < 0 ? -1 : apply_to_task(in, record, err);
}

/* The record counts in its task's digest, whatever becomes of it otherwise: behind it, since a
 * RESULT signs for what came before it. */
static int apply_fact(struct event_record_reader *in, const struct session_record *record,
                      struct error *err)
{
    int found = find_task(in, record, err), rc;
    const struct task_fact fact = in->fact;
    struct task_page *page;

    if (found < 0)
        return -1;
    rc = apply(in, record, err);
    if (rc != 0 || found != 1)
        return rc;
    page = task_book_page(in->book, &fact.tenant, &fact.task, err);
    return page ? task_chain_grow(page, &in->from->journal, record->bytes, record->length, err)
                : -1;
}

int event_record_apply(struct event_record_reader *in, const struct session_record *record,
                       bool is_fact, struct error *err)
{
    in->counts.records++;
    if (!record->message)
        return drop(in, record, "it is no Record", err);
    if (record->message->kind_case == MUSTER__RECORD__KIND_GAP)
        return 0; /* only its numbers are used up */
    return is_fact ? apply_fact(in, record, err) : apply(in, record, err);
}

/* In its task's digest, too. */
static int count_skipped(struct event_record_reader *in, const struct session_record *record,
                         struct error *err)
{
    struct task_page *page;
    int rc = record->message ? find_task(in, record, err) : 0;

    if (rc <= 0)
        return rc;
    page = task_book_page(in->book, &in->fact.tenant, &in->fact.task, err);
    return page ? task_chain_grow(page, &in->from->journal, record->bytes, record->length, err)
                : -1;
}

int event_record_skip(struct event_record_reader *in, const struct session_record *record,
                      bool is_fact, const char *why, struct error *err)
{
    return is_fact && count_skipped(in, record, err) < 0 ? -1 : drop(in, record, why, err);
}
