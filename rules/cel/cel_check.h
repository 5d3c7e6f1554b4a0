/* cel_check.h - what an expression's names mean, and whether its types fit together. Spec: the
 * public CEL language definition, "Name Resolution" and "Type Checking".
 */
#pragma once

#include <stddef.h>

struct cel_arena;
struct cel_env;
struct cel_issues;
struct cel_node;

/* What names mean, without types: sets 'slot', 'type_value' and 'shape', the longest name first,
 * within the environment's container; the name of a constant becomes its literal; where a dotted
 * name is a function's (math.abs(x)) 'target' becomes NULL and 'function' the whole. What is left
 * is a comprehension's variable or unknown; an IDENT that starts with '.' and has no slot is always
 * unknown. */
void cel_resolve(const struct cel_env *env, struct cel_node *tree);

/* Names resolved, types of all nodes, unknown names and wrong arguments told, with the nearest
 * known name. 0; -1: 'issues' has at least one more. */
int cel_check(const struct cel_env *env, struct cel_node *tree, const char *source, size_t length,
              struct cel_arena *arena, struct cel_issues *issues);
