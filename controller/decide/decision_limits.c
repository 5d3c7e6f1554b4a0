/* decision_limits.c - see decision_limits.h. */
#include "controller/decide/decision_limits.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/decide/limit_shares.h"
#include "controller/tasks/task.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_decision.h"

#define TASK_LIMIT_MAX 2147483647 /* table task_limit, max */

/* Room for all of them, with their groups behind. NULL: out of memory. */
static struct task_limit *copy_groups(const struct rule_decision *decision)
{
    size_t count = decision->rule->limit_count, size = count * sizeof(struct task_limit);
    struct task_limit *limits;
    char *at;

    for (size_t i = 0; i < count; i++)
        size += strlen(decision->limits[i]) + 1;
    if (!(limits = malloc(size)))
        return NULL;
    at = (char *)(limits + count);
    for (size_t i = 0; i < count; i++) {
        limits[i] =
            (struct task_limit){.rule = decision->rule->id, .entry = (int64_t)i + 1, .group = at};
        at = stpcpy(at, decision->limits[i]) + 1;
    }
    return limits;
}

int decision_limits_make(struct limit_shares *shares, struct db *db, const struct uuid *tenant,
                         struct rule_engine *engine, uint32_t rule,
                         const struct rule_decision *decision, struct task_limit **ret,
                         struct error *err)
{
    const struct rule_document *document = decision->rule;
    struct task_limit *limits;

    *ret = NULL;
    if (document->limit_count == 0)
        return 0;
    if (!(limits = copy_groups(decision)))
        return error_no_memory(err);
    for (size_t i = 0; i < document->limit_count; i++) {
        const struct rule_limit *limit = &document->limits[i];
        size_t machines = 0;

        if (limit->max == 0 && limit_shares_count(shares, db, tenant, engine, document, rule, i,
                                                  limits[i].group, &machines, err) < 0) {
            free(limits);
            return -1;
        }
        limits[i].max = rule_limit_most(limit, machines);
        if (limits[i].max > TASK_LIMIT_MAX)
            limits[i].max = TASK_LIMIT_MAX;
    }
    *ret = limits;
    return 0;
}
