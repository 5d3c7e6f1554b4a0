/* rule_decision.c - see rule_decision.h. Invariant: a decision has a value for each expression of
 * its rule that is known when it is made, or there is no decision. Halting a rollout is not: its
 * ticket names what was done by then.
 */
#include "rules/engine/rule_decision.h"
#include "rules/document/rule_param.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/cel_program.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_work.h"

/* As string() has it. 1 or 0. */
static int text_of(struct rule_work *work, const char *field, size_t entry,
                   const struct rule_expression *expression, const char **ret)
{
    struct cel_run run = {.arena = work->moment->arena, .budget = CEL_BUDGET_DEFAULT};
    struct cel_value value;
    char *copy;

    if (!rule_work_value(work, field, entry, expression, &value))
        return 0;
    if (!cel_is(value, CEL_STRING))
        value = cel_as_string(&run, value);
    if (cel_is(value, CEL_ERROR))
        return rule_work_fail(work, field, entry, expression, value.text);
    if (!cel_is(value, CEL_STRING))
        return rule_work_fail(work, field, entry, expression, "has no text");
    if (value.extra && memchr(value.text, '\0', value.extra))
        return rule_work_fail(work, field, entry, expression, "holds the character NUL");
    copy = cel_arena_copy(work->moment->arena, value.text, value.extra);
    if (!copy)
        return rule_work_fail(work, field, entry, expression, "out of memory");
    *ret = copy;
    return 1;
}

int rule_decision_group(struct rule_work *work, const char *field, size_t entry,
                        const struct rule_expression *expression, const char **ret)
{
    const int *slots;
    size_t count = expression->text ? cel_program_slots(expression->program, &slots) : 0;

    *ret = "";
    if (!expression->text)
        return 1;
    for (size_t i = 0; i < count; i++)
        if ((size_t)slots[i] < rule_name_count &&
            cel_is(work->moment->slots[slots[i]], CEL_ABSENT) &&
            cel_is(rule_moment_value(work->moment, expression), CEL_ERROR))
            return 1;
    return text_of(work, field, entry, expression, ret);
}

int64_t rule_limit_most(const struct rule_limit *limit, size_t machines)
{
    int64_t part;

    if (limit->max)
        return limit->max;
    part = (int64_t)floor(limit->max_percent * (double)machines / 100.0 + 1e-9);
    return part < limit->min ? limit->min : part;
}

/* ---- parameters ---- */

static int refuse_parameter(struct rule_work *work, const char *field,
                            const struct rule_param *param, const char *value)
{
    const char *bad = rule_param_forbidden(value);
    char why[96];

    if (strlen(value) > RULE_PARAM_BYTES_MAX)
        snprintf(why, sizeof(why), "is longer than %d bytes", RULE_PARAM_BYTES_MAX);
    else if (bad)
        snprintf(why, sizeof(why), "holds %s, which no image may be given", bad);
    else
        return 1;
    return rule_work_fail(work, field, 0, &param->expression, why);
}

static int add_parameters(struct rule_work *work, struct rule_decision *decision)
{
    const struct rule_action *boot = &work->rule->document->boot;

    for (size_t i = 0; i < boot->param_count; i++) {
        const struct rule_param *param = &boot->params[i];
        struct rule_parameter *ret = &decision->params[decision->param_count++];
        char field[96];

        *ret = (struct rule_parameter){param->name, param->value};
        if (param->value)
            continue;
        snprintf(field, sizeof(field), "parameter %s", param->name);
        if (!text_of(work, field, 0, &param->expression, &ret->value))
            return 0;
        if (refuse_parameter(work, field, param, ret->value) != 1)
            return 0;
    }
    return 1;
}

/* ---- what the task is bound to ---- */

static int add_groups(struct rule_work *work, struct rule_decision *decision)
{
    const struct rule_document *rule = work->rule->document;

    for (size_t i = 0; i < rule->limit_count; i++)
        if (!rule_decision_group(work, "limits", i + 1, &rule->limits[i].by, &decision->limits[i]))
            return 0;
    for (size_t i = 0; i < rule->rollout.count; i++)
        if (!rule_decision_group(work, "rollout.stages", i + 1, &rule->rollout.stages[i].of,
                                 &decision->stages[i]))
            return 0;
    return 1;
}

static int add_waiting(struct rule_work *work, struct rule_decision *decision)
{
    const struct rule_document *rule = work->rule->document;
    const struct rule_schedule *schedule = &rule->schedule;

    for (size_t i = 0; i < rule->approval.count; i++) {
        decision->levels[i] = "";
        if (rule->approval.levels[i].of.text &&
            !text_of(work, "approval.levels", i + 1, &rule->approval.levels[i].of,
                     &decision->levels[i]))
            return 0;
    }
    for (size_t i = 0; i < schedule->count; i++) {
        decision->zones[i] = schedule->windows[i].zone ? schedule->windows[i].zone : "UTC";
        if (schedule->windows[i].tz.text && !text_of(work, "schedule.windows", i + 1,
                                                     &schedule->windows[i].tz, &decision->zones[i]))
            return 0;
    }
    if (schedule->calendar.text && !rule_decision_group(work, "schedule.calendar", 0,
                                                        &schedule->calendar, &decision->calendar))
        return 0;
    return 1;
}

static int add_rollout(struct rule_work *work, struct rule_decision *decision)
{
    const struct rule_key *parts = &work->rule->document->rollout.key;
    struct rule_state_key *key;

    if (parts->count == 0)
        return 1;
    if (!(key = cel_arena_take(work->moment->own, sizeof(*key))))
        return error_no_memory(work->err);
    rule_state_key_begin(key, 0);
    for (size_t i = 0; i < parts->count; i++) {
        struct cel_value value;
        const char *why;

        if (!rule_work_value(work, "rollout.key", 0, &parts->parts[i], &value))
            return 0;
        if ((why = rule_state_key_add(key, value)))
            return rule_work_fail(work, "rollout.key", 0, &parts->parts[i], why);
    }
    decision->rollout = key;
    return 1;
}

/* Whatever an alert says: one line, cut to its length. NULL: no room. */
static const char *line_of(struct cel_arena *arena, const char *text)
{
    char *line = cel_arena_copy(arena, text, strnlen(text, RULE_TITLE_BYTES_MAX));

    if (!line)
        return NULL;
    text_mend_utf8(line);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    return line;
}

int rule_decision_open(struct rule_work *work, const struct rule_ticket *ticket, const char *field,
                       struct rule_opening *ret)
{
    struct rule_opening opening = {.queue = ticket->queue, .title = work->rule->document->title};
    struct cel_value priority;

    if (!ticket->queue) {
        *ret = (struct rule_opening){0};
        return 1;
    }
    if (ticket->title.text) {
        if (!text_of(work, field, 0, &ticket->title, &opening.title))
            return 0;
        if (!(opening.title = line_of(work->moment->own, opening.title)))
            return error_no_memory(work->err);
    }
    if (!rule_work_value(work, field, 0, &ticket->priority, &priority))
        return 0;
    if (!cel_is(priority, CEL_INT))
        return rule_work_fail(work, field, 0, &ticket->priority, "the priority must be an int");
    opening.priority = priority.integer;
    *ret = opening;
    return 1;
}

int rule_decision_make(struct rule_work *work, const struct rule_decision **ret)
{
    struct rule_decision *decision = cel_arena_take(work->moment->own, sizeof(*decision));
    int rc;

    if (!decision)
        return error_no_memory(work->err);
    decision->rule = work->rule->document;
    decision->boots = true;
    rule_work_keep_window(work, decision->window);
    rc = rule_decision_open(work, &decision->rule->otherwise, "else", &decision->otherwise);
    if (rc > 0)
        rc = add_parameters(work, decision);
    if (rc > 0)
        rc = add_groups(work, decision);
    if (rc > 0)
        rc = add_waiting(work, decision);
    if (rc > 0)
        rc = add_rollout(work, decision);
    if (rc > 0)
        *ret = decision;
    return rc;
}
