/* rule_names_read.c - see rule_names_read.h. A name missed here would be a value missing there: all
 * expressions of struct rule_document are walked. */
#include "rules/engine/rule_names_read.h"

#include "rules/cel/cel_program.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_names.h"

/* rule_names has fewer than 64 entries: test_rule_names_read.c. */
static uint64_t of(const struct rule_expression *expression)
{
    const int *slots;
    size_t count = expression->program ? cel_program_slots(expression->program, &slots) : 0;
    uint64_t names = 0;

    for (size_t i = 0; i < count; i++)
        if ((size_t)slots[i] < rule_name_count)
            names |= UINT64_C(1) << slots[i];
    return names;
}

static uint64_t of_key(const struct rule_key *key)
{
    uint64_t names = 0;

    for (size_t i = 0; i < key->count; i++)
        names |= of(&key->parts[i]);
    return names;
}

static uint64_t of_ticket(const struct rule_ticket *ticket)
{
    return of(&ticket->priority) | of(&ticket->title);
}

static uint64_t of_conditions(const struct rule_document *rule)
{
    uint64_t names = of(&rule->match) | of_key(&rule->window.key) | of(&rule->window.sum) |
                     of(&rule->window.when) | of_key(&rule->dedup) | of_key(&rule->throttle);

    for (size_t i = 0; i < rule->let_count; i++)
        names |= of(&rule->lets[i].expression);
    for (size_t i = 0; i < rule->suppress_count; i++)
        names |= of_key(&rule->suppress[i].key) | of(&rule->suppress[i].when);
    for (size_t i = 0; i < rule->require_count; i++)
        names |= of(&rule->require[i].expr);
    for (size_t i = 0; i < rule->absent_count; i++)
        names |= of_key(&rule->absent[i].key) | of_ticket(&rule->absent[i].then);
    return names;
}

static uint64_t of_task(const struct rule_document *rule)
{
    uint64_t names = of_ticket(&rule->otherwise) | of(&rule->schedule.calendar) |
                     of_key(&rule->rollout.key) | of(&rule->rollout.halt_when) |
                     of_ticket(&rule->rollout.on_halt) | of(&rule->boot.verify);

    for (size_t i = 0; i < rule->limit_count; i++)
        names |= of(&rule->limits[i].by);
    for (size_t i = 0; i < rule->approval.count; i++)
        names |= of(&rule->approval.levels[i].of);
    for (size_t i = 0; i < rule->schedule.count; i++)
        names |= of(&rule->schedule.windows[i].tz);
    for (size_t i = 0; i < rule->rollout.count; i++)
        names |= of(&rule->rollout.stages[i].of);
    for (size_t i = 0; i < rule->boot.param_count; i++)
        names |= of(&rule->boot.params[i].expression);
    return names;
}

int rule_attribute_slot(int attribute)
{
    static const uint8_t slots[RULE_ATTRIBUTES] = {
        [RULE_TYPE] = RULE_SLOT_TYPE,
        [RULE_STATUS] = RULE_SLOT_STATUS,
        [RULE_SEVERITY] = RULE_SLOT_SEVERITY,
        [RULE_SOURCE] = RULE_SLOT_SOURCE,
        [RULE_ASSET_NAME] = RULE_SLOT_ASSET_NAME,
        [RULE_ASSET_CLASS] = RULE_SLOT_ASSET_CLASS,
        [RULE_ASSET_SITE] = RULE_SLOT_ASSET_SITE,
        [RULE_ASSET_RACK] = RULE_SLOT_ASSET_RACK,
    };

    return slots[attribute];
}

uint64_t rule_names_read(const struct rule_document *rule)
{
    uint64_t names = of_conditions(rule) | of_task(rule);

    for (int i = 0; i < RULE_ATTRIBUTES; i++)
        if (rule->scope[i].count || i == RULE_TYPE || i == RULE_STATUS)
            names |= UINT64_C(1) << rule_attribute_slot(i);
    if (rule->window.kind != RULE_WINDOW_NONE)
        names |= UINT64_C(1) << RULE_SLOT_TIME;
    return names | UINT64_C(1) << RULE_SLOT_ASSET_ID; /* the key of a hold */
}
