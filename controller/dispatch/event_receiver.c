/* event_receiver.c - see event_receiver.h. Records: fleet.proto; what each does to a task:
 * controller/tasks. */
#include "controller/dispatch/event_receiver.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/dispatch/event_receiver.sql.h"
#include "controller/tasks/agent_order.h"
#include "controller/tasks/task_chain.h"
#include "controller/tasks/task_facts.h"
#include "controller/tasks/task_state.h"
#include "proto/envelope.h"
#include "proto/frame.h"

#define ROOM "dispatch"
#define YEAR_2100_US INT64_C(4102444800000000)
#define APPLY_WAIT 1

/* One transaction's view: whose tenant it is set to, so that a run of one task's records asks once.
 */
struct receiving {
    struct db *db;
    const struct live_session *from;
    struct event_counts counts;
    struct task_fact fact;
    bool found; /* 'fact' is of a granted task and its tenant is the transaction's */
    struct task_chains chains;
    bool without_report;
};

/* ---- audit ---- */

static void name_agent(const struct receiving *in, char who[AGENT_NAME_MAX + 16])
{
    snprintf(who, AGENT_NAME_MAX + 16, "agent %s", in->from->name);
}

static int audit_as(struct receiving *in, const struct uuid *tenant, const char *action,
                    const char *object, const char *why, struct error *err)
{
    char who[AGENT_NAME_MAX + 16];
    const struct audit_entry entry = {
        .who = who, .action = action, .object = object, .outcome = "refused", .why = why};

    name_agent(in, who);
    in->found = false; /* the transaction's tenant may be another now */
    if (db_set_tenant(in->db, tenant, err) < 0)
        return -1;
    return audit_append(in->db, tenant, &entry, err);
}

static void task_object(const struct uuid *task, char out[UUID_TEXT_SIZE + 8])
{
    char id[UUID_TEXT_SIZE];

    uuid_format(task, id);
    snprintf(out, UUID_TEXT_SIZE + 8, "task %s", id);
}

/* The record has no effect but this row. */
static int drop(struct receiving *in, const struct session_record *record, const char *why,
                struct error *err)
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

/* 1: in->fact is ready; 0: not a task of this site; -1. */
static void fill_fact(struct receiving *in, const struct session_record *record)
{
    int64_t at_us = record->message->at_us;

    in->fact.at_us = at_us > 0 && at_us < YEAR_2100_US ? at_us : clock_realtime_us();
    in->fact.sequence = record->first;
}

static int find_task(struct receiving *in, const struct session_record *record, struct error *err)
{
    const Muster__Record *message = record->message;
    struct uuid task;

    if (message_uuid(&message->task_id, "Record.task_id", &task, NULL) < 0)
        return 0;
    if (!in->found || !uuid_equal(&task, &in->fact.task) || in->fact.epoch != message->epoch) {
        int rc;

        in->found = false;
        in->fact.task = task;
        in->fact.epoch = message->epoch;
        rc = task_facts_find(in->db, &in->fact, err);
        if (rc != 1)
            return rc;
        in->found = true;
    }
    fill_fact(in, record);
    return 1;
}

/* An order that could not be read has no task's id: then its bytes say which one it was. */
static int find_refused(struct receiving *in, const struct session_record *record,
                        struct error *err)
{
    const ProtobufCBinaryData *sha256 = &record->message->refused->envelope_sha256;
    int rc = find_task(in, record, err);

    if (rc != 0 || sha256->len != 32)
        return rc;
    in->found = false;
    rc = task_facts_find_order(in->db, &in->fact, sha256->data, err);
    if (rc == 1) {
        in->found = true;
        fill_fact(in, record);
    }
    return rc;
}

/* ---- kinds of records ---- */

/* To a person's word. 1: it was one's answer; 0: not; -1. */
static int answer_word(struct receiving *in, const ProtobufCBinaryData *sha256, const char *refusal,
                       struct error *err)
{
    char who[AGENT_NAME_MAX + 16];

    if (sha256->len != 32)
        return 0;
    name_agent(in, who);
    in->found = false; /* the transaction's tenant may be another now */
    return agent_order_answered(in->db, &in->from->site, sha256->data, refusal, who, err);
}

static int on_taken(struct receiving *in, const struct session_record *record, struct error *err)
{
    int rc = answer_word(in, &record->message->taken->envelope_sha256, NULL, err);

    return rc == 0 ? drop(in, record, "an order that was never sent to this site, or long ago", err)
           : rc < 0 ? -1
                    : 0;
}

static int on_refused(struct receiving *in, const struct session_record *record, struct error *err)
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
    if (rc == 1 && task_facts_refused(in->db, &in->fact, refused->code, refused->text, err) < 0)
        return -1;
    return audit_as(in, rc == 1 ? &in->fact.tenant : &PLATFORM_TENANT, "order.refused", object, why,
                    err);
}

static int on_step(struct receiving *in, const Muster__Step *from, struct error *err)
{
    const struct task_step step = {.attempt = from->attempt,
                                   .name = from->name,
                                   .state = from->state,
                                   .detail = from->detail,
                                   .evidence = from->evidence,
                                   .duration_ms = from->duration_ms};

    return task_facts_step(in->db, &in->fact, &step, err);
}

/* What the agent signed must be what the record says it is about. An agent that is offered a task
 * again answers at the new epoch with the RESULT that it signed at an earlier one. */
static const char *check_result(const struct receiving *in, const Muster__Result *result)
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
static int judge(struct receiving *in, const Muster__Result *result, struct error *err)
{
    const struct task_chain *chain =
        task_chains_of(&in->chains, in->db, &in->fact, &in->from->journal, err);
    char who[AGENT_NAME_MAX + 16];
    bool agrees;

    if (!chain)
        return -1;
    agrees = result->facts_digest.len == sizeof(chain->digest) &&
             memcmp(result->facts_digest.data, chain->digest, sizeof(chain->digest)) == 0;
    name_agent(in, who);
    if (!agrees)
        log_error(ROOM, "a RESULT signs for other facts than came", "agent=%s", in->from->name);
    return task_chain_judge(in->db, &in->fact, agrees, who, err);
}

/* Nothing of before HELLO is still to come. */
static bool report_is_lost(const struct receiving *in, const struct session_record *record)
{
    return in->without_report || (record->first <= in->from->facts_head &&
                                  in->from->bulk_committed >= in->from->bulk_head);
}

static int end_without_report(struct receiving *in, struct task_result *result, struct error *err)
{
    const struct task_now now = {.tenant = in->fact.tenant, .task = in->fact.task};
    const struct task_change told = {.why =
                                         "its agent has deleted it after it had been acknowledged",
                                     .at_us = in->fact.at_us,
                                     .epoch = (int64_t)in->fact.epoch,
                                     .agent = in->fact.agent,
                                     .sequence = in->fact.sequence};

    result->report_sha256 = NULL;
    if (task_state_note(in->db, &now, &told, "report lost", err) < 0)
        return -1;
    return task_facts_result(in->db, &in->fact, result, err);
}

/* 0, APPLY_WAIT, -1. */
static int apply_result(struct receiving *in, const struct session_record *record,
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
    rc = task_facts_result(in->db, &in->fact, &result, err);
    if (rc < 0 && err->code == ERROR_STALE) {
        if (!report_is_lost(in, record))
            return APPLY_WAIT;
        rc = end_without_report(in, &result, err);
    }
    if (rc == 1)
        rc = judge(in, from, err);
    return rc;
}

/* Unless it could not be read for want of memory: then it comes again. */
static int drop_unread(struct receiving *in, const struct session_record *record,
                       const struct error *why, struct error *err)
{
    return why->code == ERROR_UNAVAILABLE ? error_no_memory(err)
                                          : drop(in, record, error_text(why), err);
}

static int on_result(struct receiving *in, const struct session_record *record, struct error *err)
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

static int on_report(struct receiving *in, const struct session_record *record, struct error *err)
{
    const Muster__ReportChunk *chunk = record->message->report;

    if (chunk->sha256.len != 32)
        return drop(in, record, "a report chunk without SHA-256", err);
    return task_facts_report_chunk(in->db, &in->fact, chunk->offset, chunk->size,
                                   chunk->sha256.data, chunk->data.data, chunk->data.len, err);
}

/* A record of a granted task. 0, APPLY_WAIT, -1. */
static int apply_to_task(struct receiving *in, const struct session_record *record,
                         struct error *err)
{
    const Muster__Record *message = record->message;
    const struct task_fact *fact = &in->fact;

    switch (message->kind_case) {
    case MUSTER__RECORD__KIND_ACCEPTED:
        return task_facts_accepted(in->db, fact, err);
    case MUSTER__RECORD__KIND_DECLINED:
        return task_facts_declined(in->db, fact, message->declined->code, message->declined->text,
                                   err);
    case MUSTER__RECORD__KIND_RELEASED:
        return task_facts_released(in->db, fact, message->released->text, err);
    case MUSTER__RECORD__KIND_STARTED:
        return task_facts_started(in->db, fact, message->started->attempt, err);
    case MUSTER__RECORD__KIND_STEP:
        return on_step(in, message->step, err);
    case MUSTER__RECORD__KIND_UNCERTAIN:
        return task_facts_uncertain(in->db, fact, message->uncertain->step,
                                    message->uncertain->text, err);
    case MUSTER__RECORD__KIND_RESULT:
        return on_result(in, record, err);
    case MUSTER__RECORD__KIND_CANCEL_ANSWER:
        return task_facts_cancel_answer(in->db, fact, message->cancel_answer->answer,
                                        message->cancel_answer->text, err);
    case MUSTER__RECORD__KIND_NOT_HELD:
        return task_facts_not_held(in->db, fact, err);
    case MUSTER__RECORD__KIND_LOG:
        return task_facts_log(in->db, fact, message->log->source, message->log->offset,
                              message->log->data.data, message->log->data.len, err);
    case MUSTER__RECORD__KIND_REPORT:
        return on_report(in, record, err);
    default:
        return drop(in, record, "a kind of record that this controller does not know", err);
    }
}

static int apply(struct receiving *in, const struct session_record *record, struct error *err)
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

/* The record counts in its task's digest, whatever becomes of it otherwise. It is read before and
 * grown behind: a RESULT signs for what came before it. */
static int apply_fact(struct receiving *in, const struct session_record *record, struct error *err)
{
    int found = find_task(in, record, err), rc;
    const struct task_fact fact = in->fact;
    struct task_chain *chain;

    if (found < 0 ||
        (found == 1 && !task_chains_of(&in->chains, in->db, &in->fact, &in->from->journal, err)))
        return -1;
    rc = apply(in, record, err);
    if (rc != 0 || found != 1)
        return rc;
    chain = task_chains_of(&in->chains, in->db, &fact, &in->from->journal, err);
    return chain ? task_chain_grow(chain, record->bytes, record->length, err) : -1;
}

static int apply_one(struct receiving *in, const struct session_record *record, bool is_fact,
                     struct error *err)
{
    in->counts.records++;
    if (!record->message)
        return drop(in, record, "it is no Record", err);
    if (record->message->kind_case == MUSTER__RECORD__KIND_GAP)
        return 0; /* only its numbers are used up */
    return is_fact ? apply_fact(in, record, err) : apply(in, record, err);
}

/* ---- transactions ---- */

static uint64_t position_before(const struct session_batch *batch, size_t at)
{
    return at == 0 ? batch->first - 1 : batch->records[at - 1].upto;
}

/* 1: moved; 0: it was elsewhere, or the session is another controller's; -1. */
static int move_position(struct receiving *in, const struct session_batch *batch, size_t begin,
                         size_t end, struct error *err)
{
    const char *sql =
        batch->stream == MUSTER__STREAM__FACTS ? SQL_EVENT_FACTS_MOVED : SQL_EVENT_BULK_MOVED;

    return db_execute(in->db, sql, err, "uuiii", &in->from->agent, &in->from->journal,
                      (int64_t)position_before(batch, begin), (int64_t)batch->records[end - 1].upto,
                      in->from->fence);
}

static struct receiving begin_receiving(struct db *db, const struct live_session *from,
                                        bool without_report)
{
    struct receiving in = {.db = db, .from = from, .without_report = without_report};

    in.fact.site = from->site;
    in.fact.agent = from->agent;
    return in;
}

/* 1, or -1. */
static int commit(struct db *db, struct error *err)
{
    FAULT_POINT("musterd_records_before_commit");
    if (db_commit(db, err) < 0)
        return -1;
    FAULT_POINT("musterd_records_committed");
    return 1;
}

/* Records [begin, end) in one transaction; *at moves on success. */
static int take_range(struct receiving in, const struct session_batch *batch, size_t end,
                      size_t *at, enum event_progress *ret, struct event_counts *counts,
                      struct error *err)
{
    size_t begin = *at, i;
    int rc = 0;

    if (db_begin(in.db, err) < 0)
        return -1;
    for (i = begin; i < end && rc == 0; i++)
        rc = apply_one(&in, &batch->records[i], batch->stream == MUSTER__STREAM__FACTS, err);
    if (rc == APPLY_WAIT)
        end = i - 1;
    *ret = rc == APPLY_WAIT ? EVENTS_WAIT : EVENTS_DONE;
    if (rc >= 0 && task_chains_save(&in.chains, in.db, &in.from->journal, err) < 0)
        rc = -1;
    task_chains_clear(&in.chains);
    if (rc >= 0 && end > begin) {
        rc = move_position(&in, batch, begin, end, err);
        if (rc == 0)
            *ret = EVENTS_STALE;
        if (rc == 1)
            rc = commit(in.db, err);
    } else if (rc >= 0) {
        rc = 0; /* nothing to commit yet */
    }
    if (rc != 1) {
        db_rollback(in.db);
        return rc < 0 ? -1 : 0;
    }
    *at = end;
    counts->records += in.counts.records;
    counts->dropped += in.counts.dropped;
    counts->orders_refused += in.counts.orders_refused;
    return 0;
}

/* In its task's digest, too. */
static int count_skipped(struct receiving *in, const struct session_record *record,
                         struct error *err)
{
    struct task_chain *chain;
    int rc = record->message ? find_task(in, record, err) : 0;

    if (rc <= 0)
        return rc;
    chain = task_chains_of(&in->chains, in->db, &in->fact, &in->from->journal, err);
    rc = chain && task_chain_grow(chain, record->bytes, record->length, err) == 0
             ? task_chains_save(&in->chains, in->db, &in->from->journal, err)
             : -1;
    task_chains_clear(&in->chains);
    return rc;
}

/* A record that the database refuses: its number is used up, and an audit row says why. */
static int skip_one(struct receiving in, const struct session_batch *batch, size_t *at,
                    const struct error *why, enum event_progress *ret, struct event_counts *counts,
                    struct error *err)
{
    int rc;

    log_warn(ROOM, "record dropped", "agent=%s record=%" PRIu64 " reason=%s", in.from->name,
             batch->records[*at].first, log_quote(error_text(why)));
    if (db_begin(in.db, err) < 0)
        return -1;
    rc = batch->stream == MUSTER__STREAM__FACTS ? count_skipped(&in, &batch->records[*at], err) : 0;
    if (rc == 0)
        rc = drop(&in, &batch->records[*at], error_text(why), err);
    if (rc == 0)
        rc = move_position(&in, batch, *at, *at + 1, err);
    if (rc == 1 && db_commit(in.db, err) < 0)
        rc = -1;
    if (rc != 1) {
        db_rollback(in.db);
        *ret = EVENTS_STALE;
        return rc < 0 ? -1 : 0;
    }
    ++*at;
    counts->records++;
    counts->dropped++;
    return 0;
}

/* True: it is the record that the database cannot take. Memory, a lock or a disk that is waited
 * for, a right or a table that is missing is no fault of the record: it comes again until that is
 * mended.
 */
static bool is_records_fault(const struct db *db, const struct error *why)
{
    static const char *const classes[] = {"21", "22", "23", "54", "MU", "P0"};

    if (why->code == ERROR_UNAVAILABLE || why->code == ERROR_TIMEOUT || !db_alive(db))
        return false;
    if (!why->sqlstate[0])
        return true; /* ours: what it says does not fit what is there */
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strncmp(why->sqlstate, classes[i], 2) == 0)
            return true;
    return false;
}

/* One by one, so that a record that cannot be taken does not hold up the others. */
static int take_singly(struct receiving in, const struct session_batch *batch, size_t *at,
                       enum event_progress *ret, struct event_counts *counts, struct error *err)
{
    *ret = EVENTS_DONE;
    while (*at < batch->count && *ret == EVENTS_DONE) {
        struct error why = {0};

        if (take_range(in, batch, *at + 1, at, ret, counts, &why) == 0)
            continue;
        *ret = EVENTS_DONE;
        if (!is_records_fault(in.db, &why)) {
            *err = why;
            return -1;
        }
        if (skip_one(in, batch, at, &why, ret, counts, err) < 0)
            return -1;
    }
    return 0;
}

int event_receiver_take(struct db *db, const struct live_session *from,
                        const struct session_batch *batch, size_t *at, enum event_progress *ret,
                        struct event_counts *counts, bool without_report, struct error *err)
{
    struct receiving in = begin_receiving(db, from, without_report);
    struct error why = {0};

    *ret = EVENTS_DONE;
    if (*at >= batch->count)
        return 0;
    if (take_range(in, batch, batch->count, at, ret, counts, &why) == 0)
        return 0;
    /* One by one it would wait once a record for what it waited for now. */
    if (why.code == ERROR_UNAVAILABLE || why.code == ERROR_TIMEOUT || !db_alive(db)) {
        *err = why;
        return -1;
    }
    return take_singly(in, batch, at, ret, counts, err);
}
