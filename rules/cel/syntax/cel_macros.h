/* cel_macros.h - calls that stand for a whole tree: has, all, exists, exists_one, map, filter,
 * those with two variables (transformList, ...), optMap, optFlatMap, cel.bind, and the parts of
 * machine-made expressions (cel.block, cel.index, cel.iterVar, cel.accuVar).
 * Spec: the public CEL language definition, "Macros"; its extensions "Bindings", "Two-variable
 * comprehensions" and "Optionals".
 */
#pragma once

#include <stddef.h>

struct cel_node;
struct cel_tree;

/* What 'call' stands for, which is 'call' itself when it is no macro. A macro that is given wrong
 * arguments is a fault of the tree. NULL: the tree has stopped. */
struct cel_node *cel_macros_expand(struct cel_tree *tree, struct cel_node *call);

/* The macros' names, one by one; NULL behind the last. */
const char *cel_macros_name(size_t index);
