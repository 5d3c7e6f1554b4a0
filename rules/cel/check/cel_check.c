/* cel_check.c - cel_check() of cel_check.h: one walk that finds types from the leaves up, then one
 * that puts what became of its variables into the nodes. See cel_checker.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/check/cel_checker.h"
#include "rules/cel/syntax/cel_tree.h"

/* ---- messages ---- */

const struct cel_type *cel_checker_fault(struct cel_checker *checker, uint32_t offset,
                                         const char *format, ...)
{
    char text[1024];
    va_list words;

    if (checker->infer.exhausted) /* what it found since then is not true */
        return &cel_type_dyn;
    va_start(words, format);
    vsnprintf(text, sizeof(text), format, words);
    va_end(words);
    text_mend_utf8(text);
    cel_issues_add(checker->issues, checker->source, checker->length, offset, "%s", text);
    return &cel_type_dyn;
}

const char *cel_checker_show(struct cel_checker *checker, const struct cel_type *const *types,
                             size_t count, char out[CEL_SHOWN_MAX])
{
    struct text text = {0};

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_format(&text, ", ");
        cel_type_write(cel_infer_final(&checker->infer, types[i]), &text);
    }
    if (text.length < CEL_SHOWN_MAX)
        snprintf(out, CEL_SHOWN_MAX, "%s", text_string(&text));
    else
        snprintf(out, CEL_SHOWN_MAX, "%.*s...", CEL_SHOWN_MAX - 4, text_string(&text));
    text_clear(&text);
    return out;
}

/* ---- names and fields ---- */

/* The first name of what is left when all fields are taken off. */
static const struct cel_node *leftmost(const struct cel_node *node)
{
    while (node->kind == CEL_NODE_SELECT)
        node = node->select.operand;
    return node;
}

static const struct cel_type *of_resolved(struct cel_checker *checker, const struct cel_node *node)
{
    struct cel_infer_names known = {0};

    if (node->kind == CEL_NODE_SELECT && node->select.test)
        return cel_type_of(CEL_BOOL);
    if (node->type_value)
        return cel_infer_of(&checker->infer, CEL_TYPE, cel_type_named(node->type_value), NULL);
    return cel_infer_instance(&checker->infer, cel_env_slot_type(checker->env, node->slot), &known);
}

/* The name a.b.c of which no part is known. */
static bool is_unknown(const struct cel_scope *scope, const struct cel_node *node,
                       char name[CEL_DOTTED_MAX])
{
    if (!cel_scope_dotted(scope, node, name))
        return false;
    for (; node->kind == CEL_NODE_SELECT; node = node->select.operand) {
        if (node->slot >= 0 || node->type_value)
            return false;
    }
    return node->slot < 0 && !node->type_value;
}

const struct cel_type *cel_checker_field(struct cel_checker *checker, const struct cel_type *type,
                                         const struct cel_node *node, const char *field)
{
    char shown[CEL_SHOWN_MAX];

    type = cel_infer_known(type);
    if (type->form == CEL_TYPE_DYN)
        return type;
    if (type->form == CEL_TYPE_PARAMETER) {
        /* Of something unknown so far: nothing that is found out later may narrow it. */
        cel_infer_assignable(&checker->infer, &cel_type_dyn, type);
        return &cel_type_dyn;
    }
    if (type->form == CEL_TYPE_KIND && type->kind == CEL_MAP) {
        const struct cel_type *text = cel_type_of(CEL_STRING);

        if (cel_infer_assignable(&checker->infer, text, type->parameters[0]))
            return type->parameters[1];
        return cel_checker_fault(checker, node->offset,
                                 "a %s has no field '%s': its keys are no strings",
                                 cel_checker_show(checker, &type, 1, shown), field);
    }
    return cel_checker_fault(checker, node->offset, "a value of type %s has no field '%s'",
                             cel_checker_show(checker, &type, 1, shown), field);
}

static const struct cel_type *check_select(struct cel_checker *checker,
                                           const struct cel_scope *scope, struct cel_node *node)
{
    const struct cel_type *type, *field;
    char name[CEL_DOTTED_MAX];

    if (node->slot >= 0 || node->type_value)
        return of_resolved(checker, node);
    if (is_unknown(scope, node, name)) {
        cel_checker_unknown(checker, scope, leftmost(node)->offset, name);
        return node->select.test ? cel_type_of(CEL_BOOL) : &cel_type_dyn;
    }
    type = cel_infer_known(cel_checker_node(checker, scope, node->select.operand));
    if (type->form == CEL_TYPE_KIND && type->kind == CEL_OPTIONAL) {
        field = cel_checker_field(checker, type->parameters[0], node, node->select.field);
        field = cel_infer_of(&checker->infer, CEL_OPTIONAL, field, NULL);
    } else {
        field = cel_checker_field(checker, type, node, node->select.field);
    }
    return node->select.test ? cel_type_of(CEL_BOOL) : field;
}

static const struct cel_type *check_name(struct cel_checker *checker, const struct cel_scope *scope,
                                         const struct cel_node *node)
{
    const struct cel_scope *local;

    if (node->slot >= 0 || node->type_value)
        return of_resolved(checker, node);
    local = cel_scope_find(scope, node->name);
    return local ? local->type : cel_checker_unknown(checker, scope, node->offset, node->name);
}

/* ---- lists and maps ---- */

/* What an element written with '?' adds. */
static const struct cel_type *unwrapped(struct cel_checker *checker, const struct cel_node *node,
                                        const struct cel_type *type)
{
    const struct cel_type *inner = cel_infer_fresh(&checker->infer);
    char shown[CEL_SHOWN_MAX];

    if (cel_infer_assignable(&checker->infer, type,
                             cel_infer_of(&checker->infer, CEL_OPTIONAL, inner, NULL)))
        return cel_infer_known(type)->form == CEL_TYPE_DYN ? &cel_type_dyn : inner;
    return cel_checker_fault(checker, node->offset, "behind '?' stands an optional, found %s",
                             cel_checker_show(checker, &type, 1, shown));
}

const struct cel_type *cel_checker_element(struct cel_checker *checker,
                                           const struct cel_scope *scope,
                                           struct cel_element *element)
{
    const struct cel_type *type = cel_checker_node(checker, scope, element->value);

    return element->optional ? unwrapped(checker, element->value, type) : type;
}

static const struct cel_type *check_list(struct cel_checker *checker, const struct cel_scope *scope,
                                         struct cel_node *node)
{
    const struct cel_type *type = NULL;

    for (size_t i = 0; i < node->aggregate.count; i++)
        type = cel_infer_join(&checker->infer, type,
                              cel_checker_element(checker, scope, &node->aggregate.elements[i]));
    return cel_infer_of(&checker->infer, CEL_LIST, type ? type : cel_infer_fresh(&checker->infer),
                        NULL);
}

/* Bool, int, uint and string are keys; what may be one of them is left to the evaluation. */
static void check_key(struct cel_checker *checker, const struct cel_node *node,
                      const struct cel_type *type)
{
    char shown[CEL_SHOWN_MAX];

    type = cel_infer_known(type);
    if (type->form == CEL_TYPE_DYN || type->form == CEL_TYPE_PARAMETER)
        return;
    if (type->form == CEL_TYPE_KIND && (type->kind == CEL_BOOL || type->kind == CEL_INT ||
                                        type->kind == CEL_UINT || type->kind == CEL_STRING))
        return;
    cel_checker_fault(checker, node->offset, "a map's key is a bool, int, uint or string, found %s",
                      cel_checker_show(checker, &type, 1, shown));
}

static const struct cel_type *check_map(struct cel_checker *checker, const struct cel_scope *scope,
                                        struct cel_node *node)
{
    const struct cel_type *key = NULL, *value = NULL;

    for (size_t i = 0; i < node->aggregate.count; i++) {
        struct cel_element *element = &node->aggregate.elements[i];
        const struct cel_type *type = cel_checker_node(checker, scope, element->key);

        check_key(checker, element->key, type);
        key = cel_infer_join(&checker->infer, key, type);
        value =
            cel_infer_join(&checker->infer, value, cel_checker_element(checker, scope, element));
    }
    return cel_infer_of(&checker->infer, CEL_MAP, key ? key : cel_infer_fresh(&checker->infer),
                        value ? value : cel_infer_fresh(&checker->infer));
}

/* ---- comprehensions ---- */

void cel_checker_bool(struct cel_checker *checker, const struct cel_scope *scope,
                      struct cel_node *node)
{
    const struct cel_type *type = cel_checker_node(checker, scope, node);
    char shown[CEL_SHOWN_MAX];

    if (!cel_infer_assignable(&checker->infer, type, cel_type_of(CEL_BOOL)))
        cel_checker_fault(checker, node->offset, "expected bool, found %s",
                          cel_checker_show(checker, &type, 1, shown));
}

/* The types of the variables over a range. */
static void check_range(struct cel_checker *checker, const struct cel_scope *scope,
                        struct cel_comprehension *fold, const struct cel_type **ret_var,
                        const struct cel_type **ret_var2)
{
    const struct cel_type *range = cel_infer_known(cel_checker_node(checker, scope, fold->range));
    char shown[CEL_SHOWN_MAX];

    *ret_var = *ret_var2 = &cel_type_dyn;
    if (range->form == CEL_TYPE_KIND && range->kind == CEL_LIST) {
        *ret_var = fold->var2 ? cel_type_of(CEL_INT) : range->parameters[0];
        *ret_var2 = range->parameters[0];
    } else if (range->form == CEL_TYPE_KIND && range->kind == CEL_MAP) {
        *ret_var = range->parameters[0];
        *ret_var2 = range->parameters[1];
    } else if (range->form == CEL_TYPE_PARAMETER) {
        cel_infer_assignable(&checker->infer, &cel_type_dyn, range);
    } else if (range->form != CEL_TYPE_DYN) {
        cel_checker_fault(checker, fold->range->offset,
                          "this goes over the elements of a list or a map, found %s",
                          cel_checker_show(checker, &range, 1, shown));
    }
}

static const struct cel_type *check_comprehension(struct cel_checker *checker,
                                                  const struct cel_scope *scope,
                                                  const struct cel_node *node,
                                                  struct cel_comprehension *fold)
{
    struct cel_scope accu = {.outer = scope, .name = fold->accu};
    struct cel_scope var = {.outer = &accu, .name = fold->var};
    struct cel_scope var2 = {.outer = &var, .name = fold->var2 ? fold->var2 : fold->var};
    const struct cel_type *types[2];
    char shown[CEL_SHOWN_MAX];

    check_range(checker, scope, fold, &var.type, &var2.type);
    if (!fold->var2)
        var2.type = var.type;
    accu.type = cel_checker_node(checker, scope, fold->init);
    cel_checker_bool(checker, &var2, fold->condition);
    types[0] = accu.type;
    types[1] = cel_checker_node(checker, &var2, fold->step);
    if (!cel_infer_assignable(&checker->infer, types[1], types[0]))
        cel_checker_fault(checker, node->offset, "what this gathers changes its type: %s",
                          cel_checker_show(checker, types, 2, shown));
    return cel_checker_node(checker, &accu, fold->result);
}

/* ---- the walk ---- */

static const struct cel_type *check(struct cel_checker *checker, const struct cel_scope *scope,
                                    struct cel_node *node)
{
    switch (node->kind) {
    case CEL_NODE_LITERAL:
        return cel_type_of(node->literal.kind);
    case CEL_NODE_IDENT:
        return check_name(checker, scope, node);
    case CEL_NODE_SELECT:
        return check_select(checker, scope, node);
    case CEL_NODE_CALL:
        return cel_checker_call(checker, scope, node);
    case CEL_NODE_LIST:
        return check_list(checker, scope, node);
    case CEL_NODE_MAP:
        return check_map(checker, scope, node);
    case CEL_NODE_MESSAGE:
        return cel_checker_message(checker, scope, node);
    case CEL_NODE_COMPREHENSION:
        return check_comprehension(checker, scope, node, &node->comprehension);
    }
    return &cel_type_dyn;
}

const struct cel_type *cel_checker_node(struct cel_checker *checker, const struct cel_scope *scope,
                                        struct cel_node *node)
{
    node->type = check(checker, scope, node);
    return node->type;
}

/* Parts of a dotted name have no type of their own; they are told that they are dyn. */
static void finish(void *context, struct cel_node *node)
{
    struct cel_checker *checker = context;

    node->type = node->type ? cel_infer_final(&checker->infer, node->type) : &cel_type_dyn;
    cel_tree_children(node, finish, checker);
}

int cel_check(const struct cel_env *env, struct cel_node *tree, const char *source, size_t length,
              struct cel_arena *arena, struct cel_issues *issues)
{
    struct cel_checker checker = {.env = env,
                                  .source = source,
                                  .length = length,
                                  .issues = issues,
                                  .infer = {.arena = arena}};
    size_t before = issues->count;

    cel_resolve(env, tree);
    cel_checker_node(&checker, NULL, tree);
    if (issues->count == before)
        finish(&checker, tree);
    if (checker.infer.exhausted)
        cel_issues_add(issues, source, length, tree->offset,
                       "the types of this expression are too large to be found");
    return issues->count == before ? 0 : -1;
}
