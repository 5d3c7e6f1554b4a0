/* cel_json_dynamic.h - JSON as google.protobuf.Value holds it: all numbers are double. */
#pragma once

#include <jansson.h>

#include "rules/cel/cel_value.h"

struct cel_arena;

/* At most 'depth' levels. Strings are borrowed from 'json', all else is of the arena. CEL_ERROR:
 * too deep, no room. */
struct cel_value cel_json_dynamic(struct cel_arena *arena, const json_t *json, unsigned depth);
