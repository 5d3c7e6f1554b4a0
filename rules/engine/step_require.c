/* step_require.c - what must hold before a rule acts; asked again by whoever hands the task out.
 * The first that does not is the reason. */
#include "rules/engine/rule_work.h"

int step_require(struct rule_work *work)
{
    const struct rule_document *rule = work->rule->document;

    for (size_t i = 0; i < rule->require_count; i++) {
        const struct rule_require *require = &rule->require[i];
        bool holds = false;

        if (!rule_work_holds(work, "require", i + 1, &require->expr, &holds))
            return 0;
        if (holds)
            continue;
        work->finding->at = &require->expr;
        return rule_work_end(work, RULE_NOT_MET, 0, "%s", require->because);
    }
    return 1;
}
