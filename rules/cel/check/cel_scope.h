/* cel_scope.h - the variables of the comprehensions around a node, innermost first; on the stack of
 * who walks the tree. And the names that a tree writes with dots.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cel_node;
struct cel_type;

struct cel_scope {
    const struct cel_scope *outer; /* NULL: none */
    const char *name;
    const struct cel_type *type; /* the checker's */
};

/* The innermost of that name; NULL: no comprehension's. */
const struct cel_scope *cel_scope_find(const struct cel_scope *scope, const char *name);

#define CEL_DOTTED_MAX 512 /* room for a dotted name, in a container, and its NUL */

/* "a.b.c" when that is all 'node' says, with the leading dot if it has one; false: it is no such
 * name, it begins with a comprehension's variable, or it is longer than any declared one. */
bool cel_scope_dotted(const struct cel_scope *scope, const struct cel_node *node,
                      char out[CEL_DOTTED_MAX]);
