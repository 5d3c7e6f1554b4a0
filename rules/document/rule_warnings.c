/* rule_warnings.c - see rule_warnings.h. */
#include "rules/document/rule_warnings.h"

#include <stdbool.h>
#include <string.h>

#include "rules/document/rule_document.h"

/* Two reports to one destination are one warning. */
static bool was_told(const struct rule_action *action, size_t which)
{
    for (size_t i = 0; i < which; i++)
        if (strcmp(action->reports[i].to, action->reports[which].to) == 0)
            return true;
    return false;
}

json_t *rule_warnings_make(const struct rule_document *document)
{
    const struct rule_action *action = &document->boot;
    json_t *warnings = json_array();

    for (size_t i = 0; warnings && i < action->report_count; i++) {
        const char *to = action->reports[i].to;

        if (was_told(action, i))
            continue;
        if (json_array_append_new(
                warnings, json_sprintf("report: there is no destination %s that delivers: what it "
                                       "is to be told is kept with each task",
                                       to)) < 0) {
            json_decref(warnings);
            warnings = NULL;
        }
    }
    return warnings;
}
