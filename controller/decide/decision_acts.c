/* decision_acts.c - see decision_acts.h. Invariant: a task is made only with a version that is
 * granted now, and a last start moment counted from the moment at which the alert came, or at which
 * it was due.
 */
#include "controller/decide/decision_acts.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/decide/decision_carry.h"
#include "controller/decide/decision_limits.h"
#include "controller/decide/decision_plan.h"
#include "controller/decide/decision_store.h"
#include "controller/decide/decision_window.h"
#include "controller/decide/decision_words.h"
#include "controller/decide/rule_book.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/tasks/task.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_decision.h"

_Static_assert(TASK_START_WINDOW_US == DECISION_AGE_MAX_US,
               "an alert that is too old and a task that expires are told by the same span");

/* A task that is not made yet. */
struct act {
    const struct decision_plan *plan;
    struct decision_said *said;        /* borrowed */
    const struct decision_subject *of; /* borrowed */
    size_t place;                      /* of its decision in the rows */
    struct task_request request;
    char *params_json; /* NULL: the plan's */
    struct task_limit *limits;
    char *window_json;    /* NULL: it has no window */
    char *otherwise_json; /* NULL: its rule has no such ticket */
    char reason[DECISION_WORDS_SIZE];
};

struct decision_acts {
    struct db *db;
    struct uuid tenant;
    struct rule_engine *engine;
    struct limit_shares *shares;
    struct act **acts;
    size_t count, room;
};

struct decision_acts *decision_acts_create(struct db *db, const struct uuid *tenant,
                                           struct rule_engine *engine, struct limit_shares *shares,
                                           struct error *err)
{
    struct decision_acts *acts = calloc(1, sizeof(*acts));

    if (!acts) {
        error_no_memory(err);
        return NULL;
    }
    *acts = (struct decision_acts){.db = db, .tenant = *tenant, .engine = engine, .shares = shares};
    return acts;
}

void decision_acts_destroy(struct decision_acts *acts)
{
    if (!acts)
        return;
    for (size_t i = 0; i < acts->count; i++) {
        free(acts->acts[i]->params_json);
        free(acts->acts[i]->limits);
        free(acts->acts[i]->otherwise_json);
        free(acts->acts[i]->window_json);
        free(acts->acts[i]);
    }
    free(acts->acts);
    free(acts);
}

/* ---- one task ---- */

static int derive_task_id(const struct decision_acts *acts, const struct decision_subject *subject,
                          const struct rule_entry *rule, struct uuid *ret, struct error *err)
{
    static const char domain[] = "muster task of a rule 1";
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t digest[32];
    bool ok;

    ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
         EVP_DigestUpdate(context, domain, sizeof(domain)) == 1 &&
         EVP_DigestUpdate(context, acts->tenant.bytes, sizeof(acts->tenant.bytes)) == 1 &&
         EVP_DigestUpdate(context, rule->id.bytes, sizeof(rule->id.bytes)) == 1 &&
         EVP_DigestUpdate(context, subject->origin, strlen(subject->origin)) == 1 &&
         EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!ok)
        return error_set(err, "SHA-256 is not available");
    *ret = uuid_derive((uint64_t)subject->stamp_ms, digest);
    return 0;
}

static struct act *add_act(struct decision_acts *acts, struct error *err)
{
    struct act *act = calloc(1, sizeof(*act));

    if (act && acts->count == acts->room) {
        size_t room = acts->room ? 2 * acts->room : 64;
        struct act **grown = realloc(acts->acts, room * sizeof(struct act *));

        if (grown) {
            acts->acts = grown;
            acts->room = room;
        } else {
            free(act);
            act = NULL;
        }
    }
    if (act)
        acts->acts[acts->count++] = act;
    else
        error_no_memory(err);
    return act;
}

/* How long behind its alert a task may start. */
static int64_t start_window_us(const struct rule_document *rule)
{
    return rule->schedule.latest_ms ? rule->schedule.latest_ms * 1000 : TASK_START_WINDOW_US;
}

static void fill_request(const struct decision_acts *acts, struct act *act,
                         const struct decision_row *row)
{
    const struct decision_plan *plan = act->plan;
    const struct decision_subject *subject = act->of;

    act->request = (struct task_request){
        .tenant = acts->tenant,
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
    decision_words_print(act->reason, "alert %s: %s", subject->type, plan->rule->title);
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

int decision_acts_add(struct decision_acts *acts, const struct decision_plan *plan,
                      const struct rule_finding *finding, const struct decision_subject *subject,
                      struct decision_said *said, const struct decision_row *row, size_t place,
                      struct uuid *ret_task, struct error *err)
{
    struct act *act = add_act(acts, err);

    if (!act)
        return -1;
    act->plan = plan;
    act->said = said;
    act->of = subject;
    act->place = place;
    if (!plan->params_json && !(act->params_json = decision_plan_params(finding->decision)))
        return error_no_memory(err);
    if (decision_limits_make(acts->shares, acts->db, &acts->tenant, acts->engine, finding->rule,
                             finding->decision, &act->limits, err) < 0 ||
        bind_ticket(finding->decision, act, err) < 0 ||
        decision_window_write(finding->decision, &act->window_json, err) < 0)
        return -1;
    fill_request(acts, act, row);
    if (derive_task_id(acts, subject, plan->entry, &act->request.id, err) < 0)
        return -1;
    *ret_task = act->request.id;
    return 0;
}

/* ---- all of them ---- */

/* The sentence of an act names what came of it. */
static int settle(const struct act *act, struct decision_row *row, bool made, struct error *err)
{
    const struct decision_plan *plan = act->plan;
    char *reason;

    decision_words_print(act->said->reason, "rule %s v%" PRId64 " boots %s %s on %s%s",
                         plan->rule->id, plan->entry->version, plan->rule->boot.image,
                         plan->image.version, act->of->machine->name,
                         made ? "" : ": this task was made before");
    if (!(reason = strdup(act->said->reason)))
        return error_no_memory(err);
    free(row->reason);
    row->reason = reason;
    return 0;
}

int decision_acts_make(struct decision_acts *acts, struct decision_rows *rows, uint64_t *ret_tasks,
                       struct error *err)
{
    size_t count = acts->count;
    struct task_request *requests = calloc(count + 1, sizeof(*requests));
    bool *made = calloc(count + 1, sizeof(*made));
    int rc = -1;

    if (!requests || !made) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        requests[i] = acts->acts[i]->request;
    if (task_create_many(acts->db, requests, count, made, err) < 0)
        goto out;
    *ret_tasks = 0;
    for (size_t i = 0; i < count; i++) {
        if (settle(acts->acts[i], &rows->rows[acts->acts[i]->place], made[i], err) < 0)
            goto out;
        *ret_tasks += made[i];
    }
    rc = 0;
out:
    free(requests);
    free(made);
    return rc;
}
