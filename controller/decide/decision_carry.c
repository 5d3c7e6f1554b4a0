/* decision_carry.c - see decision_carry.h. Invariant: a task is made only with a version that is
 * granted now, parameters that fit its profile, and a last start moment counted from the moment at
 * which the alert came, or at which it was due.
 */
#include "controller/decide/decision_carry.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "controller/decide/automation_gate.h"
#include "controller/decide/decision_limits.h"
#include "controller/decide/decision_plan.h"
#include "controller/decide/decision_store.h"
#include "controller/decide/decision_window.h"
#include "controller/decide/rule_book.h"
#include "controller/decide/ticket_store.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/health/metrics.h"
#include "controller/tasks/task.h"
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_decision.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"

_Static_assert(METRIC_DECISIONS_END - METRIC_DECISIONS == RULE_ENDINGS, "a number for each ending");
_Static_assert(TASK_START_WINDOW_US == DECISION_AGE_MAX_US,
               "an alert that is too old and a task that expires are told by the same span");

/* A task that is not made yet. */
struct act {
    const struct decision_plan *plan;
    struct decision_said *said;        /* borrowed */
    const struct decision_subject *of; /* borrowed */
    size_t row;
    struct task_request request;
    char *params_json; /* NULL: the plan's */
    struct task_limit *limits;
    char *window_json;    /* NULL: it has no window */
    char *otherwise_json; /* NULL: its rule has no such ticket */
    char reason[512];
};

struct decision_carry {
    struct db *db;
    struct uuid tenant;
    const struct rule_book *book;
    struct rule_engine *engine;
    struct automation_gate *gate;
    struct limit_shares *shares;
    struct decision_plan *plans;
    struct act **acts;
    size_t count, room;
    struct decision_rows rows;
    struct ticket_rows tickets;
    uint64_t endings[RULE_ENDINGS];
    const struct rule_in_set *told; /* the last rule whose failure was logged */
    /* what is being decided */
    const struct decision_subject *subject;
    struct rule_moment *moment;
    struct decision_said *said;
    size_t kept; /* rows of it */
    const char
        *refused_as; /* static: its disposition, when a switch stood in the way; NULL: none did */
};

static rule_act_question can_act;

struct decision_carry *decision_carry_create(struct db *db, const struct uuid *tenant,
                                             const struct rule_book *book,
                                             struct rule_engine *engine,
                                             struct limit_shares *shares, struct error *err)
{
    struct decision_carry *carry = calloc(1, sizeof(*carry));

    if (!carry || !(carry->gate = automation_gate_create(db, tenant, err))) {
        free(carry);
        error_no_memory(err);
        return NULL;
    }
    carry->db = db;
    carry->tenant = *tenant;
    carry->book = book;
    carry->engine = engine;
    carry->shares = shares;
    rule_engine_ask(engine, can_act, carry);
    return carry;
}

void decision_carry_destroy(struct decision_carry *carry)
{
    if (!carry)
        return;
    rule_engine_ask(carry->engine, NULL, NULL);
    automation_gate_destroy(carry->gate);
    decision_plans_destroy(carry->plans);
    for (size_t i = 0; i < carry->count; i++) {
        free(carry->acts[i]->params_json);
        free(carry->acts[i]->limits);
        free(carry->acts[i]->otherwise_json);
        free(carry->acts[i]->window_json);
        free(carry->acts[i]);
    }
    free(carry->acts);
    decision_rows_clear(&carry->rows);
    ticket_rows_clear(&carry->tickets);
    free(carry);
}

void decision_carry_count(const struct decision_carry *carry)
{
    for (int i = 0; i < RULE_ENDINGS; i++)
        metric_add((enum metric)(METRIC_DECISIONS + i), carry->endings[i]);
}

static const struct decision_plan *plan_of(struct decision_carry *carry, uint32_t rule,
                                           struct error *err)
{
    const struct rule_in_set *in_set = rule_set_at(rule_book_rules(carry->book), rule);

    return decision_plan_find(&carry->plans, carry->db, &carry->tenant, in_set->of,
                              in_set->document, err);
}

/* ---- whether it can be carried out ---- */

/* Words that live as long as the moment. */
static int refuse(const struct decision_carry *carry, const char **ret, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int refuse(const struct decision_carry *carry, const char **ret, const char *format, ...)
{
    va_list args;
    char *words;

    va_start(args, format);
    words = cel_arena_vformat(carry->moment->arena, format, args);
    va_end(args);
    *ret = words ? words : "";
    return 0;
}

/* 1, 0 or -1. */
static int pass_gate(struct decision_carry *carry, const char **ret_why, struct error *err)
{
    char why[AUTOMATION_WORDS_SIZE];

    switch (automation_gate_pass(carry->gate, &carry->subject->machine->site, why, err)) {
    case AUTOMATION_PASSES:
        return 1;
    case AUTOMATION_STOPPED:
        carry->refused_as = "rejected";
        return refuse(carry, ret_why, "%s", why);
    case AUTOMATION_BRAKED:
        carry->refused_as = "braked";
        return refuse(carry, ret_why, "%s", why);
    default:
        return -1;
    }
}

static int can_act(void *context, uint32_t rule, const struct rule_decision *decision,
                   const char **ret_why, struct error *err)
{
    struct decision_carry *carry = context;
    const char *killed = rule_book_killed(carry->book);
    int64_t late_us = carry->moment->now_us - carry->subject->from_us;
    const struct decision_plan *plan;
    char why[320];
    int rc;

    if (killed) {
        carry->refused_as = "rejected";
        return refuse(carry, ret_why, "automation is switched off: %s", killed);
    }
    if (!carry->subject->machine->found)
        return refuse(carry, ret_why, "the tenant does not hold its machine any more");
    if (late_us > DECISION_AGE_MAX_US)
        return refuse(carry, ret_why,
                      "it has been due for %" PRId64
                      " s; what is older than 15 minutes boots nothing",
                      late_us / 1000000);
    if (!(plan = plan_of(carry, rule, err)))
        return -1;
    if (!plan->ok)
        return refuse(carry, ret_why, "%s", plan->why_not);
    rc = decision_plan_takes(plan, decision, why, err);
    if (rc == 0)
        return refuse(carry, ret_why, "%s", why);
    return rc < 0 ? -1 : pass_gate(carry, ret_why, err);
}

/* ---- words ---- */

static void say(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(char *out, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(out, size, format, args);
    va_end(args);
    text_mend_utf8(out);
}

/* How an alert reads that ended so, and the sentence's middle between rule and words. */
static const struct {
    const char *disposition, *outcome, *words;
} ENDINGS[RULE_ENDINGS] = {
    [RULE_NO_MATCH] = {"no_rule", "none", "does not act"},
    [RULE_OUTRANKED] = {NULL, "outranked", "outranked"},
    [RULE_SUPPRESSED] = {"suppressed", "none", "is suppressed"},
    [RULE_HELD] = {"held", "none", "waits whether the fault lasts"},
    [RULE_RELEASED] = {"resolved", "none", "waits no more: the fault is over"},
    [RULE_COUNTED] = {"counted", "none", "counts it"},
    [RULE_LATE] = {"late", "none", "counts it no more"},
    [RULE_DUPLICATE] = {"deduplicated", "none", "has acted on this fault"},
    [RULE_THROTTLED] = {"throttled", "none", "has acted as often as it may"},
    [RULE_NOT_MET] = {"not_met", "none", "must not act"},
    [RULE_FAILED] = {"rule_error", "refused", "has an expression without a value"},
    [RULE_ACTS] = {"acted", "boot", "boots"},
    [RULE_SHADOW] = {NULL, "shadow", "would act"},
    [RULE_MISSING] = {"missing", "none", "missed what it expected"},
    [RULE_REFUSED] = {"rule_error", "refused", "cannot act"},
};

static void say_finding(const struct decision_carry *carry, const struct rule_finding *finding,
                        char out[512])
{
    const struct rule_in_set *rule = rule_set_at(rule_book_rules(carry->book), finding->rule);
    const char *middle = ENDINGS[finding->ending].words;
    char until[CLOCK_TEXT_SIZE + 8] = "";

    if (finding->until_us) {
        strcpy(until, " until ");
        clock_format(finding->until_us, until + strlen(until));
    }
    if (finding->ending == RULE_OUTRANKED)
        say(out, 512, "outranked %s", finding->words);
    else if (finding->ending == RULE_REFUSED && carry->refused_as)
        say(out, 512, "%s", finding->words);
    else if (finding->ending == RULE_REFUSED || finding->ending == RULE_FAILED)
        say(out, 512, "rule %s: %s", rule->document->id, finding->words);
    else
        say(out, 512, "rule %s%s %s%s%s%s", rule->document->id, rule->shadow ? " (shadow)" : "",
            middle, until, finding->words[0] ? ": " : "", finding->words);
}

static void log_failure(struct decision_carry *carry, const struct rule_in_set *rule,
                        const struct rule_finding *finding)
{
    char tenant[UUID_TEXT_SIZE], alert[UUID_TEXT_SIZE];

    if (carry->told == rule)
        return;
    carry->told = rule;
    uuid_format(&carry->tenant, tenant);
    uuid_format(&carry->subject->alert, alert);
    log_warn("decide", "an expression of a rule has no value: it does nothing",
             "tenant=%s rule=%s alert=%s why=%s", tenant, rule->name, alert,
             log_quote(finding->words));
}

/* ---- rows ---- */

static struct decision_row row_of(const struct decision_carry *carry,
                                  const struct rule_finding *finding)
{
    const struct rule_in_set *rule = rule_set_at(rule_book_rules(carry->book), finding->rule);
    const struct machine_found *machine = carry->subject->machine;
    const struct rule_entry *entry = rule->of;
    struct decision_row row = {.id = uuid_make(),
                               .alert = carry->subject->alert,
                               .rule = entry->id,
                               .rule_version = entry->version,
                               .document_version = machine->document_version,
                               .until_us = finding->until_us,
                               .evaluated_us = carry->moment->now_us,
                               .shadow = rule->shadow,
                               .kind = carry->subject->kind,
                               .outcome = ENDINGS[finding->ending].outcome,
                               .ending = rule_ending_name(finding->ending)};

    if (machine->found)
        uuid_format(&machine->machine, row.key);
    if (rule->shadow)
        row.outcome = "shadow";
    return row;
}

static int open_ticket(struct decision_carry *carry, const struct rule_finding *finding,
                       struct decision_row *row, const char *reason, struct error *err)
{
    const struct rule_opening *opening = &finding->decision->otherwise;
    const struct ticket_row ticket = {.machine = carry->subject->machine->machine,
                                      .rule = row->rule,
                                      .decision = row->id,
                                      .alert = row->alert,
                                      .rule_version = row->rule_version,
                                      .priority = opening->priority};

    if (row->shadow || !opening->queue)
        return 0;
    row->outcome = "ticket";
    return ticket_rows_add(&carry->tickets, &ticket, opening->queue, opening->title, reason, err);
}

/* ---- acts ---- */

/* The same rule deciding the same trigger again names the same task. */
static int derive_task_id(const struct decision_carry *carry, const struct rule_entry *rule,
                          struct uuid *ret, struct error *err)
{
    static const char domain[] = "muster task of a rule 1";
    const char *trigger = carry->subject->trigger;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t digest[32];
    bool ok;

    ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
         EVP_DigestUpdate(context, domain, sizeof(domain)) == 1 &&
         EVP_DigestUpdate(context, carry->tenant.bytes, sizeof(carry->tenant.bytes)) == 1 &&
         EVP_DigestUpdate(context, rule->id.bytes, sizeof(rule->id.bytes)) == 1 &&
         EVP_DigestUpdate(context, trigger, strlen(trigger)) == 1 &&
         EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!ok)
        return error_set(err, "SHA-256 is not available");
    *ret = uuid_derive((uint64_t)carry->subject->stamp_ms, digest);
    return 0;
}

static struct act *add_act(struct decision_carry *carry, struct error *err)
{
    struct act *act = calloc(1, sizeof(*act));

    if (act && carry->count == carry->room) {
        size_t room = carry->room ? 2 * carry->room : 64;
        struct act **grown = realloc(carry->acts, room * sizeof(struct act *));

        if (grown) {
            carry->acts = grown;
            carry->room = room;
        } else {
            free(act);
            act = NULL;
        }
    }
    if (act)
        carry->acts[carry->count++] = act;
    else
        error_no_memory(err);
    return act;
}

/* How long behind its alert a task may start. */
static int64_t start_window_us(const struct rule_document *rule)
{
    return rule->schedule.latest_ms ? rule->schedule.latest_ms * 1000 : TASK_START_WINDOW_US;
}

static void fill_request(const struct decision_carry *carry, struct act *act,
                         const struct decision_row *row)
{
    const struct decision_plan *plan = act->plan;
    const struct decision_subject *subject = carry->subject;

    act->request = (struct task_request){
        .tenant = carry->tenant,
        .class = TASK_RULE,
        .holding = subject->machine->holding,
        .machine = subject->machine->machine,
        .site = subject->machine->site,
        .grant = plan->image.grant,
        .image_version = plan->image.image_version,
        .params_json = plan->params_json ? plan->params_json : act->params_json,
        .after = rule_after_name(plan->rule->boot.after),
        .schedule_us = subject->from_us,
        .expires_us = subject->from_us + start_window_us(plan->rule),
        .deadline_s = plan->deadline_s,
        .profile = plan->rule->boot.profile,
        .checks_json = plan->checks_json,
        .reason = act->reason,
        .requested_by = plan->who,
        .alert = subject->alert,
        .decision = row->id,
        .rule = plan->entry->id,
        .rule_version = plan->entry->version,
        .limits = act->limits,
        .limit_count = plan->rule->limit_count,
        .asks = plan->rule->require_count || plan->rule->hold_ms,
        .otherwise_json = act->otherwise_json,
        .window_json = act->window_json,
        .reports_json = plan->reports_json,
    };
    say(act->reason, sizeof(act->reason), "alert %s: %s", subject->type, plan->rule->title);
}

static void set_text(struct rule_moment *moment, const char *name, const char *text)
{
    rule_moment_set(moment, name, cel_string(text, strlen(text)));
}

/* What the rule expects of its task counts from here. */
static int tell_engine(struct decision_carry *carry, uint32_t rule, const struct act *act,
                       struct error *err)
{
    struct rule_finding failed;
    char id[UUID_TEXT_SIZE];
    int rc;

    uuid_format(&act->request.id, id);
    set_text(carry->moment, "task.id", id);
    set_text(carry->moment, "task.state", "queued");
    set_text(carry->moment, "task.image", act->plan->rule->boot.image);
    rc = rule_engine_acted(carry->engine, rule, id, carry->moment, &failed, err);
    if (rc > 0) {
        carry->endings[RULE_FAILED]++;
        log_failure(carry, rule_set_at(rule_book_rules(carry->book), rule), &failed);
    }
    return rc < 0 ? -1 : 0;
}

/* The ticket that is opened when the task does not run after all, worked out now. */
static int bind_ticket(const struct rule_decision *decision, struct act *act, struct error *err)
{
    const struct rule_opening *opening = &decision->otherwise;
    json_t *ticket;

    if (!opening->queue)
        return 0;
    ticket = json_pack("{s:s, s:I, s:s}", "queue", opening->queue, "priority",
                       (json_int_t)opening->priority, "title", opening->title);
    act->otherwise_json = ticket ? json_dumps(ticket, JSON_COMPACT) : NULL;
    json_decref(ticket);
    return act->otherwise_json ? 0 : error_no_memory(err);
}

static int bind_limits(struct decision_carry *carry, const struct rule_finding *finding,
                       struct act *act, struct error *err)
{
    return decision_limits_make(carry->shares, carry->db, &carry->tenant, carry->engine,
                                finding->rule, finding->decision, &act->limits, err);
}

static int note_act(struct decision_carry *carry, const struct rule_finding *finding,
                    struct decision_row *row, struct error *err)
{
    struct act *act = add_act(carry, err);

    if (!act || !(act->plan = plan_of(carry, finding->rule, err)))
        return -1;
    act->said = carry->said;
    act->of = carry->subject;
    act->row = carry->rows.count;
    if (!act->plan->params_json && !(act->params_json = decision_plan_params(finding->decision)))
        return error_no_memory(err);
    if (bind_limits(carry, finding, act, err) < 0 || bind_ticket(finding->decision, act, err) < 0 ||
        decision_window_write(finding->decision, &act->window_json, err) < 0)
        return -1;
    fill_request(carry, act, row);
    if (derive_task_id(carry, act->plan->entry, &act->request.id, err) < 0)
        return -1;
    row->task = act->request.id;
    return tell_engine(carry, finding->rule, act, err);
}

/* ---- findings ---- */

/* The one that says what becomes of the alert: of an armed rule that took it, else of one that
 * failed. */
static bool says_more(const struct decision_carry *carry, const struct rule_finding *finding,
                      const struct rule_finding *than)
{
    if (rule_set_at(rule_book_rules(carry->book), finding->rule)->shadow ||
        finding->ending == RULE_OUTRANKED)
        return false;
    return !than || (than->ending == RULE_FAILED && finding->ending != RULE_FAILED);
}

/* 'says': the alert's own sentence may be this one's. */
static int keep(struct decision_carry *carry, const struct rule_finding *finding, bool says,
                struct error *err)
{
    const struct rule_in_set *rule = rule_set_at(rule_book_rules(carry->book), finding->rule);
    bool others = !says && (rule->shadow || finding->ending == RULE_OUTRANKED ||
                            finding->ending == RULE_FAILED);
    struct decision_row row = row_of(carry, finding);
    char reason[512];

    carry->endings[finding->ending]++;
    if (finding->ending == RULE_FAILED)
        log_failure(carry, rule, finding);
    if (others && carry->kept >= DECISION_RULES_MAX)
        return 0;
    carry->kept++;
    say_finding(carry, finding, reason);
    if (finding->decision && !finding->decision->boots &&
        open_ticket(carry, finding, &row, reason, err) < 0)
        return -1;
    if (finding->ending == RULE_ACTS && note_act(carry, finding, &row, err) < 0)
        return -1;
    return decision_rows_add(&carry->rows, &row, carry->subject->trigger, reason, finding->words,
                             err);
}

static void begin(struct decision_carry *carry, const struct decision_subject *subject,
                  struct rule_moment *moment, struct decision_said *said)
{
    said->disposition = NULL;
    said->reason[0] = '\0';
    carry->subject = subject;
    carry->moment = moment;
    carry->said = said;
    carry->kept = 0;
    carry->refused_as = NULL;
}

static void settle(struct decision_carry *carry, const struct rule_finding *finding)
{
    bool stopped = finding->ending == RULE_REFUSED && carry->refused_as;

    carry->said->disposition = stopped ? carry->refused_as : ENDINGS[finding->ending].disposition;
    say_finding(carry, finding, carry->said->reason);
}

static int keep_all(struct decision_carry *carry, const struct rule_finding *findings, size_t count,
                    struct error *err)
{
    const struct rule_finding *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (says_more(carry, &findings[i], best))
            best = &findings[i];
        if (keep(carry, &findings[i], best == &findings[i], err) < 0)
            return -1;
    }
    if (best)
        settle(carry, best);
    return 0;
}

int decision_carry_alert(struct decision_carry *carry, const struct decision_subject *subject,
                         struct rule_moment *moment, struct decision_said *said, struct error *err)
{
    const struct rule_finding *findings;
    size_t count;

    begin(carry, subject, moment, said);
    if (rule_engine_alert(carry->engine, moment, &findings, &count, err) < 0)
        return -1;
    return keep_all(carry, findings, count, err);
}

int decision_carry_due(struct decision_carry *carry, const struct decision_subject *subject,
                       const struct rule_state *state, struct rule_moment *moment,
                       struct decision_said *said, struct error *err)
{
    struct rule_finding finding;
    int rc;

    begin(carry, subject, moment, said);
    rc = rule_engine_due(carry->engine, state, moment, &finding, err);
    return rc <= 0 ? rc : keep_all(carry, &finding, 1, err);
}

/* ---- tasks ---- */

/* The sentence of an act names what came of it. */
static int settle_act(struct decision_carry *carry, const struct act *act, bool made,
                      struct error *err)
{
    const struct decision_plan *plan = act->plan;
    struct decision_row *row = &carry->rows.rows[act->row];
    char *reason;

    say(act->said->reason, sizeof(act->said->reason), "rule %s v%" PRId64 " boots %s %s on %s%s",
        plan->rule->id, plan->entry->version, plan->rule->boot.image, plan->image.version,
        act->of->machine->name, made ? "" : ": this task was made before");
    if (!(reason = strdup(act->said->reason)))
        return error_no_memory(err);
    free(row->reason);
    row->reason = reason;
    return 0;
}

int decision_carry_out(struct decision_carry *carry, uint64_t *ret_tasks, struct error *err)
{
    size_t count = carry->count;
    struct task_request *requests = calloc(count + 1, sizeof(*requests));
    bool *made = calloc(count + 1, sizeof(*made));
    int rc = -1;

    if (!requests || !made) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        requests[i] = carry->acts[i]->request;
    if (automation_gate_close(carry->gate, err) < 0 ||
        task_create_many(carry->db, requests, count, made, err) < 0)
        goto out;
    *ret_tasks = 0;
    for (size_t i = 0; i < count; i++) {
        if (settle_act(carry, carry->acts[i], made[i], err) < 0)
            goto out;
        *ret_tasks += made[i];
    }
    rc = 0;
out:
    free(requests);
    free(made);
    return rc;
}

int decision_carry_store(struct decision_carry *carry, struct error *err)
{
    return decision_store(carry->db, &carry->tenant, &carry->rows, err) < 0 ||
                   ticket_store(carry->db, &carry->tenant, &carry->tickets, err) < 0
               ? -1
               : 0;
}
