/* cel_macros.c - see cel_macros.h. The accumulator has a name that nobody can write, so that what
 * the caller wrote never sees it; each macro hides the one around it. */
#include "rules/cel/syntax/cel_macros.h"

#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/syntax/cel_tree.h"

#define OPTIONAL "@optional" /* the receiver of optMap: looked at twice, evaluated once */

struct macro;

/* A macro's call. */
struct use {
    struct cel_tree *tree;
    const struct macro *macro;
    uint32_t offset;
    struct cel_node *target;
    struct cel_node **args;
    size_t count;
};

struct macro {
    const char *name;
    const char *of; /* the name before the dot; NULL: any receiver; "": none */
    size_t least, most;
    struct cel_node *(*expand)(const struct use *use);
    const char *usage;
};

/* Told; the expression goes on with null in the macro's place. */
static struct cel_node *misused(const struct use *use, uint32_t offset, const char *why)
{
    cel_tree_fault(use->tree, offset, "%s; %s is written %s", why, use->macro->name,
                   use->macro->usage);
    return cel_tree_literal(use->tree, offset, cel_null());
}

static struct cel_node *named(const struct use *use, const char *name)
{
    return cel_tree_name(use->tree, use->offset, name);
}

static struct cel_node *literal(const struct use *use, struct cel_value value)
{
    return cel_tree_literal(use->tree, use->offset, value);
}

static struct cel_node *empty(const struct use *use, enum cel_node_kind kind)
{
    return cel_tree_aggregate(use->tree, use->offset, kind, NULL, 0, NULL);
}

/* let 'variable' be 'value' in 'body' */
static struct cel_node *let(const struct use *use, const char *variable, struct cel_node *value,
                            struct cel_node *body)
{
    struct cel_comprehension fold = {
        .var = CEL_UNUSED,
        .accu = variable,
        .range = empty(use, CEL_NODE_LIST),
        .init = value,
        .condition = literal(use, cel_bool(false)),
        .step = named(use, variable),
        .result = body,
    };

    return cel_tree_comprehension(use->tree, use->offset, &fold);
}

/* ---- variables ---- */

/* The name that an argument introduces. NULL: it is none. */
static const char *variable(const struct use *use, size_t index)
{
    const struct cel_node *arg = use->args[index];

    if (arg->kind != CEL_NODE_IDENT || arg->name[0] == '.')
        return NULL;
    return arg->name;
}

/* One or two of them. NULL: 'ret' is set; else what the macro becomes instead. */
static struct cel_node *variables(const struct use *use, size_t count,
                                  struct cel_comprehension *ret)
{
    ret->var = variable(use, 0);
    if (!ret->var)
        return misused(use, use->args[0]->offset, "a variable is a plain name");
    if (count < 2)
        return NULL;
    ret->var2 = variable(use, 1);
    if (!ret->var2)
        return misused(use, use->args[1]->offset, "a variable is a plain name");
    if (strcmp(ret->var, ret->var2) == 0)
        return misused(use, use->args[1]->offset, "two variables have two names");
    return NULL;
}

/* ---- over lists and maps ---- */

static struct cel_node *fold(const struct use *use, struct cel_comprehension *fold)
{
    fold->accu = CEL_ACCUMULATOR;
    fold->range = use->target;
    if (!fold->condition)
        fold->condition = literal(use, cel_bool(true));
    if (!fold->result)
        fold->result = named(use, CEL_ACCUMULATOR);
    return cel_tree_comprehension(use->tree, use->offset, fold);
}

static struct cel_node *expand_all(const struct use *use)
{
    struct cel_comprehension parts = {0};
    struct cel_node *wrong = variables(use, use->count - 1, &parts);

    if (wrong)
        return wrong;
    parts.init = literal(use, cel_bool(true));
    parts.condition =
        cel_tree_call1(use->tree, use->offset, CEL_NOT_STRICTLY_FALSE, named(use, CEL_ACCUMULATOR));
    parts.step = cel_tree_call2(use->tree, use->offset, "_&&_", named(use, CEL_ACCUMULATOR),
                                use->args[use->count - 1]);
    return fold(use, &parts);
}

static struct cel_node *expand_exists(const struct use *use)
{
    struct cel_comprehension parts = {0};
    struct cel_node *wrong = variables(use, use->count - 1, &parts);

    if (wrong)
        return wrong;
    parts.init = literal(use, cel_bool(false));
    parts.condition =
        cel_tree_call1(use->tree, use->offset, CEL_NOT_STRICTLY_FALSE,
                       cel_tree_call1(use->tree, use->offset, "!_", named(use, CEL_ACCUMULATOR)));
    parts.step = cel_tree_call2(use->tree, use->offset, "_||_", named(use, CEL_ACCUMULATOR),
                                use->args[use->count - 1]);
    return fold(use, &parts);
}

/* step where 'filter' holds, else the accumulator as it is */
static struct cel_node *filtered(const struct use *use, struct cel_node *filter,
                                 struct cel_node *step)
{
    return cel_tree_call3(use->tree, use->offset, "_?_:_", filter, step,
                          named(use, CEL_ACCUMULATOR));
}

static struct cel_node *expand_exists_one(const struct use *use)
{
    struct cel_comprehension parts = {0};
    struct cel_node *wrong = variables(use, use->count - 1, &parts);

    if (wrong)
        return wrong;
    parts.init = literal(use, cel_int(0));
    parts.step = filtered(use, use->args[use->count - 1],
                          cel_tree_call2(use->tree, use->offset, "_+_", named(use, CEL_ACCUMULATOR),
                                         literal(use, cel_int(1))));
    parts.result = cel_tree_call2(use->tree, use->offset, "_==_", named(use, CEL_ACCUMULATOR),
                                  literal(use, cel_int(1)));
    return fold(use, &parts);
}

/* accu + [value] */
static struct cel_node *appended(const struct use *use, struct cel_node *value)
{
    struct cel_element *element = cel_tree_grow(use->tree, NULL, 0, sizeof(*element));

    if (!element)
        return NULL;
    *element = (struct cel_element){.value = value};
    return cel_tree_call2(
        use->tree, use->offset, "_+_", named(use, CEL_ACCUMULATOR),
        cel_tree_aggregate(use->tree, use->offset, CEL_NODE_LIST, element, 1, NULL));
}

static struct cel_node *expand_filter(const struct use *use)
{
    struct cel_comprehension parts = {0};
    struct cel_node *wrong = variables(use, 1, &parts);

    if (wrong)
        return wrong;
    parts.init = empty(use, CEL_NODE_LIST);
    parts.step = filtered(use, use->args[1], appended(use, named(use, parts.var)));
    return fold(use, &parts);
}

/* The arguments are 'count' variables, perhaps a filter, and what each element becomes. */
static struct cel_node *transform(const struct use *use, size_t count, enum cel_node_kind kind,
                                  struct cel_node *(*step)(const struct use *use,
                                                           const struct cel_comprehension *parts))
{
    struct cel_comprehension parts = {0};
    struct cel_node *wrong = variables(use, count, &parts);

    if (wrong)
        return wrong;
    parts.init = empty(use, kind);
    parts.step = step(use, &parts);
    if (use->count == count + 2)
        parts.step = filtered(use, use->args[count], parts.step);
    return fold(use, &parts);
}

static struct cel_node *step_append(const struct use *use, const struct cel_comprehension *parts)
{
    (void)parts;
    return appended(use, use->args[use->count - 1]);
}

static struct cel_node *step_insert(const struct use *use, const struct cel_comprehension *parts)
{
    return cel_tree_call3(use->tree, use->offset, CEL_MAP_INSERT, named(use, CEL_ACCUMULATOR),
                          named(use, parts->var), use->args[use->count - 1]);
}

static struct cel_node *step_merge(const struct use *use, const struct cel_comprehension *parts)
{
    (void)parts;
    return cel_tree_call2(use->tree, use->offset, CEL_MAP_INSERT, named(use, CEL_ACCUMULATOR),
                          use->args[use->count - 1]);
}

static struct cel_node *expand_map(const struct use *use)
{
    return transform(use, 1, CEL_NODE_LIST, step_append);
}

static struct cel_node *expand_transform_list(const struct use *use)
{
    return transform(use, 2, CEL_NODE_LIST, step_append);
}

static struct cel_node *expand_transform_map(const struct use *use)
{
    return transform(use, 2, CEL_NODE_MAP, step_insert);
}

static struct cel_node *expand_transform_map_entry(const struct use *use)
{
    return transform(use, 2, CEL_NODE_MAP, step_merge);
}

/* ---- fields, names, optionals ---- */

static struct cel_node *expand_has(const struct use *use)
{
    const struct cel_node *arg = use->args[0];

    if (arg->kind != CEL_NODE_SELECT || arg->select.test)
        return misused(use, arg->offset, "has() asks for a field");
    return cel_tree_select(use->tree, arg->offset, arg->select.operand, arg->select.field, true);
}

static struct cel_node *expand_bind(const struct use *use)
{
    const char *name = variable(use, 0);

    if (!name)
        return misused(use, use->args[0]->offset, "a variable is a plain name");
    return let(use, name, use->args[1], use->args[2]);
}

/* @optional.function() */
static struct cel_node *asked(const struct use *use, const char *function)
{
    struct cel_node *receiver = named(use, OPTIONAL);

    return receiver ? cel_tree_call(use->tree, use->offset, function, receiver, NULL, 0) : NULL;
}

static struct cel_node *none(const struct use *use)
{
    return cel_tree_call(use->tree, use->offset, "optional.none", NULL, NULL, 0);
}

static struct cel_node *opt(const struct use *use, bool flat)
{
    const char *name = variable(use, 0);
    struct cel_node *body;

    if (!name)
        return misused(use, use->args[0]->offset, "a variable is a plain name");
    body = let(use, name, asked(use, "value"), use->args[1]);
    if (!flat)
        body = cel_tree_call1(use->tree, use->offset, "optional.of", body);
    return let(
        use, OPTIONAL, use->target,
        cel_tree_call3(use->tree, use->offset, "_?_:_", asked(use, "hasValue"), body, none(use)));
}

static struct cel_node *expand_opt_map(const struct use *use)
{
    return opt(use, false);
}

static struct cel_node *expand_opt_flat_map(const struct use *use)
{
    return opt(use, true);
}

/* ---- what optimizers of expressions write ---- */

#define NUMBER_MAX 9999

/* A small number that an argument is; -1: it is none. */
static int number(const struct use *use, size_t index)
{
    const struct cel_node *arg = use->args[index];

    if (arg->kind != CEL_NODE_LITERAL || !cel_is(arg->literal, CEL_INT) ||
        arg->literal.integer < 0 || arg->literal.integer > NUMBER_MAX)
        return -1;
    return (int)arg->literal.integer;
}

static const char *numbered(const struct use *use, const char *prefix, int first, int second)
{
    char text[64];

    if (second < 0)
        snprintf(text, sizeof(text), "@%s%d", prefix, first);
    else
        snprintf(text, sizeof(text), "@%s:%d:%d", prefix, first, second);
    return cel_tree_text(use->tree, text, strlen(text));
}

/* cel.block([a, b], result): let @index0 be a, @index1 be b, in result */
static struct cel_node *expand_block(const struct use *use)
{
    const struct cel_node *list = use->args[0];
    struct cel_node *body = use->args[1];

    if (list->kind != CEL_NODE_LIST)
        return misused(use, list->offset, "the values of a block are a list");
    for (size_t i = list->aggregate.count; i-- > 0;) {
        if (list->aggregate.elements[i].optional)
            return misused(use, list->offset, "the values of a block are not optional");
        body =
            let(use, numbered(use, "index", (int)i, -1), list->aggregate.elements[i].value, body);
    }
    return body;
}

static struct cel_node *expand_index(const struct use *use)
{
    int first = number(use, 0);

    if (first < 0)
        return misused(use, use->offset, "an index is a number from 0");
    return named(use, numbered(use, "index", first, -1));
}

static struct cel_node *numbered_variable(const struct use *use, const char *prefix)
{
    int first = number(use, 0), second = number(use, 1);

    if (first < 0 || second < 0)
        return misused(use, use->offset, "depth and index are numbers from 0");
    return named(use, numbered(use, prefix, first, second));
}

static struct cel_node *expand_iter_var(const struct use *use)
{
    return numbered_variable(use, "it");
}

static struct cel_node *expand_accu_var(const struct use *use)
{
    return numbered_variable(use, "ac");
}

/* ---- which it is ---- */

static const struct macro macros[] = {
    {"has", "", 1, 1, expand_has, "has(value.field)"},
    {"all", NULL, 2, 3, expand_all, "list.all(x, condition) or list.all(i, x, condition)"},
    {"exists", NULL, 2, 3, expand_exists,
     "list.exists(x, condition) or list.exists(i, x, condition)"},
    {"exists_one", NULL, 2, 3, expand_exists_one,
     "list.exists_one(x, condition) or list.exists_one(i, x, condition)"},
    {"existsOne", NULL, 2, 3, expand_exists_one,
     "list.existsOne(x, condition) or list.existsOne(i, x, condition)"},
    {"map", NULL, 2, 3, expand_map, "list.map(x, value) or list.map(x, condition, value)"},
    {"filter", NULL, 2, 2, expand_filter, "list.filter(x, condition)"},
    {"transformList", NULL, 3, 4, expand_transform_list,
     "list.transformList(i, x, value) or list.transformList(i, x, condition, value)"},
    {"transformMap", NULL, 3, 4, expand_transform_map,
     "map.transformMap(k, v, value) or map.transformMap(k, v, condition, value)"},
    {"transformMapEntry", NULL, 3, 4, expand_transform_map_entry,
     "map.transformMapEntry(k, v, {key: value}) or map.transformMapEntry(k, v, condition, "
     "{key: value})"},
    {"optMap", NULL, 2, 2, expand_opt_map, "optional.optMap(x, value)"},
    {"optFlatMap", NULL, 2, 2, expand_opt_flat_map, "optional.optFlatMap(x, optional value)"},
    {"bind", "cel", 3, 3, expand_bind, "cel.bind(name, value, expression)"},
    {"block", "cel", 2, 2, expand_block, "cel.block([values], expression)"},
    {"index", "cel", 1, 1, expand_index, "cel.index(number)"},
    {"iterVar", "cel", 2, 2, expand_iter_var, "cel.iterVar(depth, index)"},
    {"accuVar", "cel", 2, 2, expand_accu_var, "cel.accuVar(depth, index)"},
};

const char *cel_macros_name(size_t index)
{
    return index < sizeof(macros) / sizeof(macros[0]) ? macros[index].name : NULL;
}

static bool is_of(const struct macro *macro, const struct cel_node *target)
{
    if (!macro->of)
        return target;
    if (!*macro->of)
        return !target;
    return target && target->kind == CEL_NODE_IDENT && strcmp(target->name, macro->of) == 0;
}

/* Whether a function of this name is there to be called in the macro's stead. */
static bool is_function(const struct cel_tree *tree, const struct macro *macro)
{
    size_t count;

    cel_env_signatures(tree->env, macro->name, &count);
    return count > 0;
}

struct cel_node *cel_macros_expand(struct cel_tree *tree, struct cel_node *call)
{
    for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
        struct use use = {.tree = tree,
                          .macro = &macros[i],
                          .offset = call->offset,
                          .target = call->call.target,
                          .args = call->call.args,
                          .count = call->call.count};

        if (strcmp(macros[i].name, call->call.function) != 0 || !is_of(&macros[i], use.target))
            continue;
        if (use.count >= macros[i].least && use.count <= macros[i].most)
            return macros[i].expand(&use);
        return is_function(tree, &macros[i])
                   ? call
                   : misused(&use, use.offset, "wrong number of arguments");
    }
    return call;
}
