/* step_suppress.c - whether a rule is left alone: another alert suppresses it (rule_note.c keeps
 * that when it comes), or a condition does. Value: that alert's reference, so that one that is held
 * until now is not suppressed by itself.
 */
#include <string.h>

#include "rules/engine/rule_work.h"

static const char *because(const struct rule_suppress *suppress)
{
    return suppress->because ? suppress->because : "";
}

static int ask_condition(struct rule_work *work, const struct rule_suppress *suppress, size_t entry)
{
    bool holds = false;

    if (!rule_work_holds(work, "suppress", entry, &suppress->when, &holds))
        return 0;
    if (!holds)
        return 1;
    work->finding->at = &suppress->when;
    return rule_work_end(work, RULE_SUPPRESSED, 0, "%s", because(suppress));
}

static bool is_its_own(const struct rule_work *work, const struct rule_state *state)
{
    const struct rule_reference *own = &work->moment->reference;

    return own->length > 0 && state->length == own->length &&
           memcmp(state->value, own->bytes, own->length) == 0;
}

static int ask_state(struct rule_work *work, const struct rule_suppress *suppress, size_t entry)
{
    struct rule_state_name name;
    const struct rule_state *state;
    int rc = rule_work_name(work, "suppress", entry, RULE_STATE_SUPPRESS, &suppress->key, &name);

    if (rc <= 0)
        return rc;
    state = rule_states_find(work->states, &name);
    if (!state || state->due_us <= work->moment->now_us || is_its_own(work, state))
        return 1;
    return rule_work_end(work, RULE_SUPPRESSED, state->due_us, "%s", because(suppress));
}

int step_suppress(struct rule_work *work)
{
    const struct rule_document *rule = work->rule->document;
    int rc = 1;

    for (size_t i = 0; rc > 0 && i < rule->suppress_count; i++)
        rc = rule->suppress[i].when.text ? ask_condition(work, &rule->suppress[i], i + 1)
                                         : ask_state(work, &rule->suppress[i], i + 1);
    return rc;
}
