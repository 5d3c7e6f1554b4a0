/* rule_run_moment.c - the alerts of a test as its rule sees them, and what is told of how they
 * ended: see rule_run.h. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_test.h"
#include "rules/engine/rule_feed.h"
#include "rules/engine/rule_finding.h"
#include "rules/engine/rule_fleet.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_run.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_verdict.h"

static void default_texts(const struct rule_run *run, size_t number)
{
    struct rule_moment *moment = run->moment;
    char *id = cel_arena_format(moment->arena, "e%zu", number + 1);

    if (cel_is(moment->slots[rule_env_slot("event.status")], CEL_ABSENT))
        rule_moment_set(moment, "event.status", cel_string("firing", 6));
    if (id && cel_is(moment->slots[rule_env_slot("event.id")], CEL_ABSENT))
        rule_moment_set(moment, "event.id", cel_string(id, strlen(id)));
}

int rule_run_fill(struct rule_run *run, size_t number, size_t machine, int64_t now_us)
{
    const struct rule_fed *fed = &run->feed[number];
    struct rule_moment *moment = run->moment;
    uint32_t reference = (uint32_t)number;

    if (rule_moment_fill(moment, fed->entry->event,
                         machine == RULE_FLEET_NONE ? NULL : rule_fleet_data(run->fleet, machine),
                         now_us, rule_set_names(run->trial->set), run->err) < 0)
        return -1;
    if (!json_object_get(fed->entry->event, "time"))
        moment->time_us = fed->at_us;
    default_texts(run, number);
    memcpy(moment->reference.bytes, &reference, sizeof(reference));
    moment->reference.length = sizeof(reference);
    return 0;
}

int rule_run_fill_from(struct rule_run *run, const unsigned char *reference, size_t length,
                       int64_t now_us)
{
    uint32_t number = UINT32_MAX;

    if (length == sizeof(number))
        memcpy(&number, reference, sizeof(number));
    if (number >= run->feed_count)
        return error_set(run->err, "a state names an alert that was never fed");
    return rule_run_fill(run, number, run->feed[number].machine, now_us);
}

int rule_run_fill_for_task(struct rule_run *run, const struct rule_task *task, int64_t now_us)
{
    return rule_run_fill_from(run, task->reference.bytes, task->reference.length, now_us);
}

static void set_text(struct rule_moment *moment, const char *name, const char *text)
{
    rule_moment_set(moment, name, cel_string(text, strlen(text)));
}

void rule_run_set_task(struct rule_moment *moment, const struct rule_task *task)
{
    set_text(moment, "task.id", task->id);
    set_text(moment, "task.state", rule_task_state_name(task->state));
    set_text(moment, "task.image", task->decision.rule->boot.image);
}

void rule_run_remember(struct rule_run *run, const struct rule_finding *finding, int64_t now_us)
{
    char span[RULE_SPAN_SIZE];

    snprintf(run->last, sizeof(run->last), "the last alert, at %s, ended as %s%s%s",
             rule_span_text(now_us - run->test->now_s * 1000000, span),
             rule_ending_name(finding->ending), finding->words[0] ? ": " : "", finding->words);
}

void rule_run_tell_failure(struct rule_run *run, const struct rule_finding *finding, int64_t now_us)
{
    char span[RULE_SPAN_SIZE];

    run->failed = true;
    rule_issues_add(run->issues, finding->at ? finding->at->line : run->test->line,
                    finding->at ? finding->at->column : run->test->column, "at %s: %s",
                    rule_span_text(now_us - run->test->now_s * 1000000, span), finding->words);
}
