/* cel_ast.h - an expression as a tree, macros already expanded. All nodes live in the arena that it
 * was parsed into; text is borrowed from there. The checker fills in types and what names mean.
 * Spec: the public CEL language definition, "Syntax" and "Macros".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"

struct cel_arena;
struct cel_env;
struct cel_issues;
struct cel_shape;
struct cel_type;

#define CEL_SOURCE_MAX (32 * 1024) /* bytes of one expression */
#define CEL_DEPTH_MAX 200        /* levels of a tree, macros expanded; of brackets in the source */
#define CEL_NODES_MAX 20000      /* of one expression, macros expanded */
#define CEL_TREE_BYTES (8 << 20) /* an arena of this cap holds any tree, its text and its types */

enum cel_node_kind {
    CEL_NODE_LITERAL,
    CEL_NODE_IDENT,
    CEL_NODE_SELECT,
    CEL_NODE_CALL,
    CEL_NODE_LIST,
    CEL_NODE_MAP,
    CEL_NODE_MESSAGE, /* Name{field: value}: of the messages that the environment has */
    CEL_NODE_COMPREHENSION,
};

struct cel_node;

struct cel_element {
    struct cel_node *key; /* of a map; NULL in a list */
    const char *field;    /* of a message */
    uint32_t offset;      /* of the field */
    bool optional;        /* written with '?' */
    struct cel_node *value;
};

/* accu = init; for (var, var2 of range) { if (!condition) break; accu = step; } result
 * The names are the tree's own, as those of IDENTs are; each hides what stands outside it. A macro
 * that only names a value (cel.bind, optMap, cel.block) is one over an empty list: its condition is
 * false and its result says it all; an error as init is one only where the result uses it. */
struct cel_comprehension {
    const char *var, *var2; /* var2 NULL: one variable: an element of a list, a key of a map. Two:
                               index and element, key and value */
    const char *accu;
    struct cel_node *range, *init, *condition, *step, *result;
};

struct cel_node {
    enum cel_node_kind kind;
    uint16_t depth;  /* levels below and with this one */
    uint32_t offset; /* in the source: of the operator, name or bracket that made the node */
    union {
        struct cel_value literal;
        const char *name; /* IDENT: ".x" when written with a leading dot */
        struct {
            struct cel_node *operand;
            const char *field;
            bool test; /* has(operand.field) */
        } select;      /* a.?b is the call "_?._"(a, 'b') */
        struct {
            struct cel_node *target; /* of target.function(...); else NULL */
            const char *function;    /* "_&&_", "_[_]", "size" */
            struct cel_node **args;
            size_t count;
        } call;
        struct {
            struct cel_element *elements;
            size_t count;
            const char *message;           /* its type's name */
            const struct cel_shape *shape; /* cel_resolve()'s; NULL: there is no such message */
        } aggregate;
        struct cel_comprehension comprehension;
    };
    const struct cel_type *type; /* cel_check()'s (cel_check.h); else NULL */
    /* cel_resolve()'s: */
    int slot;               /* IDENT, SELECT: the declared variable that this node is; else -1 */
    const char *type_value; /* IDENT, SELECT: the type that this node names; else NULL */
};

/* The operators' names as functions, as the definition has them: "_+_", "_[_]", "_?_:_", "!_",
 * "-_", "@in", "_?._", "_[?_]". What macros call that nobody can write: */
#define CEL_NOT_STRICTLY_FALSE "@not_strictly_false" /* (value): true unless it is false */
#define CEL_MAP_INSERT                                                                             \
    "@map_insert" /* (map, key, value) or (map, map): a key twice is an error                      \
                   */
#define CEL_ACCUMULATOR "@result"
#define CEL_UNUSED "@unused" /* the variable of a comprehension that only names a value */

/* NULL: 'issues' has at least one more (out of memory is one, too). */
struct cel_node *cel_parse(const struct cel_env *env, const char *source, size_t length,
                           struct cel_arena *arena, struct cel_issues *issues);
