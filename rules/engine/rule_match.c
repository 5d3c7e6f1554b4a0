/* rule_match.c - see rule_match.h. Of most rules this is all that is looked at: the document is
 * not.
 */
#include "rules/engine/rule_match.h"

#include <string.h>

#include "rules/document/rule_document.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_names_read.h"
#include "rules/engine/rule_set.h"

static bool has_wanted(const struct rule_wanted *wanted, const struct rule_moment *moment)
{
    struct cel_value value = moment->slots[wanted->slot];

    for (size_t i = 0; cel_is(value, CEL_STRING) && i < wanted->count; i++)
        if (wanted->texts[i].extra == value.extra &&
            memcmp(wanted->texts[i].text, value.text, value.extra) == 0)
            return true;
    return false;
}

int rule_match(const struct rule_in_set *rule, struct rule_moment *moment,
               struct cel_value *ret_why)
{
    struct cel_value value;

    for (size_t i = 0; i < rule->wanted_count; i++)
        if (!has_wanted(rule->wanted[i], moment))
            return 0;
    if (!rule->match)
        return 1;
    if (rule->lets) {
        rule_moment_enter(moment, rule->document);
        value = rule_moment_value(moment, &rule->document->match);
    } else {
        value = rule_moment_run(moment, rule->match);
    }
    if (cel_is(value, CEL_BOOL))
        return value.boolean;
    *ret_why = cel_is(value, CEL_ERROR) ? value : cel_error("must be a bool");
    return -1;
}

bool rule_match_ends(const struct rule_in_set *rule, const struct rule_moment *moment)
{
    for (size_t i = 0; i < rule->wanted_count; i++) {
        int slot = rule->wanted[i]->slot;

        if (slot != rule_attribute_slot(RULE_STATUS) &&
            slot != rule_attribute_slot(RULE_SEVERITY) && !has_wanted(rule->wanted[i], moment))
            return false;
    }
    return true;
}
