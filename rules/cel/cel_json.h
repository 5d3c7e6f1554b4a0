/* cel_json.h - values from JSON and back. Plain JSON: integral numbers in range are int, the others
 * double. The form of cel.expr.Value ({"int64Value":"5"}, {"listValue":{"values":[...]}}) says what
 * plain JSON cannot.
 */
#pragma once

#include <jansson.h>

#include "rules/cel/cel_value.h"

struct cel_arena;
struct error;

#define CEL_JSON_DEPTH_MAX 64

/* Strings are borrowed from 'json', all else is of the arena. CEL_ERROR: too deep, no room. */
struct cel_value cel_json_value(struct cel_arena *arena, const json_t *json);
/* The proto-JSON form; -1 with 'err' naming the member. */
int cel_json_read(struct cel_arena *arena, const json_t *json, struct cel_value *ret,
                  struct error *err);
/* A new reference; NULL: out of memory. */
json_t *cel_json_write(struct cel_value value);
