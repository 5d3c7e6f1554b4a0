/* rule_explain.c - see rule_explain.h. Nearest: of the rules of the event's type whose scope holds,
 * the one with most leading parts of its match true; when none's does, the one with most of its
 * scope right. Of equals the first in the order of acting. Beyond LOOKED_INTO_MAX matches nobody
 * looks: a thousand rules of one type would cost a second.
 */
#include "rules/engine/rule_explain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/cel_time.h"
#include "rules/document/rule_names.h"
#include "rules/engine/rule_finding.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_names_read.h"
#include "rules/engine/rule_parts.h"
#include "rules/engine/rule_set.h"

#define SHOWN_MAX 64       /* bytes of a value */
#define LOOKED_INTO_MAX 32 /* matches that are taken apart */

void rule_explain_finding(const struct rule_set *set, const struct rule_finding *finding,
                          struct text *out)
{
    struct cel_arena *arena = cel_arena_create(4096);
    struct cel_value until = {0};

    text_format(out, "%s: %s", rule_set_at(set, finding->rule)->document->id,
                rule_ending_name(finding->ending));
    if (arena && finding->until_us)
        until = cel_timestamp_text(arena, rule_moment_timestamp(finding->until_us));
    if (cel_is(until, CEL_STRING))
        text_format(out, " until %.*s", (int)until.extra, until.text);
    if (finding->words[0])
        text_format(out, ": %s", finding->words);
    cel_arena_destroy(arena);
}

/* ---- values ---- */

static void show(struct rule_moment *moment, struct cel_value value, struct text *out)
{
    struct cel_run run = {.arena = moment->arena, .budget = CEL_BUDGET_DEFAULT};
    bool quoted = cel_is(value, CEL_STRING);
    char outside[SHOWN_MAX + 1], safe[TEXT_SHOW_SIZE];
    size_t length;

    if (cel_is(value, CEL_ABSENT)) {
        text_format(out, "not given");
        return;
    }
    if (!quoted && !cel_is(value, CEL_LIST) && !cel_is(value, CEL_MAP))
        value = cel_as_string(&run, value);
    if (!cel_is(value, CEL_STRING)) {
        text_format(out, "a %s", cel_kind_name(value.kind));
        return;
    }
    length = value.extra < SHOWN_MAX ? value.extra : SHOWN_MAX;
    memcpy(outside, value.text, length);
    outside[length] = '\0';
    text_format(out, "%s%s%s", quoted ? "'" : "", text_show(outside, safe), quoted ? "'" : "");
}

/* A piece of a rule's match by itself; CEL_ABSENT: it is none. */
static struct cel_value value_of(struct rule_moment *moment, const struct rule_document *rule,
                                 const char *text, size_t length)
{
    struct cel_issues issues = {0};
    struct rule_expression expression = {
        .program = cel_program_compile(rule->env, text, length, NULL, &issues)};
    struct cel_value value = {0};

    cel_issues_clear(&issues);
    if (!expression.program)
        return value;
    rule_moment_enter(moment, rule);
    value = rule_moment_value(moment, &expression);
    /* What lives in the program goes with it: texts of constants. */
    if (cel_is(value, CEL_STRING)) {
        char *copy = cel_arena_copy(moment->arena, value.text, value.extra);

        value = copy ? cel_string(copy, value.extra) : (struct cel_value){0};
    } else if (cel_is(value, CEL_ERROR)) {
        char *copy = cel_arena_copy(moment->arena, value.text, strlen(value.text));

        value = cel_error(copy ? copy : "");
    }
    cel_program_destroy(expression.program);
    return value;
}

/* ---- how near ---- */

struct nearness {
    const struct rule_in_set *rule;
    const struct rule_wanted *wanted; /* of its scope, that is not so; NULL: its match is not */
    struct rule_part part;
    size_t scope, parts; /* that hold */
};

static bool is_nearer(const struct nearness *a, const struct nearness *b)
{
    if (!b->rule || !a->wanted != !b->wanted)
        return !b->rule || !a->wanted;
    return a->wanted ? a->scope > b->scope : a->parts > b->parts;
}

static bool has_text(const struct rule_wanted *wanted, struct cel_value value)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (cel_value_equal(value, wanted->texts[i]))
            return true;
    return false;
}

static struct nearness look(struct rule_moment *moment, const struct rule_in_set *rule)
{
    const char *text = rule->document->match.text;
    struct nearness near = {.rule = rule};
    struct rule_part parts[RULE_PARTS_MAX];
    bool told = false; /* the first that is false; what has no value is absorbed by it */
    size_t count;

    for (size_t i = 0; i < rule->wanted_count; i++)
        if (has_text(rule->wanted[i], moment->slots[rule->wanted[i]->slot]))
            near.scope++;
        else if (!near.wanted)
            near.wanted = rule->wanted[i];
    if (near.wanted || !text)
        return near;
    count = rule_parts_split(text, parts);
    for (size_t i = 0; i < count; i++) {
        struct cel_value value =
            value_of(moment, rule->document, text + parts[i].offset, parts[i].length);
        bool is_false = cel_is(value, CEL_BOOL) && !value.boolean;

        if (cel_is(value, CEL_BOOL) && value.boolean)
            near.parts++;
        else if (near.part.length == 0 || (is_false && !told))
            near.part = parts[i];
        told = told || is_false;
    }
    return near;
}

static bool is_of_type(const struct rule_document *rule, struct cel_value type)
{
    const struct rule_strings *types = &rule->scope[RULE_TYPE];

    for (size_t i = 0; i < types->count; i++)
        if (cel_value_equal(type, cel_string(types->items[i], strlen(types->items[i]))))
            return true;
    return false;
}

/* ---- words ---- */

static void tell_scope(struct rule_moment *moment, const struct nearness *near, struct text *out)
{
    text_format(out, "its scope wants %s ", rule_names[near->wanted->slot].name);
    for (size_t i = 0; i < near->wanted->count && i < 5; i++)
        text_format(out, "%s'%s'", i ? ", " : "", near->wanted->texts[i].text);
    text_format(out, "%s, and it is ", near->wanted->count > 5 ? " or others" : "");
    show(moment, moment->slots[near->wanted->slot], out);
}

static void tell_match(struct rule_moment *moment, const struct nearness *near, struct text *out)
{
    const struct rule_document *rule = near->rule->document;
    const char *text = rule->match.text + near->part.offset;
    struct cel_value value = value_of(moment, rule, text, near->part.length), left;

    text_format(out, "%.*s ", (int)near->part.length, text);
    if (cel_is(value, CEL_ERROR)) {
        text_format(out, "has no value: %s", value.text);
        return;
    }
    text_format(out, "is false");
    if (near->part.left == 0)
        return;
    left = value_of(moment, rule, text, near->part.left);
    if (cel_is(left, CEL_ABSENT) || cel_is(left, CEL_ERROR))
        return;
    text_format(out, ", %.*s is ", (int)near->part.left, text);
    show(moment, left, out);
}

void rule_explain_none(const struct rule_set *set, struct rule_moment *moment, struct text *out)
{
    struct cel_value type = moment->slots[RULE_SLOT_TYPE];
    struct nearness best = {0};
    size_t looked = 0;

    for (uint32_t i = 0; i < rule_set_count(set); i++) {
        const struct rule_in_set *rule = rule_set_at(set, i);
        struct nearness near;

        if (rule->shadow || !is_of_type(rule->document, type) || looked == LOOKED_INTO_MAX)
            continue;
        near = look(moment, rule);
        looked += !near.wanted;
        if (is_nearer(&near, &best))
            best = near;
    }
    if (!best.rule) {
        text_format(out, "no rule is for events of type ");
        show(moment, type, out);
        return;
    }
    text_format(out, "no rule is for it; the nearest is %s: ", best.rule->document->id);
    if (best.wanted)
        tell_scope(moment, &best, out);
    else if (best.rule->document->match.text)
        tell_match(moment, &best, out);
    else
        text_format(out, "it takes alerts that are not resolved");
}
