/* rule_verdict.c - see rule_verdict.h. */
#include "rules/engine/rule_verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_test.h"
#include "rules/engine/rule_fleet.h"
#include "rules/engine/rule_world.h"

#define SHOWN_MAX 5 /* decisions in one message */

static const char *const ACTS[] = {"boot", "approve", "schedule", "ticket", "suppress", "halt"};

const char *rule_span_text(int64_t span_us, char out[RULE_SPAN_SIZE])
{
    static const struct {
        int64_t us;
        const char *unit;
    } units[] = {{INT64_C(86400000000), "d"},
                 {INT64_C(3600000000), "h"},
                 {60000000, "m"},
                 {1000000, "s"},
                 {1000, "ms"},
                 {1, "us"}};
    size_t length = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && length < RULE_SPAN_SIZE; i++) {
        if (span_us >= units[i].us)
            length += (size_t)snprintf(out + length, RULE_SPAN_SIZE - length, "%" PRId64 "%s",
                                       span_us / units[i].us, units[i].unit);
        span_us %= units[i].us;
    }
    return out[0] ? out : "0s";
}

/* ---- one decision beside another ---- */

static bool same_text(const char *expected, const char *made)
{
    return !expected || (made && strcmp(expected, made) == 0);
}

/* A parameter's value is a text; a test may write a number or a bool. */
static bool same_value(const json_t *expected, const char *made)
{
    struct text text = {0};
    bool same;

    if (json_is_string(expected))
        return strcmp(json_string_value(expected), made) == 0;
    if (json_is_boolean(expected))
        return strcmp(json_is_true(expected) ? "true" : "false", made) == 0;
    if (json_is_integer(expected))
        text_format(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(expected));
    else if (json_is_real(expected))
        text_format(&text, "%.17g", json_real_value(expected));
    same = text_ok(&text) && text.length && strcmp(text_string(&text), made) == 0;
    if (!same && json_is_real(expected))
        same = strtod(made, NULL) == json_real_value(expected);
    text_clear(&text);
    return same;
}

static bool same_params(json_t *expected, const struct rule_task *task)
{
    const char *name;
    json_t *value;

    json_object_foreach(expected, name, value)
    {
        size_t i = 0, count = task ? task->decision.param_count : 0;

        while (i < count && strcmp(task->decision.params[i].name, name) != 0)
            i++;
        if (i == count || !same_value(value, task->decision.params[i].value))
            return false;
    }
    return true;
}

static bool same_asset(const struct rule_verdict *verdict, const char *expected, size_t machine)
{
    return !expected ||
           (machine != RULE_FLEET_NONE && rule_fleet_find(verdict->fleet, expected) == machine);
}

static bool fits(const struct rule_verdict *verdict, const struct rule_test_decision *expected,
                 const struct rule_made *made)
{
    const struct rule_action *boot = made->task ? &made->task->decision.rule->boot : NULL;

    return expected->act == made->act && same_asset(verdict, expected->asset, made->machine) &&
           same_text(expected->image, boot ? boot->image : NULL) &&
           same_text(expected->version, boot ? boot->version : NULL) &&
           same_text(expected->profile, boot ? boot->profile : NULL) &&
           same_text(expected->queue, made->opening.queue) &&
           same_text(expected->title, made->opening.title) &&
           same_text(expected->calendar, made->task ? made->task->decision.calendar : NULL) &&
           (expected->level < 0 || expected->level == made->level) &&
           (expected->priority < 0 ||
            (made->act == RULE_TEST_TICKET && expected->priority == made->opening.priority)) &&
           same_params(expected->params, made->task);
}

/* ---- words ---- */

static void show_made(const struct rule_verdict *verdict, const struct rule_made *made,
                      struct text *out)
{
    char span[RULE_SPAN_SIZE];
    const struct rule_decision *decision = made->task ? &made->task->decision : NULL;

    text_format(out, "%s at %s", ACTS[made->act],
                rule_span_text(made->at_us - verdict->began_us, span));
    if (made->machine != RULE_FLEET_NONE)
        text_format(out, " for %s", rule_fleet_name(verdict->fleet, made->machine));
    if (made->act == RULE_TEST_TICKET)
        text_format(out, ", queue %s, priority %" PRId64 ", '%s'", made->opening.queue,
                    made->opening.priority, made->opening.title);
    if (made->act == RULE_TEST_APPROVE)
        text_format(out, ", level %" PRId64, made->level);
    if (made->act == RULE_TEST_SCHEDULE && decision->calendar)
        text_format(out, ", calendar '%s'", decision->calendar);
    if (made->act != RULE_TEST_BOOT)
        return;
    text_format(out, ", image %s", decision->rule->boot.image);
    for (size_t i = 0; i < decision->param_count; i++)
        text_format(out, ", %s '%s'", decision->params[i].name, decision->params[i].value);
}

/* ---- all of them ---- */

struct pairs {
    const struct rule_verdict *verdict;
    const struct rule_made **made; /* those that count */
    size_t count;
    size_t *of_made; /* which of the expected it is; SIZE_MAX: none yet */
    bool *seen;
};

static bool counts(const struct rule_verdict *verdict, size_t at)
{
    const struct rule_made *made = &verdict->made[at];

    for (size_t i = at + 1; made->task && i < verdict->count; i++)
        if (verdict->made[i].task == made->task)
            return false;
    if (made->act != RULE_TEST_SUPPRESS)
        return true;
    for (size_t i = 0; i < verdict->expect->count; i++)
        if (verdict->expect->decisions[i].act == RULE_TEST_SUPPRESS)
            return true;
    return false;
}

/* Gives the expected one a decision, from another that can have a different one if need be. */
static bool pair(struct pairs *pairs, size_t expected)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (pairs->seen[i] ||
            !fits(pairs->verdict, &pairs->verdict->expect->decisions[expected], pairs->made[i]))
            continue;
        pairs->seen[i] = true;
        if (pairs->of_made[i] == SIZE_MAX || pair(pairs, pairs->of_made[i])) {
            pairs->of_made[i] = expected;
            return true;
        }
    }
    return false;
}

/* Why nothing more was made: tasks that wait, and how the last alert ended. */
static void show_rest(const struct rule_verdict *verdict, struct text *out)
{
    static const char *const waits[] = {
        [RULE_TASK_ASKED] = "waiting for approval",
        [RULE_TASK_SCHEDULED] = "waiting for hours",
        [RULE_TASK_WAITING] = "waiting for room under limits or stages",
        [RULE_TASK_DROPPED] = "dropped: refused, not started in time, or not required any more"};
    size_t counts[sizeof(waits) / sizeof(waits[0])] = {0};

    for (size_t i = 0; i < rule_world_tasks(verdict->world); i++) {
        size_t state = rule_world_task(verdict->world, i)->state;

        if (state < sizeof(waits) / sizeof(waits[0]))
            counts[state]++;
    }
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        if (counts[i] && waits[i])
            text_format(out, "%zu %s %s; ", counts[i], counts[i] == 1 ? "task is" : "tasks are",
                        waits[i]);
    text_format(out, "%s", verdict->last(verdict->context));
}

/* With what was decided in its place: what no other expectation has taken. */
static void tell_missing(const struct pairs *pairs, const struct rule_test_decision *expected,
                         struct rule_issues *issues)
{
    const struct rule_verdict *verdict = pairs->verdict;
    struct text words = {0};
    char span[RULE_SPAN_SIZE];
    size_t shown = 0;

    text_format(&words, "%s%s%s was not decided by %s", ACTS[expected->act],
                expected->asset ? " for " : "", expected->asset ? expected->asset : "",
                rule_span_text(verdict->expect->at_ms * 1000, span));
    for (size_t i = 0; i < pairs->count; i++) {
        if (pairs->of_made[i] != SIZE_MAX || shown++ >= SHOWN_MAX)
            continue;
        text_format(&words, "%s", shown > 1 ? "; " : ": what was: ");
        show_made(verdict, pairs->made[i], &words);
    }
    if (shown > SHOWN_MAX)
        text_format(&words, "; and %zu more", shown - SHOWN_MAX);
    if (shown == 0) {
        text_format(&words, ": %s", pairs->count ? "nothing else was; " : "");
        show_rest(verdict, &words);
    }
    if (text_ok(&words))
        rule_issues_add(issues, expected->line, expected->column, "%s", text_string(&words));
    else
        rule_issues_no_memory(issues);
    text_clear(&words);
}

static void tell_unexpected(const struct rule_verdict *verdict, const struct rule_made *made,
                            struct rule_issues *issues)
{
    struct text words = {0};

    text_format(&words, "this was decided, and is not expected: ");
    show_made(verdict, made, &words);
    if (text_ok(&words))
        rule_issues_add(issues, verdict->expect->line, verdict->expect->column, "%s",
                        text_string(&words));
    else
        rule_issues_no_memory(issues);
    text_clear(&words);
}

static bool has_pair(const struct pairs *pairs, size_t expected)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pairs->of_made[i] == expected)
            return true;
    return false;
}

static int compare(struct pairs *pairs, struct rule_issues *issues)
{
    const struct rule_verdict *verdict = pairs->verdict;
    int rc = 0;

    for (size_t i = 0; i < verdict->count; i++)
        if (counts(verdict, i)) {
            pairs->of_made[pairs->count] = SIZE_MAX;
            pairs->made[pairs->count++] = &verdict->made[i];
        }
    for (size_t i = 0; i < verdict->expect->count; i++) {
        memset(pairs->seen, 0, pairs->count * sizeof(*pairs->seen));
        if (!pair(pairs, i))
            rc = -1;
    }
    for (size_t i = 0; rc < 0 && i < verdict->expect->count; i++)
        if (!has_pair(pairs, i))
            tell_missing(pairs, &verdict->expect->decisions[i], issues);
    for (size_t i = 0; rc == 0 && i < pairs->count; i++)
        if (pairs->of_made[i] == SIZE_MAX) {
            tell_unexpected(verdict, pairs->made[i], issues);
            rc = -1;
        }
    return rc;
}

static int compare_lists(const struct rule_verdict *verdict, struct rule_issues *issues)
{
    struct pairs pairs = {.verdict = verdict};
    int rc;

    pairs.made = calloc(verdict->count + 1, sizeof(const struct rule_made *));
    pairs.of_made = calloc(verdict->count + 1, sizeof(*pairs.of_made));
    pairs.seen = calloc(verdict->count + 1, sizeof(*pairs.seen));
    rc = pairs.made && pairs.of_made && pairs.seen ? compare(&pairs, issues)
                                                   : rule_issues_no_memory(issues);
    free(pairs.made);
    free(pairs.of_made);
    free(pairs.seen);
    return rc;
}

static int compare_total(const struct rule_verdict *verdict, struct rule_issues *issues)
{
    const struct rule_test_expect *expect = verdict->expect;
    struct text words = {0};
    char span[RULE_SPAN_SIZE];

    if (expect->total < 0 || (size_t)expect->total == verdict->boots)
        return 0;
    text_format(&words, "%zu %s started by %s, not %" PRId64 ": ", verdict->boots,
                verdict->boots == 1 ? "boot was" : "boots were",
                rule_span_text(expect->at_ms * 1000, span), expect->total);
    show_rest(verdict, &words);
    if (text_ok(&words))
        rule_issues_add(issues, expect->line, expect->column, "%s", text_string(&words));
    else
        rule_issues_no_memory(issues);
    text_clear(&words);
    return -1;
}

int rule_verdict_give(const struct rule_verdict *verdict, struct rule_issues *issues)
{
    int rc = verdict->expect->lists ? compare_lists(verdict, issues) : 0;

    return compare_total(verdict, issues) < 0 ? -1 : rc;
}
