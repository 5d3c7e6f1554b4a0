/* decision_plan.h - what a rule boots: the version of its image that the tenant may boot now, which
 * of its profiles and checks, and whether parameters fit. Looked up once a rule and transaction.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/ids.h"
#include "controller/images/image_choice.h"

struct db;
struct error;
struct rule_decision;
struct rule_document;
struct rule_entry;

struct decision_plan {
    const struct rule_entry *entry;
    const struct rule_document *rule;
    bool ok;
    char why_not[320]; /* when it is not */
    struct image_choice image;
    int64_t deadline_s; /* the rule's, the profile's or the image's */
    char *checks_json;  /* NULL: the rule does not say which run */
    char *params_json;  /* NULL: they are another alert's each time */
    char *reports_json; /* NULL: nobody is to be told */
    char who[128];      /* of its tasks and their audit rows */
    struct decision_plan *next;
};

/* '*plans' is the list of them, NULL at first. NULL: the database or memory. */
const struct decision_plan *decision_plan_find(struct decision_plan **plans, struct db *db,
                                               const struct uuid *tenant,
                                               const struct rule_entry *entry,
                                               const struct rule_document *rule, struct error *err);
void decision_plans_destroy(struct decision_plan *plans);

/* Whether the image takes these parameters: 1; 0: 'why' says what of them not; -1: 'err'. */
int decision_plan_takes(const struct decision_plan *plan, const struct rule_decision *decision,
                        char why[320], struct error *err);
/* The parameters as tasks have them; the caller's. NULL: out of memory. */
char *decision_plan_params(const struct rule_decision *decision);
