/* mapping_value.h - what an expression of a mapping gave, as the JSON of an event. Each returns a
 * new reference, or NULL with *ret_why: static words, or text of the value. *ret NULL without why:
 * there is no value (null, none).
 */
#pragma once

#include <jansson.h>

#include "rules/cel/cel_value.h"

struct cel_arena;

#define MAPPING_WHY_MEMORY "out of memory"

/* A string, a number or a bool, as its text. */
json_t *mapping_value_text(struct cel_arena *arena, struct cel_value value, const char **ret_why);
/* A timestamp, or a string that is passed on. */
json_t *mapping_value_moment(struct cel_arena *arena, struct cel_value value, const char **ret_why);
json_t *mapping_value_count(struct cel_value value, const char **ret_why);
/* A map of anything that JSON has. */
json_t *mapping_value_map(struct cel_arena *arena, struct cel_value value, const char **ret_why);
/* A map of texts, or a list of such maps, of which the last wins. */
json_t *mapping_value_labels(struct cel_arena *arena, struct cel_value value, const char **ret_why);
/* Anything. */
json_t *mapping_value_json(struct cel_arena *arena, struct cel_value value, const char **ret_why);
