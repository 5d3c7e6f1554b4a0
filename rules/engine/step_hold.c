/* step_hold.c - a fault must last. The first alert begins it, and is the one that goes on when it
 * has lasted; others of its key change nothing, one that is resolved ends it (rule_engine.c).
 * Value: when the first alert arrived, in microseconds (8 bytes, big end first), and its reference.
 */
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/engine/rule_names_read.h"
#include "rules/engine/rule_state_key.h"
#include "rules/engine/rule_work.h"

/* Without a key of its own: the machine. */
static int name_by_asset(struct rule_work *work, struct rule_state_name *ret)
{
    struct cel_value id = work->moment->slots[RULE_SLOT_ASSET_ID];
    struct rule_state_key key;
    const char *why;
    char *copy;

    if (!cel_is(id, CEL_STRING))
        return rule_work_fail(work, "hold", 0, NULL, "asset.id is not given");
    rule_state_key_begin(&key, 0);
    if ((why = rule_state_key_add(&key, id)))
        return rule_work_fail(work, "hold", 0, NULL, why);
    copy = cel_arena_copy(work->moment->own, (const char *)key.bytes, key.length);
    if (!copy)
        return error_no_memory(work->err);
    *ret = (struct rule_state_name){work->rule->name, RULE_STATE_HOLD, copy, key.length};
    return 1;
}

int step_hold_name(struct rule_work *work, struct rule_state_name *ret)
{
    const struct rule_key *key = &work->rule->document->dedup;

    return key->count ? rule_work_name(work, "dedup", 0, RULE_STATE_HOLD, key, ret)
                      : name_by_asset(work, ret);
}

#define HEAD 8

/* Of the alert that begins it. */
static int begin(struct rule_work *work, const struct rule_state_name *name, int64_t due_us)
{
    const struct rule_reference *reference = &work->moment->reference;
    unsigned char value[HEAD + RULE_REFERENCE_MAX];
    uint64_t arrived = (uint64_t)work->moment->now_us;

    for (size_t i = HEAD; i-- > 0; arrived >>= 8)
        value[i] = (unsigned char)arrived;
    memcpy(value + HEAD, reference->bytes, reference->length);
    return rule_work_put(work, name, value, HEAD + reference->length, due_us);
}

int step_hold_reference(const struct rule_state *state, const unsigned char **ret,
                        size_t *ret_length, int64_t *ret_arrived_us)
{
    uint64_t arrived = 0;

    if (state->length < HEAD)
        return 0;
    for (size_t i = 0; i < HEAD; i++)
        arrived = arrived << 8 | state->value[i];
    *ret_arrived_us = (int64_t)arrived;
    *ret = state->value + HEAD;
    *ret_length = state->length - HEAD;
    return 1;
}

int step_hold(struct rule_work *work)
{
    int64_t hold_us = work->rule->document->hold_ms * 1000;
    const struct rule_state *state;
    struct rule_state_name name;
    int64_t due_us = work->moment->now_us + hold_us;
    int rc;

    if (!hold_us)
        return 1;
    if ((rc = step_hold_name(work, &name)) <= 0)
        return rc;
    state = rule_states_find(work->states, &name);
    if (state)
        due_us = state->due_us;
    else if (begin(work, &name, due_us) < 0)
        return -1;
    return rule_work_end(work, RULE_HELD, due_us, "");
}
