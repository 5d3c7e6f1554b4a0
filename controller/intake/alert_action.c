/* alert_action.c - see alert_action.h. Invariant: a task is made only with a version that is
 * granted now, parameters that fit its profile, and a last start moment counted from the record's
 * timestamp.
 */
#include "controller/intake/alert_action.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/decide/decision.h"
#include "controller/decide/rule_book.h"
#include "controller/images/image_choice.h"
#include "controller/images/image_profile.h"
#include "controller/intake/alert_item.h"
#include "controller/intake/alert_store.h"
#include "controller/tasks/task.h"
#include "rules/document/rule_document.h"

_Static_assert(TASK_START_WINDOW_US == ALERT_AGE_MAX_US,
               "an alert that is too old and a task that expires are told by the same span");
_Static_assert(RULE_PARAMS_MAX <= IMAGE_PARAMS_MAX, "a rule's parameters fit into one check");

/* What a rule boots, looked up once a transaction. */
struct plan {
    const struct rule_entry *rule;
    bool ok;
    char why_not[320];
    struct image_choice image;
    char *params_json;
    char who[128]; /* of its tasks and their audit rows */
    struct plan *next;
};

/* An alert that a rule acts for; its task is not made yet. */
struct act {
    const struct plan *plan;
    struct alert_item *item; /* borrowed */
    struct decision_row row;
    struct task_request request;
    char reason[512];
};

struct alert_action {
    struct plan *plans;
    struct act **acts;
    size_t count, room;
};

struct alert_action *alert_action_create(struct error *err)
{
    struct alert_action *action = calloc(1, sizeof(*action));

    if (!action)
        error_no_memory(err);
    return action;
}

void alert_action_destroy(struct alert_action *action)
{
    if (!action)
        return;
    while (action->plans) {
        struct plan *plan = action->plans;

        action->plans = plan->next;
        image_choice_clear(&plan->image);
        free(plan->params_json);
        free(plan);
    }
    for (size_t i = 0; i < action->count; i++)
        free(action->acts[i]);
    free(action->acts);
    free(action);
}

static char *write_params(const struct rule_document *rule)
{
    json_t *object = json_object();
    char *text = NULL;
    bool ok = object != NULL;

    for (size_t i = 0; i < rule->boot.param_count; i++)
        ok = ok && json_object_set_new(object, rule->boot.params[i].name,
                                       json_string(rule->boot.params[i].value)) == 0;
    if (ok)
        text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static int check_params(const struct plan *plan, struct error *err)
{
    const struct rule_document *rule = plan->rule->document;
    struct image_param params[RULE_PARAMS_MAX];

    for (size_t i = 0; i < rule->boot.param_count; i++)
        params[i] = (struct image_param){rule->boot.params[i].name, rule->boot.params[i].value};
    return image_profile_check_params(plan->image.document, params, rule->boot.param_count, err);
}

/* Without its "=": an armed rule has no other range. */
static const char *exact_version(const struct rule_document *rule)
{
    return rule->boot.version ? rule->boot.version + 1 : NULL;
}

/* -1: the database or memory; a plan that cannot be carried out says why not. */
static int make_plan(struct plan *plan, struct db *db, const struct uuid *tenant, struct error *err)
{
    const struct rule_document *rule = plan->rule->document;
    struct error why = {0};
    const char *version = exact_version(rule);
    int found = image_choice_find(db, tenant, rule->boot.image, version, &plan->image, &why);

    if (found < 0 && (why.sqlstate[0] || why.code != ERROR_INVALID)) {
        *err = why;
        return -1;
    }
    if (found == 0)
        error_set(&why, "image %s%s%s is not granted to this tenant", rule->boot.image,
                  version ? " " : "", version ? version : "");
    else if (found > 0 && check_params(plan, &why) == 0)
        plan->ok = true;
    if (why.code == ERROR_UNAVAILABLE) {
        *err = why; /* for want of memory: that is no word about the rule */
        return -1;
    }
    if (!plan->ok) {
        alert_item_words(plan->why_not, sizeof(plan->why_not), "%s", error_text(&why));
        return 0;
    }
    snprintf(plan->who, sizeof(plan->who), "rule %s v%" PRId64, rule->id, plan->rule->version);
    plan->params_json = write_params(rule);
    return plan->params_json ? 0 : error_no_memory(err);
}

static const struct plan *plan_of(struct alert_action *action, struct db *db,
                                  const struct uuid *tenant, const struct rule_entry *rule,
                                  struct error *err)
{
    struct plan *plan;

    for (plan = action->plans; plan; plan = plan->next)
        if (plan->rule == rule)
            return plan;
    plan = calloc(1, sizeof(*plan));
    if (!plan) {
        error_no_memory(err);
        return NULL;
    }
    plan->rule = rule;
    plan->next = action->plans;
    action->plans = plan;
    return make_plan(plan, db, tenant, err) < 0 ? NULL : plan;
}

/* The same rule deciding the same record again names the same task. */
static int derive_task_id(const struct alert_origin *origin, const struct rule_entry *rule,
                          const struct kafka_record *record, struct uuid *ret, struct error *err)
{
    static const char domain[] = "muster task of a rule 1";
    char trigger[ALERT_TRIGGER_SIZE];
    uint8_t digest[32];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok;

    alert_trigger_format(origin, record->offset, trigger);
    ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
         EVP_DigestUpdate(context, domain, sizeof(domain)) == 1 &&
         EVP_DigestUpdate(context, origin->tenant.bytes, sizeof(origin->tenant.bytes)) == 1 &&
         EVP_DigestUpdate(context, rule->id.bytes, sizeof(rule->id.bytes)) == 1 &&
         EVP_DigestUpdate(context, trigger, strlen(trigger)) == 1 &&
         EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!ok)
        return error_set(err, "SHA-256 is not available");
    *ret = uuid_derive((uint64_t)record->timestamp_ms, digest);
    return 0;
}

static struct decision_row row_of(const struct alert_item *item, const struct rule_entry *rule,
                                  const char *outcome)
{
    struct decision_row row = {.id = uuid_make(),
                               .alert = item->id,
                               .rule = rule->id,
                               .rule_version = rule->version,
                               .outcome = outcome,
                               .offset = item->record->offset};

    uuid_format(&item->machine.machine, row.key);
    return row;
}

static struct act *add_act(struct alert_action *action, struct error *err)
{
    struct act *act = calloc(1, sizeof(*act));

    if (act && action->count == action->room) {
        size_t room = action->room ? 2 * action->room : 64;
        struct act **grown = realloc(action->acts, room * sizeof(struct act *));

        if (grown) {
            action->acts = grown;
            action->room = room;
        } else {
            free(act);
            act = NULL;
        }
    }
    if (act)
        action->acts[action->count++] = act;
    else
        error_no_memory(err);
    return act;
}

static int note_act(struct alert_action *action, const struct alert_origin *origin,
                    const struct plan *plan, struct alert_item *item, int64_t now_us,
                    const struct decision_row *row, struct error *err)
{
    const struct rule_document *rule = plan->rule->document;
    int64_t moment = alert_item_moment_us(item, now_us);
    struct act *act = add_act(action, err);

    if (!act)
        return -1;
    act->plan = plan;
    act->item = item;
    act->row = *row;
    act->request = (struct task_request){
        .tenant = origin->tenant,
        .class = TASK_RULE,
        .holding = item->machine.holding,
        .machine = item->machine.machine,
        .site = item->machine.site,
        .grant = plan->image.grant,
        .image_version = plan->image.image_version,
        .params_json = plan->params_json,
        .after = rule_after_name(rule->boot.after),
        .schedule_us = moment,
        .expires_us = moment + TASK_START_WINDOW_US,
        .deadline_s = rule->boot.deadline_s ? rule->boot.deadline_s : plan->image.deadline_s,
        .reason = act->reason,
        .requested_by = plan->who,
        .alert = item->id,
        .decision = row->id,
        .rule = plan->rule->id,
        .rule_version = plan->rule->version,
    };
    alert_item_words(act->reason, sizeof(act->reason), "alert %s: %s", item->alert.type,
                     rule->title);
    if (derive_task_id(origin, plan->rule, item->record, &act->request.id, err) < 0)
        return -1;
    act->row.task = act->request.id;
    return 0;
}

static int settle_act(const struct act *act, bool made, struct decision_rows *decisions,
                      struct error *err)
{
    const struct rule_document *rule = act->plan->rule->document;

    alert_item_settle(act->item, "acted", "rule %s v%" PRId64 " boots %s %s on %s%s", rule->id,
                      act->plan->rule->version, rule->boot.image, act->plan->image.version,
                      act->item->machine.name, made ? "" : ": this task was made before");
    return decision_rows_add(decisions, &act->row, act->item->reason, err);
}

int alert_action_carry_out(struct alert_action *action, struct db *db,
                           struct decision_rows *decisions, uint64_t *ret_tasks, struct error *err)
{
    size_t count = action->count;
    struct task_request *requests = calloc(count + 1, sizeof(*requests));
    bool *made = calloc(count + 1, sizeof(*made));
    int rc = -1;

    if (!requests || !made) {
        error_no_memory(err);
        goto out;
    }
    for (size_t i = 0; i < count; i++)
        requests[i] = action->acts[i]->request;
    if (task_create_many(db, requests, count, made, err) < 0)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (settle_act(action->acts[i], made[i], decisions, err) < 0)
            goto out;
    *ret_tasks = 0;
    for (size_t i = 0; i < count; i++)
        *ret_tasks += made[i];
    rc = 0;
out:
    free(requests);
    free(made);
    return rc;
}

static int record_outranked(const struct alert_item *item, const struct rule_entry *const *rules,
                            size_t count, struct decision_rows *decisions, struct error *err)
{
    char reason[256];

    snprintf(reason, sizeof(reason), "outranked by %s", rules[0]->document->id);
    for (size_t i = 1; i < count; i++) {
        struct decision_row row = row_of(item, rules[i], "outranked");

        if (decision_rows_add(decisions, &row, reason, err) < 0)
            return -1;
    }
    return 0;
}

static int act(struct alert_action *action, struct db *db, const struct alert_origin *origin,
               const struct rule_entry *rule, struct alert_item *item, int64_t now_us,
               struct decision_rows *decisions, struct error *err)
{
    const struct plan *plan = plan_of(action, db, &origin->tenant, rule, err);
    struct decision_row row = row_of(item, rule, "boot");

    if (!plan)
        return -1;
    if (plan->ok)
        return note_act(action, origin, plan, item, now_us, &row, err);
    row.outcome = "refused";
    alert_item_settle(item, "rule_error", "rule %s: %s", rule->document->id, plan->why_not);
    return decision_rows_add(decisions, &row, item->reason, err);
}

int alert_action_take(struct alert_action *action, struct db *db, const struct alert_origin *origin,
                      const struct rule_book *book, struct alert_item *item, int64_t now_us,
                      struct decision_rows *decisions, struct error *err)
{
    const struct decision_input input = {
        .type = item->alert.type,
        .status = alert_status_name(item->alert.status),
        .severity = alert_severity_name(item->alert.severity),
        .source = item->alert.source,
        .name = item->machine.name,
        .class = item->machine.class,
        .site = item->machine.site_name,
        .rack = item->machine.rack,
    };
    const struct rule_entry *rules[DECISION_RULES_MAX];
    const char *killed = rule_book_killed(book);
    size_t count = decision_make(book, &input, rules);

    if (count == 0) {
        alert_item_settle(item, "no_rule", "none of %zu armed rules matches", rule_book_size(book));
        return 0;
    }
    if (record_outranked(item, rules, count, decisions, err) < 0)
        return -1;
    if (killed) {
        struct decision_row row = row_of(item, rules[0], "refused");

        alert_item_settle(item, "rejected", "automation is switched off: %s", killed);
        return decision_rows_add(decisions, &row, item->reason, err);
    }
    return act(action, db, origin, rules[0], item, now_us, decisions, err);
}
