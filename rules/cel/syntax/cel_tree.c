/* cel_tree.c - see cel_tree.h. */
#include "rules/cel/syntax/cel_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"

#define FIRST_ITEMS 4

static void add_issue(struct cel_tree *tree, uint32_t offset, const char *format, va_list words)
    __attribute__((format(printf, 3, 0)));

static void add_issue(struct cel_tree *tree, uint32_t offset, const char *format, va_list words)
{
    char text[512];

    vsnprintf(text, sizeof(text), format, words);
    cel_issues_add(tree->issues, tree->source, tree->length, offset, "%s", text);
}

int cel_tree_fault(struct cel_tree *tree, uint32_t offset, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    add_issue(tree, offset, format, words);
    va_end(words);
    return -1;
}

void *cel_tree_stop(struct cel_tree *tree, uint32_t offset, const char *format, ...)
{
    va_list words;

    if (tree->stopped)
        return NULL;
    tree->stopped = true;
    va_start(words, format);
    add_issue(tree, offset, format, words);
    va_end(words);
    return NULL;
}

static void *take(struct cel_tree *tree, size_t size)
{
    void *taken = cel_arena_take(tree->arena, size);

    return taken ? taken : cel_tree_stop(tree, 0, "out of memory");
}

/* 'below': the deepest child. */
static struct cel_node *make(struct cel_tree *tree, uint32_t offset, enum cel_node_kind kind,
                             unsigned below)
{
    struct cel_node *node;

    if (tree->stopped)
        return NULL;
    if (below >= CEL_DEPTH_MAX)
        return cel_tree_stop(tree, offset,
                             "an expression is at most %d levels deep, its macros and chains of "
                             "operators among them",
                             CEL_DEPTH_MAX);
    if (tree->nodes == CEL_NODES_MAX)
        return cel_tree_stop(tree, offset, "an expression has at most %d parts, macros expanded",
                             CEL_NODES_MAX);
    node = take(tree, sizeof(*node));
    if (!node)
        return NULL;
    tree->nodes++;
    node->kind = kind;
    node->depth = (uint16_t)(below + 1);
    node->offset = offset;
    node->slot = -1;
    return node;
}

static unsigned deeper(unsigned depth, const struct cel_node *node)
{
    return node && node->depth > depth ? node->depth : depth;
}

struct cel_node *cel_tree_literal(struct cel_tree *tree, uint32_t offset, struct cel_value value)
{
    struct cel_node *node = make(tree, offset, CEL_NODE_LITERAL, 0);

    if (node)
        node->literal = value;
    return node;
}

struct cel_node *cel_tree_name(struct cel_tree *tree, uint32_t offset, const char *name)
{
    struct cel_node *node = name ? make(tree, offset, CEL_NODE_IDENT, 0) : NULL;

    if (node)
        node->name = name;
    return node;
}

struct cel_node *cel_tree_select(struct cel_tree *tree, uint32_t offset, struct cel_node *operand,
                                 const char *field, bool test)
{
    struct cel_node *node;

    if (!operand || !field)
        return NULL;
    node = make(tree, offset, CEL_NODE_SELECT, operand->depth);
    if (!node)
        return NULL;
    node->select.operand = operand;
    node->select.field = field;
    node->select.test = test;
    return node;
}

struct cel_node *cel_tree_call(struct cel_tree *tree, uint32_t offset, const char *function,
                               struct cel_node *target, struct cel_node **args, size_t count)
{
    unsigned below = deeper(0, target);
    struct cel_node *node;

    for (size_t i = 0; i < count; i++) {
        if (!args[i])
            return NULL;
        below = deeper(below, args[i]);
    }
    node = function ? make(tree, offset, CEL_NODE_CALL, below) : NULL;
    if (!node)
        return NULL;
    node->call.function = function;
    node->call.target = target;
    node->call.args = args;
    node->call.count = count;
    return node;
}

static struct cel_node *call_of(struct cel_tree *tree, uint32_t offset, const char *function,
                                struct cel_node *const *given, size_t count)
{
    struct cel_node **args = take(tree, count * sizeof(*args));

    if (!args)
        return NULL;
    memcpy(args, given, count * sizeof(*args));
    return cel_tree_call(tree, offset, function, NULL, args, count);
}

struct cel_node *cel_tree_call1(struct cel_tree *tree, uint32_t offset, const char *function,
                                struct cel_node *first)
{
    return call_of(tree, offset, function, &first, 1);
}

struct cel_node *cel_tree_call2(struct cel_tree *tree, uint32_t offset, const char *function,
                                struct cel_node *first, struct cel_node *second)
{
    return call_of(tree, offset, function, (struct cel_node *[]){first, second}, 2);
}

struct cel_node *cel_tree_call3(struct cel_tree *tree, uint32_t offset, const char *function,
                                struct cel_node *first, struct cel_node *second,
                                struct cel_node *third)
{
    return call_of(tree, offset, function, (struct cel_node *[]){first, second, third}, 3);
}

struct cel_node *cel_tree_aggregate(struct cel_tree *tree, uint32_t offset, enum cel_node_kind kind,
                                    struct cel_element *elements, size_t count, const char *message)
{
    struct cel_node *node;
    unsigned below = 0;

    for (size_t i = 0; i < count; i++) {
        if (!elements[i].value || (kind == CEL_NODE_MAP && !elements[i].key))
            return NULL;
        below = deeper(deeper(below, elements[i].key), elements[i].value);
    }
    node = make(tree, offset, kind, below);
    if (!node)
        return NULL;
    node->aggregate.elements = elements;
    node->aggregate.count = count;
    node->aggregate.message = message;
    return node;
}

struct cel_node *cel_tree_comprehension(struct cel_tree *tree, uint32_t offset,
                                        const struct cel_comprehension *comprehension)
{
    const struct cel_node *const parts[] = {comprehension->range, comprehension->init,
                                            comprehension->condition, comprehension->step,
                                            comprehension->result};
    struct cel_node *node;
    unsigned below = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!parts[i])
            return NULL;
        below = deeper(below, parts[i]);
    }
    node = make(tree, offset, CEL_NODE_COMPREHENSION, below);
    if (node)
        node->comprehension = *comprehension;
    return node;
}

void *cel_tree_grow(struct cel_tree *tree, void *items, size_t count, size_t size)
{
    size_t room = FIRST_ITEMS;
    void *grown;

    if (tree->stopped)
        return NULL;
    while (room < count)
        room *= 2;
    if (items && room > count)
        return items;
    grown = take(tree, (count == 0 ? room : room * 2) * size);
    if (grown && count > 0)
        memcpy(grown, items, count * size);
    return grown;
}

char *cel_tree_text(struct cel_tree *tree, const char *bytes, size_t length)
{
    char *copy = cel_arena_copy(tree->arena, bytes, length);

    return copy ? copy : cel_tree_stop(tree, 0, "out of memory");
}

void cel_tree_children(struct cel_node *node, cel_tree_visit *visit, void *context)
{
    switch (node->kind) {
    case CEL_NODE_LITERAL:
    case CEL_NODE_IDENT:
        break;
    case CEL_NODE_SELECT:
        visit(context, node->select.operand);
        break;
    case CEL_NODE_CALL:
        if (node->call.target)
            visit(context, node->call.target);
        for (size_t i = 0; i < node->call.count; i++)
            visit(context, node->call.args[i]);
        break;
    case CEL_NODE_LIST:
    case CEL_NODE_MAP:
    case CEL_NODE_MESSAGE:
        for (size_t i = 0; i < node->aggregate.count; i++) {
            if (node->aggregate.elements[i].key)
                visit(context, node->aggregate.elements[i].key);
            visit(context, node->aggregate.elements[i].value);
        }
        break;
    case CEL_NODE_COMPREHENSION:
        visit(context, node->comprehension.range);
        visit(context, node->comprehension.init);
        visit(context, node->comprehension.condition);
        visit(context, node->comprehension.step);
        visit(context, node->comprehension.result);
        break;
    }
}
