/* rule_work.c - see rule_work.h. All that is noted lives in the moment's own arena. */
#include "rules/engine/rule_work.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/engine/rule_names_read.h"
#include "rules/engine/rule_state_key.h"

const char *rule_ending_name(enum rule_ending ending)
{
    static const char *const names[RULE_ENDINGS] = {
        "no_match", "outranked", "suppressed", "held",      "released",
        "counted",  "late",      "duplicate",  "throttled", "not_met",
        "failed",   "acts",      "shadow",     "missing",   "refused",
    };

    return names[ending];
}

_Static_assert(RULE_SLOT_WINDOW_LAST - RULE_SLOT_WINDOW_SUM + 1 == RULE_WINDOW_NAMES,
               "window.* stand one behind another");

void rule_work_begin(struct rule_work *work, const struct rule_in_set *rule)
{
    static const struct cel_value nothing[RULE_WINDOW_NAMES];

    work->rule = rule;
    work->change_count = 0;
    rule_moment_enter(work->moment, rule->document);
    rule_work_set_window(work, nothing);
}

void rule_work_set_window(struct rule_work *work, const struct cel_value values[RULE_WINDOW_NAMES])
{
    for (size_t i = 0; i < RULE_WINDOW_NAMES; i++)
        work->moment->slots[RULE_SLOT_WINDOW_SUM + i] = values[i];
}

void rule_work_keep_window(const struct rule_work *work,
                           struct cel_value ret_values[RULE_WINDOW_NAMES])
{
    for (size_t i = 0; i < RULE_WINDOW_NAMES; i++)
        ret_values[i] = work->moment->slots[RULE_SLOT_WINDOW_SUM + i];
}

int rule_work_end(struct rule_work *work, enum rule_ending ending, int64_t until_us,
                  const char *format, ...)
{
    va_list words;
    char *text;

    va_start(words, format);
    text = cel_arena_vformat(work->moment->own, format, words);
    va_end(words);
    work->finding->ending = ending;
    work->finding->until_us = until_us;
    work->finding->words = text ? text : "";
    return 0;
}

int rule_work_fail(struct rule_work *work, const char *field, size_t entry,
                   const struct rule_expression *at, const char *why)
{
    char number[24] = "", line[32] = "";

    if (entry)
        snprintf(number, sizeof(number), " %zu", entry);
    if (at)
        snprintf(line, sizeof(line), " (line %u)", at->line);
    work->finding->at = at;
    return rule_work_end(work, RULE_FAILED, 0, "%s%s%s: %s", field, number, line, why);
}

int rule_work_value(struct rule_work *work, const char *field, size_t entry,
                    const struct rule_expression *expression, struct cel_value *ret)
{
    struct cel_value value = rule_moment_value(work->moment, expression);

    if (cel_is(value, CEL_ERROR))
        return rule_work_fail(work, field, entry, expression, value.text);
    *ret = value;
    return 1;
}

int rule_work_holds(struct rule_work *work, const char *field, size_t entry,
                    const struct rule_expression *expression, bool *ret)
{
    struct cel_value value = {0};
    char why[64];

    if (!rule_work_value(work, field, entry, expression, &value))
        return 0;
    if (!cel_is(value, CEL_BOOL)) {
        snprintf(why, sizeof(why), "must be a bool, and is %s", cel_kind_name(value.kind));
        return rule_work_fail(work, field, entry, expression, why);
    }
    *ret = value.boolean;
    return 1;
}

int rule_work_name(struct rule_work *work, const char *field, size_t entry,
                   enum rule_state_kind kind, const struct rule_key *key,
                   struct rule_state_name *ret)
{
    struct rule_state_key bytes;
    char *copy;

    rule_state_key_begin(&bytes, (uint8_t)entry);
    for (size_t i = 0; i < key->count; i++) {
        struct cel_value value;
        const char *why;

        if (!rule_work_value(work, field, entry, &key->parts[i], &value))
            return 0;
        if ((why = rule_state_key_add(&bytes, value)))
            return rule_work_fail(work, field, entry, &key->parts[i], why);
    }
    copy = cel_arena_copy(work->moment->own, (const char *)bytes.bytes, bytes.length);
    if (!copy)
        return error_no_memory(work->err);
    *ret = (struct rule_state_name){work->rule->name, kind, copy, bytes.length};
    return 1;
}

int rule_work_put(struct rule_work *work, const struct rule_state_name *name, const void *value,
                  size_t length, int64_t due_us)
{
    char *copy = cel_arena_copy(work->moment->own, value, length);

    if (!copy)
        return error_no_memory(work->err);
    work->changes[work->change_count++] =
        (struct rule_change){*name, (const unsigned char *)copy, length, due_us};
    return 0;
}

void rule_work_drop(struct rule_work *work, const struct rule_state_name *name)
{
    work->changes[work->change_count++] = (struct rule_change){.name = *name};
}

int rule_work_commit(struct rule_work *work)
{
    for (size_t i = 0; i < work->change_count; i++) {
        const struct rule_change *change = &work->changes[i];

        if (!change->value)
            rule_states_drop(work->states, &change->name);
        else if (rule_states_put(work->states, &change->name, change->value, change->length,
                                 change->due_us, work->err) < 0)
            return -1;
    }
    work->change_count = 0;
    return 0;
}
