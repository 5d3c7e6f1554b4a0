/* decision_plan.c - see decision_plan.h. Invariant: a plan that is ok has a version that is granted
 * now, and parameters that are the same for every alert fit its profile. */
#include "controller/decide/decision_plan.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/decide/rule_book.h"
#include "controller/images/image_profile.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_decision.h"

_Static_assert(RULE_PARAMS_MAX <= IMAGE_PARAMS_MAX, "a rule's parameters fit into one check");

#define WHY_SIZE sizeof(((struct decision_plan *)NULL)->why_not)

void decision_plans_destroy(struct decision_plan *plans)
{
    for (struct decision_plan *next; plans; plans = next) {
        next = plans->next;
        image_choice_clear(&plans->image);
        free(plans->params_json);
        free(plans);
    }
}

/* ---- parameters ---- */

static char *write_params(const struct rule_parameter *params, size_t count)
{
    json_t *object = json_object();
    char *text = NULL;
    bool ok = object != NULL;

    for (size_t i = 0; i < count; i++)
        ok = ok && json_object_set_new(object, params[i].name, json_string(params[i].value)) == 0;
    if (ok)
        text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

char *decision_plan_params(const struct rule_decision *decision)
{
    return write_params(decision->params, decision->param_count);
}

/* 1; 0: 'why'; -1. */
static int fit(const struct decision_plan *plan, const struct rule_parameter *given, size_t count,
               char *why, struct error *err)
{
    struct image_param params[RULE_PARAMS_MAX];
    struct error bad = {0};

    for (size_t i = 0; i < count; i++)
        params[i] = (struct image_param){given[i].name, given[i].value};
    if (image_profile_check_params(plan->image.document, params, count, &bad) == 0)
        return 1;
    if (bad.code == ERROR_UNAVAILABLE) {
        *err = bad; /* for want of memory: that is no word about the rule */
        return -1;
    }
    snprintf(why, WHY_SIZE, "%s", error_text(&bad));
    text_mend_utf8(why);
    return 0;
}

int decision_plan_takes(const struct decision_plan *plan, const struct rule_decision *decision,
                        char why[320], struct error *err)
{
    if (plan->params_json) /* asked when the plan was made */
        return 1;
    return fit(plan, decision->params, decision->param_count, why, err);
}

/* Those of all its alerts, if they are the same. As fit(), and 1 without plan->params_json: they
 * are not. */
static int plan_params(struct decision_plan *plan, struct error *err)
{
    const struct rule_action *boot = &plan->rule->boot;
    struct rule_parameter params[RULE_PARAMS_MAX];
    int rc;

    for (size_t i = 0; i < boot->param_count; i++) {
        if (!boot->params[i].value)
            return 1;
        params[i] = (struct rule_parameter){boot->params[i].name, boot->params[i].value};
    }
    rc = fit(plan, params, boot->param_count, plan->why_not, err);
    if (rc > 0 && !(plan->params_json = write_params(params, boot->param_count)))
        return error_no_memory(err);
    return rc;
}

/* ---- the image ---- */

/* Without its "=": an armed rule has no other range. */
static const char *exact_version(const struct rule_document *rule)
{
    return rule->boot.version ? rule->boot.version + 1 : NULL;
}

/* -1: the database or memory; a plan that cannot be carried out says why not. */
static int make(struct decision_plan *plan, struct db *db, const struct uuid *tenant,
                struct error *err)
{
    const struct rule_document *rule = plan->rule;
    const char *version = exact_version(rule);
    struct error why = {0};
    int found = image_choice_find(db, tenant, rule->boot.image, version, &plan->image, &why);

    if (found < 0 && (why.sqlstate[0] || why.code != ERROR_INVALID)) {
        *err = why;
        return -1;
    }
    if (found == 0)
        error_set(&why, "image %s%s%s is not granted to this tenant", rule->boot.image,
                  version ? " " : "", version ? version : "");
    if (found <= 0) {
        snprintf(plan->why_not, sizeof(plan->why_not), "%s", error_text(&why));
        text_mend_utf8(plan->why_not);
        return 0;
    }
    snprintf(plan->who, sizeof(plan->who), "rule %s v%" PRId64, rule->id, plan->entry->version);
    found = plan_params(plan, err);
    plan->ok = found > 0;
    return found < 0 ? -1 : 0;
}

const struct decision_plan *decision_plan_find(struct decision_plan **plans, struct db *db,
                                               const struct uuid *tenant,
                                               const struct rule_entry *entry,
                                               const struct rule_document *rule, struct error *err)
{
    struct decision_plan *plan;

    for (plan = *plans; plan; plan = plan->next)
        if (plan->entry == entry)
            return plan;
    plan = calloc(1, sizeof(*plan));
    if (!plan) {
        error_no_memory(err);
        return NULL;
    }
    plan->entry = entry;
    plan->rule = rule;
    plan->next = *plans;
    *plans = plan;
    return make(plan, db, tenant, err) < 0 ? NULL : plan;
}
