/* step_dedup.c - a rule acts once on one fault: for a time after it has acted or opened its ticket,
 * alerts of the same key end here. They do not make the time longer. Value: none.
 */
#include "rules/engine/rule_work.h"

static int name_it(struct rule_work *work, struct rule_state_name *ret)
{
    return rule_work_name(work, "dedup", 0, RULE_STATE_DEDUP, &work->rule->document->dedup, ret);
}

int step_dedup(struct rule_work *work)
{
    const struct rule_state *state;
    struct rule_state_name name;
    int rc;

    if (!work->rule->document->dedup_ms)
        return 1;
    if ((rc = name_it(work, &name)) <= 0)
        return rc;
    state = rule_states_find(work->states, &name);
    if (!state || state->due_us <= work->moment->now_us)
        return 1;
    return rule_work_end(work, RULE_DUPLICATE, state->due_us, "");
}

int step_dedup_remember(struct rule_work *work)
{
    int64_t within_us = work->rule->document->dedup_ms * 1000;
    struct rule_state_name name;
    int rc;

    if (!within_us)
        return 0;
    rc = name_it(work, &name);
    if (rc <= 0)
        return rc;
    return rule_work_put(work, &name, "", 0, work->moment->now_us + within_us);
}
