/* cel_text_set.h - the strings of a list that stands in an expression, which are looked for in
 * constant time.
 */
#pragma once

#include <stdbool.h>

#include "rules/cel/cel_value.h"

struct cel_arena;
struct cel_text_set;

/* Of the arena. NULL: no room. */
const struct cel_text_set *cel_text_set_make(struct cel_arena *arena, const struct cel_list *list);
bool cel_text_set_has(const struct cel_text_set *set, struct cel_value text);
