/* rule_moment.c - see rule_moment.h. Invariant: slot n holds the value of rule_names[n], or
 * nothing; those of vars.* stand behind them.
 */
#include "rules/engine/rule_moment.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/cel_time.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_names_read.h"

/* An alert is at most 1 MiB of JSON, of which values take a few times as much; and what expressions
 * make of them. */
#define MOMENT_BYTES_MAX ((size_t)32 << 20)

struct rule_moment *rule_moment_create(void)
{
    struct rule_moment *moment = calloc(1, sizeof(*moment));

    if (!moment)
        return NULL;
    moment->arena = cel_arena_create(MOMENT_BYTES_MAX);
    moment->own = cel_arena_create(MOMENT_BYTES_MAX);
    if (!moment->arena || !moment->own) {
        rule_moment_destroy(moment);
        return NULL;
    }
    return moment;
}

void rule_moment_destroy(struct rule_moment *moment)
{
    if (!moment)
        return;
    cel_arena_destroy(moment->arena);
    cel_arena_destroy(moment->own);
    free(moment);
}

struct cel_value rule_moment_timestamp(int64_t time_us)
{
    int64_t part = time_us % 1000000;

    if (part < 0)
        part += 1000000;
    return cel_timestamp_make((time_us - part) / 1000000, part * 1000);
}

int64_t rule_moment_us(struct cel_value timestamp)
{
    return timestamp.integer * 1000000 + timestamp.extra / 1000;
}

/* ---- filling ---- */

static bool holds_texts(struct cel_value map)
{
    for (size_t i = 0; i < map.map->count; i++)
        if (!cel_is(map.map->entries[i].value, CEL_STRING))
            return false;
    return true;
}

/* CEL_ABSENT: a value of another type. The types of the table differ in their first letter, but for
 * the two maps. */
static struct cel_value typed(struct cel_value value, const char *type)
{
    static const struct cel_value absent = {0};

    switch (*type) {
    case 'd': /* dyn */
        return value;
    case 's': /* string */
        return cel_is(value, CEL_STRING) ? value : absent;
    case 'i': /* int */
        return cel_is(value, CEL_INT) ? value : absent;
    case 't': /* timestamp */
        if (cel_is(value, CEL_STRING))
            value = cel_timestamp_parse(value.text, value.extra);
        return cel_is(value, CEL_TIMESTAMP) ? value : absent;
    default: /* map<string, string> or map<string, dyn> */
        return cel_is(value, CEL_MAP) && (type[12] == 'd' || holds_texts(value)) ? value : absent;
    }
}

/* Of event.labels: "labels". Both prefixes are of one length. */
static const char *member_of(const struct rule_name *name)
{
    return name->name + sizeof("event.") - 1;
}

/* 'of': the event or the asset. What may have many members and was not given has none: has() can be
 * asked of it. */
static int fill_slot(struct rule_moment *moment, size_t slot, const json_t *of, struct error *err)
{
    static const struct cel_map empty;
    const struct rule_name *name = &rule_names[slot];
    const json_t *json = json_object_get(of, member_of(name));
    struct cel_value value;

    if (!json && of && *name->type == 'm')
        moment->slots[slot] = cel_map(&empty);
    if (!json)
        return 0;
    value = cel_json_value(moment->arena, json);
    if (cel_is(value, CEL_ERROR))
        return error_set_code(err, ERROR_INVALID, "%s: %s", name->name, value.text);
    moment->slots[slot] = typed(value, name->type);
    return 0;
}

/* What event.time says, but nothing comes from the future. */
static int64_t time_of(const struct rule_moment *moment)
{
    struct cel_value time = moment->slots[RULE_SLOT_TIME];
    int64_t time_us = cel_is(time, CEL_TIMESTAMP) ? rule_moment_us(time) : moment->now_us;

    return time_us < moment->now_us ? time_us : moment->now_us;
}

void rule_moment_begin(struct rule_moment *moment, int64_t now_us)
{
    cel_arena_reset(moment->arena);
    cel_arena_reset(moment->own);
    memset(moment->slots, 0, rule_name_count * sizeof(moment->slots[0]));
    moment->rule = NULL;
    moment->known = 0;
    moment->now_us = now_us;
    moment->reference.length = 0;
    moment->slots[RULE_SLOT_NOW] = rule_moment_timestamp(now_us);
}

int rule_moment_add(struct rule_moment *moment, const json_t *event, const json_t *asset,
                    uint64_t names, struct error *err)
{
    names &= (UINT64_C(1) << RULE_SLOT_NOW) - 1; /* what stands behind it no alert says */
    for (; names; names &= names - 1) {
        size_t slot = (size_t)__builtin_ctzll(names);

        /* Only names of events and assets are asked for. */
        if (fill_slot(moment, slot, rule_names[slot].name[0] == 'e' ? event : asset, err) < 0)
            return -1;
    }
    return 0;
}

void rule_moment_end(struct rule_moment *moment)
{
    moment->time_us = time_of(moment);
}

int rule_moment_fill(struct rule_moment *moment, const json_t *event, const json_t *asset,
                     int64_t now_us, uint64_t names, struct error *err)
{
    rule_moment_begin(moment, now_us);
    if (rule_moment_add(moment, event, asset, names, err) < 0)
        return -1;
    rule_moment_end(moment);
    return 0;
}

void rule_moment_set(struct rule_moment *moment, const char *name, struct cel_value value)
{
    int slot = rule_env_slot(name);

    if (slot >= 0)
        moment->slots[slot] = value;
}

/* ---- evaluating ---- */

void rule_moment_enter(struct rule_moment *moment, const struct rule_document *rule)
{
    moment->rule = rule;
    moment->known = 0;
}

struct cel_value rule_moment_run(struct rule_moment *moment, const struct cel_program *program)
{
    struct cel_run run = {
        .slots = moment->slots, .arena = moment->arena, .budget = CEL_BUDGET_DEFAULT};

    return cel_program_run(program, &run);
}

/* A let names those above it only, so this ends. */
static void know_lets(struct rule_moment *moment, const struct rule_expression *expression)
{
    const int *slots;
    size_t count = cel_program_slots(expression->program, &slots);

    for (size_t i = count; i-- > 0 && slots[i] >= (int)rule_name_count;) {
        size_t which = 0;

        while (which < moment->rule->let_count && moment->rule->lets[which].slot != slots[i])
            which++;
        if (which == moment->rule->let_count || moment->known >> which & 1)
            continue;
        moment->known |= UINT32_C(1) << which;
        know_lets(moment, &moment->rule->lets[which].expression);
        moment->slots[slots[i]] =
            rule_moment_run(moment, moment->rule->lets[which].expression.program);
    }
}

struct cel_value rule_moment_value(struct rule_moment *moment,
                                   const struct rule_expression *expression)
{
    if (moment->rule && moment->rule->let_count)
        know_lets(moment, expression);
    return rule_moment_run(moment, expression->program);
}
