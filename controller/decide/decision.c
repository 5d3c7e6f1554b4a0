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

static void list_values(const struct decision_input *input, const char *ret[RULE_ATTRIBUTES])
{
    ret[RULE_TYPE] = input->type;
    ret[RULE_STATUS] = input->status;
    ret[RULE_SEVERITY] = input->severity;
    ret[RULE_SOURCE] = input->source;
    ret[RULE_ASSET_NAME] = input->name;
    ret[RULE_ASSET_CLASS] = input->class;
    ret[RULE_ASSET_SITE] = input->site;
    ret[RULE_ASSET_RACK] = input->rack;
}

/* The type is the index already; comparing it again costs nothing worth an exception. */
static bool matches(const struct rule_document *rule, const char *const values[RULE_ATTRIBUTES])
{
    for (int i = 0; i < RULE_ATTRIBUTES; i++)
        if (!holds(&rule->scope[i], values[i]))
            return false;
    return true;
}

size_t decision_make(const struct rule_book *book, const struct decision_input *input,
                     const struct rule_entry **ret)
{
    const char *values[RULE_ATTRIBUTES];
    uint64_t hashes[RULE_ATTRIBUTES];
    const struct rule_candidate *candidates;
    size_t count = rule_book_candidates(book, input->type, &candidates), matched = 0;

    list_values(input, values);
    for (int i = 0; i < RULE_ATTRIBUTES; i++)
        hashes[i] = values[i] ? rule_book_hash(values[i]) : 0;
    for (size_t i = 0; i < count && matched < DECISION_RULES_MAX; i++) {
        const struct rule_candidate *candidate = &candidates[i];

        if (candidate->attribute >= 0 && candidate->hash != hashes[candidate->attribute])
            continue;
        if (matches(candidate->entry->document, values))
            ret[matched++] = candidate->entry;
    }
    return matched;
}
