/* rule_run_calls.c - what the simulated tasks ask of the rule whose test it is: see rule_run.h. */
#include <string.h>

#include "rules/cel/cel_value.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_fleet.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_run.h"
#include "rules/engine/rule_set.h"

static int may_start(void *context, const struct rule_task *task, int64_t now_us, struct error *err)
{
    struct rule_run *run = context;
    struct rule_finding finding;

    (void)err;
    if (rule_run_fill_for_task(run, task, now_us) < 0)
        return -1;
    if (rule_engine_require(run->engine, RULE_RUN_RULE, &task->decision, run->moment, &finding))
        return 1;
    rule_run_remember(run, &finding, now_us);
    if (finding.ending == RULE_FAILED)
        rule_run_tell_failure(run, &finding, now_us);
    return 0;
}

static int finished(void *context, const struct rule_task *task, int64_t now_us, struct error *err)
{
    struct rule_run *run = context;

    if (rule_run_fill_for_task(run, task, now_us) < 0)
        return -1;
    rule_run_set_task(run->moment, task);
    return rule_engine_task_finished(run->engine, run->moment, err);
}

static int halts(void *context, const struct rule_task *task, const int64_t counts[4],
                 int64_t now_us, struct rule_opening *ret, struct error *err)
{
    static const char *const names[] = {"rollout.done", "rollout.failed", "rollout.running",
                                        "rollout.total"};
    struct rule_run *run = context;
    struct rule_finding finding;
    int rc;

    if (rule_run_fill_for_task(run, task, now_us) < 0)
        return -1;
    for (size_t i = 0; i < 4; i++)
        rule_moment_set(run->moment, names[i], cel_int(counts[i]));
    rc = rule_engine_halts(run->engine, RULE_RUN_RULE, run->moment, &finding, err);
    if (rc > 0 && finding.ending == RULE_FAILED)
        rule_run_tell_failure(run, &finding, now_us);
    if (rc > 0 && finding.decision)
        *ret = finding.decision->otherwise;
    return rc;
}

static int machines(void *context, const struct rule_task *task, const struct rule_expression *by,
                    const char *group, size_t *ret, struct error *err)
{
    struct rule_run *run = context;
    int64_t now_us = run->moment->now_us;
    size_t count = 0;
    uint32_t number;

    (void)err;
    memcpy(&number, task->reference.bytes, sizeof(number));
    for (size_t i = 0; i < rule_fleet_count(run->fleet); i++) {
        const char *value;

        if (rule_run_fill(run, number, i, now_us) < 0)
            return -1;
        count += rule_engine_group(run->engine, RULE_RUN_RULE, run->moment, by, &value) &&
                 strcmp(value, group) == 0;
    }
    *ret = count;
    return 0;
}

struct rule_world_calls rule_run_calls(struct rule_run *run)
{
    return (struct rule_world_calls){run, may_start, finished, halts, machines};
}
