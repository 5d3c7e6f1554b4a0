/* cel_tree.h - making the nodes of an expression, and going through them. A maker given NULL for a
 * child returns NULL, so that trees are written as one expression; the caps of cel_ast.h are kept
 * here, and the first node that is one too many is an issue.
 */
#pragma once

#include <stdbool.h>

#include "rules/cel/cel_ast.h"

struct cel_tree {
    const struct cel_env *env; /* all borrowed */
    const char *source;
    size_t length;
    struct cel_arena *arena;
    struct cel_issues *issues;
    size_t nodes;
    bool stopped; /* an issue after which nothing more is made */
};

/* Something is wrong with the expression, which goes on. Returns -1. */
int cel_tree_fault(struct cel_tree *tree, uint32_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, and it does not go on. Returns NULL. */
void *cel_tree_stop(struct cel_tree *tree, uint32_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct cel_node *cel_tree_literal(struct cel_tree *tree, uint32_t offset, struct cel_value value);
struct cel_node *cel_tree_name(struct cel_tree *tree, uint32_t offset, const char *name);
struct cel_node *cel_tree_select(struct cel_tree *tree, uint32_t offset, struct cel_node *operand,
                                 const char *field, bool test);
/* 'args' becomes the tree's; 'target' may be NULL for "none". */
struct cel_node *cel_tree_call(struct cel_tree *tree, uint32_t offset, const char *function,
                               struct cel_node *target, struct cel_node **args, size_t count);
/* A call with the arguments that follow, which are 1 to 3. */
struct cel_node *cel_tree_call1(struct cel_tree *tree, uint32_t offset, const char *function,
                                struct cel_node *first);
struct cel_node *cel_tree_call2(struct cel_tree *tree, uint32_t offset, const char *function,
                                struct cel_node *first, struct cel_node *second);
struct cel_node *cel_tree_call3(struct cel_tree *tree, uint32_t offset, const char *function,
                                struct cel_node *first, struct cel_node *second,
                                struct cel_node *third);
/* LIST, MAP or MESSAGE; 'elements' becomes the tree's. */
struct cel_node *cel_tree_aggregate(struct cel_tree *tree, uint32_t offset, enum cel_node_kind kind,
                                    struct cel_element *elements, size_t count,
                                    const char *message);
struct cel_node *cel_tree_comprehension(struct cel_tree *tree, uint32_t offset,
                                        const struct cel_comprehension *comprehension);

/* Each node directly below 'node', in the order they were written. */
typedef void cel_tree_visit(void *context, struct cel_node *child);
void cel_tree_children(struct cel_node *node, cel_tree_visit *visit, void *context);

/* Room for one more behind 'count' items of that size: 'items' or, when it is full, a longer copy.
 * NULL: the tree has stopped. */
void *cel_tree_grow(struct cel_tree *tree, void *items, size_t count, size_t size);
/* A name's text, NUL behind it. NULL: the tree has stopped. */
char *cel_tree_text(struct cel_tree *tree, const char *bytes, size_t length);
