/* decision.c - see decision.h. */
#include "controller/decide/decision.h"

#include <stdbool.h>
#include <string.h>

#include "controller/decide/rule_book.h"
#include "rules/document/rule_document.h"

static bool holds(const struct rule_strings *values, const char *value)
{
    if (values->count == 0)
        return true;
    for (size_t i = 0; value && i < values->count; i++)
        if (strcmp(values->items[i], value) == 0)
            return true;
    return false;
}

/* The type is the index already; comparing it again costs nothing worth an exception. */
static bool matches(const struct rule_document *rule, const struct decision_input *input)
{
    const char *const values[RULE_ATTRIBUTES] = {
        [RULE_TYPE] = input->type,         [RULE_STATUS] = input->status,
        [RULE_SEVERITY] = input->severity, [RULE_SOURCE] = input->source,
        [RULE_ASSET_NAME] = input->name,   [RULE_ASSET_CLASS] = input->class,
        [RULE_ASSET_SITE] = input->site,   [RULE_ASSET_RACK] = input->rack,
    };

    for (int i = 0; i < RULE_ATTRIBUTES; i++)
        if (!holds(&rule->scope[i], values[i]))
            return false;
    return true;
}

size_t decision_make(const struct rule_book *book, const struct decision_input *input,
                     const struct rule_entry **ret)
{
    const struct rule_entry *const *candidates;
    size_t count = rule_book_candidates(book, input->type, &candidates), matched = 0;

    for (size_t i = 0; i < count && matched < DECISION_RULES_MAX; i++)
        if (matches(candidates[i]->document, input))
            ret[matched++] = candidates[i];
    return matched;
}
