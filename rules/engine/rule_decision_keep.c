/* rule_decision_keep.c - a decision that outlives its moment: copies of all texts and keys, in the
 * arena of who keeps it.
 */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/engine/rule_decision.h"

static const char *keep(struct cel_arena *arena, const char *text)
{
    return text ? cel_arena_copy(arena, text, strlen(text)) : NULL;
}

/* -1: no room. */
static int keep_all(struct cel_arena *arena, const char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i] && !(texts[i] = keep(arena, texts[i])))
            return -1;
    return 0;
}

int rule_opening_keep(struct rule_opening *opening, struct cel_arena *arena)
{
    if (opening->queue && (!(opening->queue = keep(arena, opening->queue)) ||
                           !(opening->title = keep(arena, opening->title))))
        return -1;
    return 0;
}

int rule_decision_keep(struct rule_decision *decision, struct cel_arena *arena)
{
    for (size_t i = 0; i < decision->param_count; i++)
        if (!(decision->params[i].value = keep(arena, decision->params[i].value)))
            return -1;
    if (keep_all(arena, decision->limits, RULE_LIST_MAX) < 0 ||
        keep_all(arena, decision->levels, RULE_LEVELS_MAX) < 0 ||
        keep_all(arena, decision->zones, RULE_LIST_MAX) < 0 ||
        keep_all(arena, decision->stages, RULE_LIST_MAX) < 0 ||
        keep_all(arena, &decision->calendar, 1) < 0)
        return -1;
    if (decision->rollout) {
        struct rule_state_key *key = cel_arena_take(arena, sizeof(*key));

        if (!key)
            return -1;
        *key = *decision->rollout;
        decision->rollout = key;
    }
    return rule_opening_keep(&decision->otherwise, arena);
}
