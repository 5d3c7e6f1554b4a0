/* machine_desk.c - see machine_desk.h.
 * Invariant: an answer goes out behind the fsync of what it says; answers of one run keep the order
 * of their requests.
 */
#include "agent/run/machine_desk.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/report/phone_home.h"
#include "agent/report/phone_home_token.h"
#include "agent/report/report_spool.h"
#include "agent/run/bmc_step.h"
#include "agent/run/phone_home_answer.h"
#include "agent/run/run_timeline.h"
#include "common/log.h"

#define LOG_BYTES_MAX ((uint64_t)16 * 1024 * 1024)

/* ---- answers ---- */

static void refuse(struct task_runner *runner, struct phone_home_request *request, unsigned status,
                   const char *name, const char *detail)
{
    char json[300];

    log_warn("phone-home", "a request was refused", "name=%s from=%s reason=%s", name,
             log_quote(request->address), log_quote(detail));
    snprintf(json, sizeof(json), "{\"error\":\"%s\",\"detail\":\"%s\"}", name, detail);
    runner->rooms.answer(request, status, json);
}

static void unavailable(struct boot_run *run, struct phone_home_request *request)
{
    refuse(run->runner, request, 503, "unavailable", "it could not be kept: try again");
}

/* ---- hello ---- */

static bool is_uuid(const struct boot_run *run, const struct uuid *said, bool *ret_swapped)
{
    struct uuid own, swapped = uuid_swap_smbios(said);

    if (run->order.boot->machine_uuid.len != 16)
        return true;
    memcpy(own.bytes, run->order.boot->machine_uuid.data, 16);
    *ret_swapped = !uuid_equal(&own, said) && uuid_equal(&own, &swapped);
    return uuid_equal(&own, said) || *ret_swapped;
}

static bool is_mac(const struct boot_run *run, const struct mac *said)
{
    for (size_t i = 0; i < run->order.boot->n_mac; i++)
        if (memcmp(run->order.boot->mac[i].data, said->bytes, 6) == 0)
            return true;
    return false;
}

static bool may_phone_home(const struct boot_run *run)
{
    return run->row.has_token && run->powered_on && !run->row.outcome && !run->leaving &&
           !run->report_whole;
}

static void hello_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;
    struct phone_home_request *request = batch->request;
    struct error err = {0};
    char *json;

    /* A repeat of a first use that could not be kept is no more than that was. */
    if (batch->rc < 0 || !run->row.has_nonce) {
        unavailable(run, request);
        return;
    }
    /* Used up: a machine that starts again gets nothing more from us, and is told of. */
    if (run->offered && !run->row.outcome && boot_run_arm(run, &err) < 0)
        boot_run_disarm(run);
    json = phone_home_grant(run, request->nonce, &err);
    if (json)
        run->runner->rooms.answer(request, 200, json);
    else
        unavailable(run, request);
    free(json);
}

static void first_use_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc < 0)
        run->row.has_nonce = run->row.has_session = false; /* tried again it is the first use */
    hello_is_durable(batch, context);
}

static void second_nonce_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    refuse(run->runner, batch->request, 409, "token_used", "this token was used by another boot");
}

/* The first use: phone-home itself proves the power-on, should the BMC not have said so yet. */
static void prove_on(struct boot_run *run, struct journal_batch *batch)
{
    if (run->phase != PHASE_INSPECT)
        return;
    bmc_step_drop(run);
    if (run->recovered_on == RECOVERED_INTENT)
        journal_batch_intent(batch, &run->row.id, "bmc_on", run->row.attempt, "done",
                             run->runner->at_us);
}

static void first_use(struct boot_run *run, struct phone_home_request *request, bool swapped)
{
    struct journal_batch *batch = boot_run_batch(run);
    uint8_t session[32];
    struct error err = {0};
    char detail[320];

    if (!batch || phone_home_session(run->runner->settings.phone_home_key, &run->row.id,
                                     run->row.attempt, request->nonce, session, &err) < 0) {
        journal_batch_destroy(batch);
        unavailable(run, request);
        return;
    }
    phone_home_hash(request->nonce, run->row.nonce_hash);
    phone_home_hash(session, run->row.session_hash);
    OPENSSL_cleanse(session, sizeof(session));
    run->row.has_nonce = run->row.has_session = true;
    run->row.seen = STAGE_INITRD; /* it could not speak otherwise */
    run->row.phoned_home_at_us = run->runner->at_us;
    prove_on(run, batch);
    if (run->phase != PHASE_SESSION)
        boot_run_change(run, PHASE_SESSION, NULL);
    snprintf(detail, sizeof(detail), "%s, kernel %.100s, firmware %s%s%s", request->address,
             request->kernel, request->firmware,
             request->secure_boot == 1   ? ", secure boot on"
             : request->secure_boot == 0 ? ", secure boot off"
                                         : "",
             swapped ? ", uuid byte-swapped" : "");
    timeline_step(run, batch, "phone_home", "seen", EVIDENCE_SELF, detail);
    batch->request = request;
    boot_run_commit(run, batch, first_use_is_durable);
}

static void other_nonce(struct boot_run *run, struct phone_home_request *request)
{
    struct journal_batch *batch = boot_run_batch(run);

    if (!batch) {
        unavailable(run, request);
        return;
    }
    timeline_step(run, batch, "phone_home", "failed", EVIDENCE_SELF,
                  "the one-time token was used again with another nonce");
    batch->request = request;
    boot_run_commit(run, batch, second_nonce_is_durable);
    boot_run_stop(
        run, "failed", "phone_home",
        "find out who else read the initrd on the boot LAN, or why the machine booted twice",
        "token_used: the one-time token was used a second time, with another nonce");
}

static void wrong_machine(struct boot_run *run, struct phone_home_request *request,
                          const char *what)
{
    struct journal_batch *batch = boot_run_batch(run);
    char said[UUID_TEXT_SIZE], mac[MAC_TEXT_SIZE], detail[200];

    uuid_format(&request->machine_uuid, said);
    mac_format(&request->mac, mac);
    snprintf(detail, sizeof(detail), "%s is not on record: uuid %s, mac %s", what, said, mac);
    timeline_step(run, batch, "phone_home", "failed", EVIDENCE_SELF, detail);
    boot_run_commit(run, batch, NULL);
    refuse(run->runner, request, 403, "wrong_machine",
           "the machine's identity is not the one on record");
    boot_run_stop(
        run, "failed", "phone_home",
        "compare the record's UUID and MACs with the machine's own, and correct the record",
        "wrong_machine: %s", detail);
}

static void take_hello(struct task_runner *runner, struct phone_home_request *request)
{
    struct boot_run *run = boot_run_find(runner, &request->task_id);
    bool swapped = false;

    if (!run || !may_phone_home(run) || !phone_home_is(request->secret, run->row.token_hash)) {
        refuse(runner, request, 403, "unknown_token", "no live task has this token");
        return;
    }
    run->heard_ms = runner->now_ms;
    if (!is_uuid(run, &request->machine_uuid, &swapped))
        wrong_machine(run, request, "the uuid");
    else if (!is_mac(run, &request->mac) ||
             (request->mac_known && !is_mac(run, &request->seen_mac)))
        wrong_machine(run, request, "the mac");
    else if (!run->row.has_nonce)
        first_use(run, request, swapped);
    else if (phone_home_is(request->nonce, run->row.nonce_hash))
        boot_run_after(run, request, hello_is_durable); /* the same answer again */
    else
        other_nonce(run, request);
}

/* ---- session ---- */

static struct boot_run *run_of_session(struct task_runner *runner, const uint8_t secret[32])
{
    struct boot_run *run = runner->runs;

    while (run &&
           !(run->row.has_session && !run->ended && phone_home_is(secret, run->row.session_hash)))
        run = run->next;
    return run;
}

static void log_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;
    struct phone_home_request *request = batch->request;
    char json[48];

    /* Or what came before it could not be kept. */
    if (batch->rc < 0 || request->offset + request->body_length > run->row.log_size) {
        unavailable(run, request);
        return;
    }
    /* What was held when this request was taken: later ones have their own answers. */
    snprintf(json, sizeof(json), "{\"offset\":%llu}",
             (unsigned long long)(request->offset + request->body_length));
    run->runner->rooms.answer(request, 200, json);
}

static void more_log_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc < 0 && batch->ticket < run->row.log_size)
        run->row.log_size = batch->ticket;
    log_is_durable(batch, context);
}

static void log_gap(struct boot_run *run, struct phone_home_request *request)
{
    char json[160];

    snprintf(json, sizeof(json),
             "{\"error\":\"gap\",\"detail\":\"send from what is held\",\"offset\":%llu}",
             (unsigned long long)run->row.log_size);
    run->runner->rooms.answer(request, 409, json);
}

static void take_log(struct boot_run *run, struct phone_home_request *request)
{
    uint64_t end = request->offset + request->body_length;
    struct journal_batch *batch;

    if (request->offset > run->row.log_size) {
        log_gap(run, request);
        return;
    }
    if (end > LOG_BYTES_MAX) {
        refuse(run->runner, request, 413, "log_full", "16 MiB of log are held");
        return;
    }
    if (end <= run->row.log_size) {
        /* A repeat; its answer says what is held, behind what is still under way. */
        request->offset = run->row.log_size - request->body_length;
        boot_run_after(run, request, log_is_durable);
        return;
    }
    if (!(batch = boot_run_batch(run))) {
        unavailable(run, request);
        return;
    }
    report_spool_log(batch, timeline_record(run), run->row.log_size,
                     request->body + (run->row.log_size - request->offset),
                     (size_t)(end - run->row.log_size));
    batch->ticket = run->row.log_size; /* what is held without it */
    run->row.log_size = end;
    batch->request = request;
    boot_run_commit(run, batch, more_log_is_durable);
}

static void ok_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc < 0)
        unavailable(run, batch->request);
    else
        run->runner->rooms.answer(batch->request, 200, "{\"ok\":true}");
}

static void take_progress(struct boot_run *run, struct phone_home_request *request)
{
    bool began = strcmp(request->state, "started") == 0;
    bool finished = strcmp(request->state, "finished") == 0;
    struct journal_batch *batch;
    char name[TIMELINE_NAME_MAX];

    if (snprintf(name, sizeof(name), "check:%s", request->check) >= (int)sizeof(name)) {
        refuse(run->runner, request, 400, "malformed", "the name of the check is too long");
        return;
    }
    /* A heartbeat, or said before: kept out of the timeline. */
    if ((!began && !finished) || timeline_is_at(run, name, "done") ||
        (began && timeline_is_at(run, name, "started"))) {
        boot_run_after(run, request, ok_is_durable);
        return;
    }
    if (!(batch = boot_run_batch(run))) {
        unavailable(run, request);
        return;
    }
    timeline_step(run, batch, name, began ? "started" : "done", EVIDENCE_SELF,
                  finished ? request->status : NULL);
    batch->request = request;
    boot_run_commit(run, batch, ok_is_durable);
}

static void report_answered(struct boot_run *run, struct phone_home_request *request)
{
    char *json = phone_home_accepted(run->row.report_sha256);

    if (json)
        run->runner->rooms.answer(request, 200, json);
    else
        unavailable(run, request);
    free(json);
}

/* The image sends it again; until then the run waits for it as before. */
static void forget_report(struct boot_run *run)
{
    if (run->leaving)
        return; /* its end is being said already */
    run->row.has_report = run->report_whole = false;
    run->row.report_size = 0;
    free(run->row.verdict);
    run->row.verdict = NULL;
    if (!run->row.outcome) { /* or they are those of the outcome */
        free(run->row.cause);
        free(run->row.remedy);
        run->row.cause = run->row.remedy = NULL;
    }
    /* What was written behind it says that it is held. */
    boot_run_commit(run, boot_run_batch(run), NULL);
}

static void report_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc < 0) {
        forget_report(run);
        unavailable(run, batch->request);
        return;
    }
    report_answered(run, batch->request);
    boot_run_succeed(run);
}

static void repeat_is_durable(struct journal_batch *batch, void *context)
{
    struct boot_run *run = context;

    if (batch->rc < 0 || !run->row.has_report)
        unavailable(run, batch->request);
    else
        report_answered(run, batch->request);
}

/* What the machine says of itself stands at the task's end, should that be a good one. */
static bool keep_facts(struct boot_run *run, const struct report_facts *facts)
{
    return (run->row.verdict = strdup(facts->verdict)) &&
           (run->row.cause = strdup(facts->reason)) && (run->row.remedy = strdup(facts->remedy));
}

static void take_report(struct boot_run *run, struct phone_home_request *request)
{
    struct journal_batch *batch;
    struct report_facts facts;
    struct error err = {0};
    char detail[80];

    if (report_spool_read(request->body, request->body_length, &facts, &err) < 0) {
        log_warn("phone-home", "a report was refused", "err=%s", log_quote(error_text(&err)));
        if (err.code == ERROR_UNAVAILABLE)
            refuse(run->runner, request, 503, "busy", "the agent is out of memory, try again");
        else
            refuse(run->runner, request, 400, "malformed", "the report is not one of ours");
        return;
    }
    if (run->row.has_report) {
        if (memcmp(facts.sha256, run->row.report_sha256, 32) == 0)
            boot_run_after(run, request, repeat_is_durable);
        else
            refuse(run->runner, request, 409, "report_exists", "another report is held already");
        return;
    }
    if (run->row.outcome || run->leaving) {
        refuse(run->runner, request, 403, "unknown_session", "the task is ending");
        return;
    }
    if (!(batch = boot_run_batch(run)) || !keep_facts(run, &facts)) {
        journal_batch_destroy(batch);
        unavailable(run, request);
        return;
    }
    report_spool_report(batch, timeline_record(run), request->body, request->body_length,
                        facts.sha256);
    run->row.has_report = run->report_whole = true;
    run->row.report_size = request->body_length;
    memcpy(run->row.report_sha256, facts.sha256, 32);
    snprintf(detail, sizeof(detail), "verdict %s, %zu bytes", facts.verdict, request->body_length);
    timeline_step(run, batch, "report", "done", EVIDENCE_SELF, detail);
    batch->request = request;
    boot_run_commit(run, batch, report_is_durable);
}

/* The machine has its 413 already. */
static void report_too_large(struct boot_run *run, struct phone_home_request *request)
{
    struct journal_batch *batch = boot_run_batch(run);

    run->runner->rooms.answer(request, 413, "");
    if (run->row.outcome || run->leaving || run->row.has_report) {
        journal_batch_destroy(batch);
        return;
    }
    timeline_step(run, batch, "report", "failed", EVIDENCE_SELF, "it is larger than 4 MiB");
    boot_run_commit(run, batch, NULL);
    boot_run_stop(run, "failed", "report",
                  "let the image's checks say less in its report, and the rest in its log",
                  "report_too_large: the machine's report is larger than 4 MiB and was refused");
}

static void take_session(struct task_runner *runner, struct phone_home_request *request)
{
    struct boot_run *run = run_of_session(runner, request->secret);

    if (!run || (run->row.outcome && !run->report_whole)) {
        refuse(runner, request, 403, "unknown_session", "no live task has this session");
        return;
    }
    run->heard_ms = runner->now_ms;
    if (run->phase == PHASE_INSPECT && !run->report_whole)
        run->wait_ms = run->runner->now_ms; /* it speaks: no need to wait for the BMC */
    if (request->too_large)
        report_too_large(run, request);
    else if (request->kind == PHONE_HOME_LOG)
        take_log(run, request);
    else if (request->kind == PHONE_HOME_PROGRESS)
        take_progress(run, request);
    else
        take_report(run, request);
}

void machine_desk_take(struct task_runner *runner, struct phone_home_request *request)
{
    struct error trouble;

    /* Refused while nothing can be kept, so that the machine tries again later. */
    if (task_journal_trouble(runner->rooms.journal, &trouble))
        refuse(runner, request, 503, "unavailable", "the site's journal cannot be written now");
    else if (request->kind == PHONE_HOME_HELLO)
        take_hello(runner, request);
    else
        take_session(runner, request);
}
