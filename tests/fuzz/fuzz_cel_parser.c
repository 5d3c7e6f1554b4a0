/* fuzz_cel_parser.c - storey: rules. An expression of CEL: a tree within its caps, each node with
 * all that its kind has, or issues that stand somewhere in the source. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static size_t nodes;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Its depth. */
static unsigned walk(const struct cel_node *node, size_t length);

static void deeper(unsigned *depth, const struct cel_node *child, size_t length)
{
    unsigned below = walk(child, length) + 1;

    if (below > *depth)
        *depth = below;
}

static unsigned walk_elements(const struct cel_node *node, size_t length)
{
    unsigned depth = 1;

    for (size_t i = 0; i < node->aggregate.count; i++) {
        const struct cel_element *element = &node->aggregate.elements[i];

        require((element->key != NULL) == (node->kind == CEL_NODE_MAP));
        require((element->field != NULL) == (node->kind == CEL_NODE_MESSAGE));
        if (element->key)
            deeper(&depth, element->key, length);
        deeper(&depth, element->value, length);
    }
    return depth;
}

static unsigned walk_comprehension(const struct cel_comprehension *fold, size_t length)
{
    unsigned depth = 1;

    require(fold->var && fold->accu && fold->var != fold->var2);
    deeper(&depth, fold->range, length);
    deeper(&depth, fold->init, length);
    deeper(&depth, fold->condition, length);
    deeper(&depth, fold->step, length);
    deeper(&depth, fold->result, length);
    return depth;
}

static unsigned walk_kind(const struct cel_node *node, size_t length)
{
    unsigned depth = 1;

    switch (node->kind) {
    case CEL_NODE_LITERAL:
        require(node->literal.kind >= CEL_NULL && node->literal.kind <= CEL_BYTES);
        break;
    case CEL_NODE_IDENT:
        require(node->name[0] != '\0');
        break;
    case CEL_NODE_SELECT:
        require(node->select.field[0] != '\0');
        deeper(&depth, node->select.operand, length);
        break;
    case CEL_NODE_CALL:
        require(node->call.function[0] != '\0');
        if (node->call.target)
            deeper(&depth, node->call.target, length);
        for (size_t i = 0; i < node->call.count; i++)
            deeper(&depth, node->call.args[i], length);
        break;
    case CEL_NODE_LIST:
    case CEL_NODE_MAP:
    case CEL_NODE_MESSAGE:
        return walk_elements(node, length);
    case CEL_NODE_COMPREHENSION:
        return walk_comprehension(&node->comprehension, length);
    }
    return depth;
}

static unsigned walk(const struct cel_node *node, size_t length)
{
    unsigned depth = walk_kind(node, length);

    nodes++;
    require(node->offset <= length && node->slot == -1 && !node->type);
    require(depth == node->depth && depth <= CEL_DEPTH_MAX);
    return depth;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct cel_env *env;
    struct cel_arena *arena = cel_arena_create(CEL_TREE_BYTES);
    struct cel_issues issues = {0};
    const struct cel_node *tree;

    if (!env)
        env = cel_env_create(cel_libraries, NULL);
    require(env && arena);
    tree = cel_parse(env, (const char *)bytes, length, arena, &issues);
    require((tree == NULL) == (issues.count > 0));
    for (size_t i = 0; i < issues.count && i < CEL_ISSUES_MAX; i++)
        require(issues.items[i].offset <= length && issues.items[i].message &&
                issues.items[i].line > 0 && issues.items[i].column > 0);
    nodes = 0;
    if (tree) {
        walk(tree, length);
        require(nodes <= CEL_NODES_MAX && length <= CEL_SOURCE_MAX);
    }
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    return 0;
}
