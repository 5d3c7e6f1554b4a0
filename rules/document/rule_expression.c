/* rule_expression.c - see rule_expression.h. Invariant: an expression that was read has a program
 * whose value may be what its place asks for, and which reads no name of another place.
 */
#include "rules/document/rule_expression.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/yaml.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_program.h"
#include "rules/cel/cel_type.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_source.h"

#define CONSTANT_BYTES_MAX (64 * 1024) /* of the value of an expression that names nothing */
#define CONSTANT_BUDGET 10000

static int refuse(const struct rule_place *place, const struct yaml_node *scalar, size_t offset,
                  const char *message)
{
    unsigned line, column;

    rule_source_place(place->source, scalar, offset, &line, &column);
    return rule_issues_add(place->issues, line, column, "%s", message);
}

/* CEL tells want of memory in its words, and so the cap of an arena, which is the expression's
 * fault: only the first leaves its mark in errno, which the caller has cleared. */
static bool memory_ran_out(void)
{
    return errno == ENOMEM;
}

/* What CEL has to say, at its place in the file. */
static void tell(const struct rule_place *place, const struct yaml_node *scalar,
                 const struct cel_issues *issues)
{
    if (memory_ran_out()) {
        rule_issues_no_memory(place->issues);
        return;
    }
    for (size_t i = 0; i < issues->count && i < CEL_ISSUES_MAX; i++)
        if (issues->items[i].message)
            refuse(place, scalar, issues->items[i].offset, issues->items[i].message);
        else
            rule_issues_no_memory(place->issues);
}

/* ---- the value's type ---- */

static bool is_kind(const struct cel_type *type, const enum cel_kind *kinds)
{
    for (; *kinds != CEL_ABSENT; kinds++)
        if (type->kind == *kinds)
            return true;
    return false;
}

/* What an optional holds, where one may stand: "text?". */
static const struct cel_type *inner_of(const struct cel_type *type, const char *wanted)
{
    bool optional = wanted[strlen(wanted) - 1] == '?' && type->form == CEL_TYPE_KIND &&
                    type->kind == CEL_OPTIONAL && type->count == 1;

    return optional ? type->parameters[0] : type;
}

static bool fits(const struct cel_type *type, const char *wanted)
{
    static const enum cel_kind keys[] = {CEL_BOOL,   CEL_INT,       CEL_UINT,
                                         CEL_STRING, CEL_TIMESTAMP, CEL_ABSENT};
    static const enum cel_kind texts[] = {CEL_STRING, CEL_INT,  CEL_UINT,
                                          CEL_DOUBLE, CEL_BOOL, CEL_ABSENT};
    static const enum cel_kind numbers[] = {CEL_INT, CEL_UINT, CEL_DOUBLE, CEL_ABSENT};
    static const enum cel_kind moments[] = {CEL_TIMESTAMP, CEL_STRING, CEL_ABSENT};
    static const enum cel_kind counts[] = {CEL_INT, CEL_UINT, CEL_ABSENT};
    static const enum cel_kind maps[] = {CEL_MAP, CEL_ABSENT};
    static const enum cel_kind labels[] = {CEL_MAP, CEL_LIST, CEL_ABSENT};
    static const enum cel_kind lists[] = {CEL_LIST, CEL_ABSENT};
    static const struct {
        const char *wanted;
        const enum cel_kind *kinds;
    } forms[] = {{"key", keys},       {"text", texts},      {"text?", texts},
                 {"number", numbers}, {"moment?", moments}, {"count?", counts},
                 {"map?", maps},      {"labels?", labels},  {"list", lists}};

    type = inner_of(type, wanted);
    if (type->form == CEL_TYPE_DYN || strcmp(wanted, "any") == 0)
        return true;
    if (type->form != CEL_TYPE_KIND)
        return false;
    if (wanted[strlen(wanted) - 1] == '?' && type->kind == CEL_NULL)
        return true;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(wanted, forms[i].wanted) == 0)
            return is_kind(type, forms[i].kinds);
    return cel_type_equal(type, cel_type_of(strcmp(wanted, "bool") == 0  ? CEL_BOOL
                                            : strcmp(wanted, "int") == 0 ? CEL_INT
                                                                         : CEL_STRING));
}

static int check_type(const struct rule_place *place, const struct yaml_node *scalar,
                      const struct cel_type *type)
{
    static const struct {
        const char *type, *words;
    } words[] = {{"bool", "a bool"},
                 {"int", "an int"},
                 {"string", "a string"},
                 {"number", "a number"},
                 {"key", "a bool, an int, a string or a timestamp"},
                 {"text", "a string, a number or a bool"},
                 {"text?", "a string, a number or a bool"},
                 {"moment?", "a timestamp or a string"},
                 {"count?", "an int"},
                 {"map?", "a map"},
                 {"labels?", "a map, or a list of maps"},
                 {"list", "a list"}};
    struct text message = {0};
    size_t i = 0;
    int rc;

    if (fits(type, place->type))
        return 0;
    while (strcmp(words[i].type, place->type) != 0)
        i++;
    text_format(&message, "must be %s, and this is ", words[i].words);
    cel_type_write(type, &message);
    rc = text_ok(&message) ? refuse(place, scalar, 0, text_string(&message))
                           : rule_issues_no_memory(place->issues);
    text_clear(&message);
    return rc;
}

/* ---- what it names, what it costs ---- */

static unsigned slot_of(const struct rule_vocabulary *words, int slot)
{
    return (size_t)slot < words->count ? words->names[slot].of : words->lets;
}

/* All places share one environment; what is foreign to this one is told where its text stands. */
static int check_names(const struct rule_place *place, const struct yaml_node *scalar,
                       const struct cel_program *program)
{
    const int *slots;
    size_t count = cel_program_slots(program, &slots);
    int rc = 0;

    for (size_t i = 0; i < count; i++) {
        const char *name = cel_env_slot_name(place->env, slots[i]), *found;
        struct text message = {0};

        if (slot_of(place->words, slots[i]) & place->names)
            continue;
        found = strstr(scalar->text, name);
        text_format(&message, "%s %s", name,
                    place->words->wrong_place(slot_of(place->words, slots[i])));
        rc = text_ok(&message) ? refuse(place, scalar, found ? (size_t)(found - scalar->text) : 0,
                                        text_string(&message))
                               : rule_issues_no_memory(place->issues);
        text_clear(&message);
    }
    return rc;
}

static int check_cost(const struct rule_place *place, const struct yaml_node *scalar,
                      const struct cel_program *program)
{
    errno = 0;
    if (cel_program_cost(program, RULE_SIZE_ASSUMED) <= CEL_BUDGET_DEFAULT)
        return 0;
    if (memory_ran_out())
        return rule_issues_no_memory(place->issues);
    return refuse(
        place, scalar, 0,
        "could cost more than one evaluation may: nest fewer all, exists, filter and map");
}

int rule_expression_read(const struct rule_place *place, const struct yaml_node *scalar,
                         struct rule_expression *ret)
{
    struct rule_expression fresh = {0};
    struct cel_issues issues = {0};

    if (!scalar->text[strspn(scalar->text, " \t\r\n")])
        return rule_issues_add(place->issues, scalar->line, scalar->column,
                               "the expression is empty");
    errno = 0;
    fresh.program =
        cel_program_compile(place->env, scalar->text, strlen(scalar->text), NULL, &issues);
    if (!fresh.program)
        tell(place, scalar, &issues);
    cel_issues_clear(&issues);
    if (!fresh.program || check_type(place, scalar, cel_program_type(fresh.program)) < 0 ||
        check_names(place, scalar, fresh.program) < 0 ||
        check_cost(place, scalar, fresh.program) < 0)
        goto fail;
    if (!(fresh.text = strdup(scalar->text))) {
        rule_issues_no_memory(place->issues);
        goto fail;
    }
    rule_source_place(place->source, scalar, 0, &fresh.line, &fresh.column);
    *ret = fresh;
    return 0;
fail:
    rule_expression_clear(&fresh);
    return -1;
}

void rule_expression_clear(struct rule_expression *expression)
{
    free(expression->text);
    cel_program_destroy(expression->program);
    *expression = (struct rule_expression){0};
}

void rule_key_clear(struct rule_key *key)
{
    for (size_t i = 0; i < key->count; i++)
        rule_expression_clear(&key->parts[i]);
    free(key->parts);
    *key = (struct rule_key){0};
}

/* ---- constants ---- */

int rule_expression_is_constant(const struct rule_expression *expression)
{
    const int *slots;

    return cel_program_slots(expression->program, &slots) == 0;
}

/* NULL, or why the value has no text. */
static const char *write_value(struct cel_run *run, struct cel_value value, size_t *ret_offset,
                               struct text *out)
{
    static const enum cel_kind texts[] = {CEL_STRING, CEL_INT, CEL_UINT, CEL_DOUBLE, CEL_BOOL};
    bool has_text = false;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        has_text = has_text || cel_is(value, texts[i]);
    if (cel_is(value, CEL_ERROR)) {
        *ret_offset = value.extra == CEL_NOWHERE ? 0 : value.extra;
        return value.text;
    }
    value = has_text ? cel_as_string(run, value) : value;
    if (cel_is(value, CEL_ERROR))
        return value.text;
    if (!cel_is(value, CEL_STRING))
        return "must be a string, a number or a bool";
    if (value.extra && memchr(value.text, '\0', value.extra))
        return "the character NUL is not allowed";
    text_append(out, value.text, value.extra);
    return NULL;
}

int rule_expression_text(const struct rule_place *place, const struct yaml_node *scalar,
                         const struct rule_expression *expression, struct text *out)
{
    struct cel_run run = {.arena = cel_arena_create(CONSTANT_BYTES_MAX), .budget = CONSTANT_BUDGET};
    size_t offset = 0;
    const char *why;
    int rc = 0;

    if (!run.arena)
        return rule_issues_no_memory(place->issues);
    errno = 0;
    why = write_value(&run, cel_program_run(expression->program, &run), &offset, out);
    if (why)
        rc = memory_ran_out() ? rule_issues_no_memory(place->issues)
                              : refuse(place, scalar, offset, why);
    else if (!text_ok(out))
        rc = rule_issues_no_memory(place->issues);
    cel_arena_destroy(run.arena);
    return rc;
}
