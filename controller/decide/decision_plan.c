/* decision_plan.c - see decision_plan.h. Invariant: a plan that is ok has a version that is granted
 * now, and parameters that are the same for every alert fit its profile. */
#include "controller/decide/decision_plan.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "controller/decide/rule_book.h"
#include "controller/images/image_profile.h"
#include "controller/images/image_run.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_decision.h"

_Static_assert(RULE_PARAMS_MAX <= IMAGE_PARAMS_MAX, "a rule's parameters fit into one check");

#define DOCUMENT_BYTES_MAX ((size_t)1024 * 1024)
#define WHY_SIZE sizeof(((struct decision_plan *)NULL)->why_not)

void decision_plans_destroy(struct decision_plan *plans)
{
    for (struct decision_plan *next; plans; plans = next) {
        next = plans->next;
        image_choice_clear(&plans->image);
        free(plans->params_json);
        free(plans->checks_json);
        free(plans->reports_json);
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
    if (image_profile_check_params(plan->image.document, plan->rule->boot.profile, params, count,
                                   &bad) == 0)
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

/* ---- reports ---- */

static json_t *pack_report(const struct rule_report *report)
{
    json_t *include = json_array();

    for (size_t i = 0; i < report->include.count; i++)
        json_array_append_new(include, json_string(report->include.items[i]));
    return json_pack("{s:s, s:s, s:o}", "to", report->to, "event", report->event, "include",
                     include);
}

static int plan_reports(struct decision_plan *plan, struct error *err)
{
    const struct rule_action *action = &plan->rule->boot;
    json_t *list = json_array();

    for (size_t i = 0; i < action->report_count; i++)
        json_array_append_new(list, pack_report(&action->reports[i]));
    if (json_array_size(list) == action->report_count)
        plan->reports_json = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return plan->reports_json ? 0 : error_no_memory(err);
}

/* ---- the image ---- */

static int explain(struct decision_plan *plan, const struct error *why)
{
    snprintf(plan->why_not, sizeof(plan->why_not), "%s", error_text(why));
    text_mend_utf8(plan->why_not);
    return 0;
}

/* A rule that names checks has at least one. */
static int keep_checks(struct decision_plan *plan, const struct image_run *run, struct error *err)
{
    if (plan->rule->boot.run.count == 0)
        return 0;
    plan->checks_json = json_dumps(run->checks, JSON_COMPACT);
    return plan->checks_json ? 0 : error_no_memory(err);
}

/* Profile and checks. As make(). */
static int plan_run(struct decision_plan *plan, struct error *err)
{
    const struct rule_action *boot = &plan->rule->boot;
    const struct image_wish wish = {boot->profile, (const char *const *)boot->run.items,
                                    boot->run.count};
    const char *text = plan->image.document;
    json_t *document = json_parse(text, strlen(text), DOCUMENT_BYTES_MAX, err);
    struct image_run run = {0};
    struct error why = {0};
    int rc = -1;

    if (!document)
        return error_prefix(err, "image %s %s", boot->image, plan->image.version);
    if (image_run_make(document, &wish, &run, &why) == 0) {
        plan->deadline_s = boot->deadline_s ? boot->deadline_s : run.deadline_s;
        rc = keep_checks(plan, &run, err) < 0 ? -1 : 1;
    } else if (why.code == ERROR_UNAVAILABLE) {
        *err = why; /* for want of memory: that is no word about the rule */
    } else {
        error_prefix(&why, "image %s %s", boot->image, plan->image.version);
        rc = explain(plan, &why);
    }
    image_run_clear(&run);
    json_decref(document);
    return rc;
}

/* 1; 0: it cannot be carried out, the plan says why not; -1: the database or memory. */
static int make(struct decision_plan *plan, struct db *db, const struct uuid *tenant,
                struct error *err)
{
    const struct rule_document *rule = plan->rule;
    const char *version = rule->boot.version;
    struct error why = {0};
    int found = image_choice_find(db, tenant, rule->boot.image, version, &plan->image, err);

    if (found < 0)
        return -1;
    if (found == 0) {
        error_set(&why, "image %s%s%s is not granted to this tenant", rule->boot.image,
                  version ? " " : "", version ? version + (*version == '=') : "");
        return explain(plan, &why);
    }
    snprintf(plan->who, sizeof(plan->who), "rule %s v%" PRId64, rule->id, plan->entry->version);
    if (rule->boot.report_count && plan_reports(plan, err) < 0)
        return -1;
    found = plan_run(plan, err);
    return found > 0 ? plan_params(plan, err) : found;
}

const struct decision_plan *decision_plan_find(struct decision_plan **plans, struct db *db,
                                               const struct uuid *tenant,
                                               const struct rule_entry *entry,
                                               const struct rule_document *rule, struct error *err)
{
    struct decision_plan *plan;
    int made;

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
    made = make(plan, db, tenant, err);
    plan->ok = made > 0;
    return made < 0 ? NULL : plan;
}
