/* rule_keys.c - see rule_keys.h. */
#include "rules/engine/rule_keys.h"

#include "rules/cel/cel_program.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_names.h"

struct telling {
    struct rule_work *work;
    rule_name_taker *take;
    void *context;
};

/* Whether it is known only when the window is. */
static bool names_window(const struct rule_key *key)
{
    const int *slots;

    for (size_t i = 0; i < key->count; i++)
        for (size_t n = cel_program_slots(key->parts[i].program, &slots); n-- > 0;)
            if ((size_t)slots[n] < rule_name_count && rule_names[slots[n]].of == RULE_OF_WINDOW)
                return true;
    return false;
}

static int tell(struct telling *telling, enum rule_state_kind kind, size_t entry,
                const struct rule_key *key)
{
    struct rule_state_name name = {.rule = telling->work->rule->name, .kind = kind};
    int rc = 1;

    if (key->count == 0)
        return 0;
    if (!names_window(key))
        rc = rule_work_name(telling->work, "key", entry, kind, key, &name);
    return rc <= 0 ? rc : telling->take(telling->context, &name, telling->work->err);
}

static int tell_hold(struct telling *telling)
{
    struct rule_state_name name;
    int rc;

    if (!telling->work->rule->document->hold_ms)
        return 0;
    rc = step_hold_name(telling->work, &name);
    return rc <= 0 ? rc : telling->take(telling->context, &name, telling->work->err);
}

int rule_keys_of_rule(struct rule_work *work, rule_name_taker *take, void *context)
{
    const struct rule_document *rule = work->rule->document;
    struct telling telling = {work, take, context};

    for (size_t i = 0; i < rule->suppress_count; i++)
        if (tell(&telling, RULE_STATE_SUPPRESS, i + 1, &rule->suppress[i].key) < 0)
            return -1;
    if (tell_hold(&telling) < 0 || tell(&telling, RULE_STATE_WINDOW, 0, &rule->window.key) < 0 ||
        tell(&telling, RULE_STATE_DEDUP, 0, &rule->dedup) < 0)
        return -1;
    for (size_t i = 0; i < rule->absent_count; i++)
        if (tell(&telling, RULE_STATE_ABSENT, i + 1, &rule->absent[i].key) < 0)
            return -1;
    return tell(&telling, RULE_STATE_THROTTLE, 0, &rule->throttle);
}

int rule_keys_of_note(struct rule_work *work, const struct rule_noting *noting,
                      rule_name_taker *take, void *context)
{
    const struct rule_document *rule = work->rule->document;
    struct telling telling = {work, take, context};

    switch (noting->note) {
    case RULE_NOTE_SUPPRESS:
        return tell(&telling, RULE_STATE_SUPPRESS, noting->entry + 1,
                    &rule->suppress[noting->entry].key);
    case RULE_NOTE_ABSENT:
        return tell(&telling, RULE_STATE_ABSENT, noting->entry + 1,
                    &rule->absent[noting->entry].key);
    default:
        return tell_hold(&telling);
    }
}
