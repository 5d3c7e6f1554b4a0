/* decision_carry.c - see decision_carry.h. Invariant: a rule acts only when nothing stands in its
 * way: no switch, no brake, a version that is granted now, parameters that fit its profile.
 */
#include "controller/decide/decision_carry.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "controller/decide/automation_gate.h"
#include "controller/decide/decision_acts.h"
#include "controller/decide/decision_plan.h"
#include "controller/decide/decision_store.h"
#include "controller/decide/decision_words.h"
#include "controller/decide/rule_book.h"
#include "controller/decide/ticket_store.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/health/metrics.h"
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_decision.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"

_Static_assert(METRIC_DECISIONS_END - METRIC_DECISIONS == RULE_ENDINGS, "a number for each ending");

struct decision_carry {
    struct db *db;
    struct uuid tenant;
    const struct rule_book *book;
    struct rule_engine *engine;
    struct automation_gate *gate;
    struct decision_plan *plans;
    struct decision_acts *acts;
    struct decision_rows rows;
    struct ticket_rows tickets;
    uint64_t endings[RULE_ENDINGS];
    const struct rule_in_set *told; /* the last rule whose failure was logged */
    /* what is being decided */
    const struct decision_subject *subject;
    struct rule_moment *moment;
    struct decision_said *said;
    struct decision_telling telling; /* of its findings */
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

    if (!carry || !(carry->gate = automation_gate_create(db, tenant, err)) ||
        !(carry->acts = decision_acts_create(db, tenant, engine, shares, err))) {
        if (carry)
            automation_gate_destroy(carry->gate);
        free(carry);
        error_no_memory(err);
        return NULL;
    }
    carry->db = db;
    carry->tenant = *tenant;
    carry->book = book;
    carry->engine = engine;
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
    decision_acts_destroy(carry->acts);
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
    words = cel_arena_vformat(carry->moment->own, format, args);
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
                               .outcome = decision_outcome(finding->ending),
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

static void set_text(struct rule_moment *moment, const char *name, const char *text)
{
    rule_moment_set(moment, name, cel_string(text, strlen(text)));
}

/* What the rule expects of its task counts from here. */
static int tell_engine(struct decision_carry *carry, uint32_t rule, const struct uuid *task,
                       struct error *err)
{
    const struct rule_in_set *in_set = rule_set_at(rule_book_rules(carry->book), rule);
    struct rule_finding failed;
    char id[UUID_TEXT_SIZE];
    int rc;

    uuid_format(task, id);
    set_text(carry->moment, "task.id", id);
    set_text(carry->moment, "task.state", "queued");
    set_text(carry->moment, "task.image", in_set->document->boot.image);
    rc = rule_engine_acted(carry->engine, rule, id, carry->moment, &failed, err);
    if (rc > 0) {
        carry->endings[RULE_FAILED]++;
        log_failure(carry, in_set, &failed);
    }
    return rc < 0 ? -1 : 0;
}

static int note_act(struct decision_carry *carry, const struct rule_finding *finding,
                    struct decision_row *row, struct error *err)
{
    const struct decision_plan *plan = plan_of(carry, finding->rule, err);

    if (!plan || decision_acts_add(carry->acts, plan, finding, carry->subject, carry->said, row,
                                   carry->rows.count, &row->task, err) < 0)
        return -1;
    return tell_engine(carry, finding->rule, &row->task, err);
}

/* Of the rule, of the switch that stood in its way, or of what came in its place. */
static void say_finding(const struct decision_carry *carry, const struct rule_finding *finding,
                        char out[DECISION_WORDS_SIZE])
{
    decision_words_say(finding, rule_set_at(rule_book_rules(carry->book), finding->rule),
                       carry->refused_as != NULL, out);
}

/* ---- findings ---- */

/* *ret_says: the alert's own sentence may be this one's. */
static int keep(struct decision_carry *carry, const struct rule_finding *finding, bool *ret_says,
                struct error *err)
{
    const struct rule_in_set *rule = rule_set_at(rule_book_rules(carry->book), finding->rule);
    struct decision_row row = row_of(carry, finding);
    char reason[DECISION_WORDS_SIZE];

    carry->endings[finding->ending]++;
    if (finding->ending == RULE_FAILED)
        log_failure(carry, rule, finding);
    if (!decision_is_kept(&carry->telling, finding, rule->shadow, ret_says))
        return 0;
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
    carry->telling = (struct decision_telling){0};
    carry->refused_as = NULL;
}

static void settle(struct decision_carry *carry, const struct rule_finding *finding)
{
    bool stopped = finding->ending == RULE_REFUSED && carry->refused_as;

    carry->said->disposition = stopped ? carry->refused_as : decision_disposition(finding->ending);
    say_finding(carry, finding, carry->said->reason);
}

static int keep_all(struct decision_carry *carry, const struct rule_finding *findings, size_t count,
                    struct error *err)
{
    const struct rule_finding *best = NULL;

    for (size_t i = 0; i < count; i++) {
        bool says;

        if (keep(carry, &findings[i], &says, err) < 0)
            return -1;
        if (says)
            best = &findings[i];
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

int decision_carry_out(struct decision_carry *carry, uint64_t *ret_tasks, struct error *err)
{
    if (automation_gate_close(carry->gate, err) < 0)
        return -1;
    return decision_acts_make(carry->acts, &carry->rows, ret_tasks, err);
}

int decision_carry_store(struct decision_carry *carry, struct error *err)
{
    return decision_store(carry->db, &carry->tenant, &carry->rows, err) < 0 ||
                   ticket_store(carry->db, &carry->tenant, &carry->tickets, err) < 0
               ? -1
               : 0;
}
