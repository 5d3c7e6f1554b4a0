/* step_throttle.c - a rule boots so often at most in any such time. Tickets are not counted. Value:
 * rule_tally.h, an entry for each boot; when there are more than it keeps, neighbours count as of
 * the later of them: the rule then boots rather too seldom.
 */
#include "rules/engine/rule_tally.h"
#include "rules/engine/rule_work.h"

static int read_acts(struct rule_work *work, struct rule_state_name *name, struct rule_tally *acts)
{
    const struct rule_document *rule = work->rule->document;
    const struct rule_state *state;
    int rc = rule_work_name(work, "throttle", 0, RULE_STATE_THROTTLE, &rule->throttle, name);

    if (rc <= 0)
        return rc;
    rule_tally_begin(acts);
    state = rule_states_find(work->states, name);
    if (state && rule_tally_read(acts, state->value, state->length, work->err) < 0)
        return -1;
    rule_tally_remove(acts, INT64_MIN, work->moment->now_us - rule->throttle_ms * 1000 + 1);
    return 1;
}

int step_throttle(struct rule_work *work)
{
    const struct rule_document *rule = work->rule->document;
    struct rule_state_name name;
    struct rule_tally acts;
    int64_t count = 0;
    int rc;

    if (!rule->throttle_ms)
        return 1;
    if ((rc = read_acts(work, &name, &acts)) <= 0)
        return rc;
    for (size_t i = acts.count; i-- > 0;) {
        count += acts.entries[i].count;
        if (count >= rule->throttle_max)
            return rule_work_end(work, RULE_THROTTLED,
                                 acts.entries[i].time_us + rule->throttle_ms * 1000,
                                 "at most %lld in this time", (long long)rule->throttle_max);
    }
    return 1;
}

int step_throttle_remember(struct rule_work *work)
{
    const struct rule_document *rule = work->rule->document;
    unsigned char bytes[RULE_TALLY_BYTES_MAX];
    struct rule_state_name name;
    struct rule_tally acts;
    int rc;

    if (!rule->throttle_ms)
        return 0;
    if ((rc = read_acts(work, &name, &acts)) <= 0)
        return rc;
    rule_tally_add(&acts, work->moment->now_us, 1);
    return rule_work_put(work, &name, bytes, rule_tally_write(&acts, bytes),
                         acts.newest_us + rule->throttle_ms * 1000);
}
