/* rule_lift.h - what a rule's match compares with fixed texts, found without running it: the
 * operands of its outermost && that say x == 'text' or x in ['text', ...], where x is a name or a
 * field below one. An alert with another text there is not for this rule, whatever the rest of its
 * match says: a false operand of && wins over an error.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"

struct rule_document;

#define RULE_LIFTS_MAX 8 /* of one rule; more are not looked at */
#define RULE_PATH_MAX 3  /* fields below a name */
#define RULE_LIFT_TEXTS_MAX 64

/* Where a text stands in a moment. */
struct rule_path {
    int slot;
    size_t count;
    const char *fields[RULE_PATH_MAX]; /* borrowed */
};

struct rule_lift {
    struct rule_path path;
    size_t count;
    const char *texts[RULE_LIFT_TEXTS_MAX]; /* borrowed, without NUL inside */
};

struct cel_arena;

/* Fields and texts are of 'arena'. How many were found; what cannot be read is none. */
size_t rule_lift_match(const struct rule_document *rule, struct cel_arena *arena,
                       struct rule_lift ret[RULE_LIFTS_MAX]);
/* The value there; CEL_ABSENT: none, or what is above it is no map. */
struct cel_value rule_path_value(const struct rule_path *path, const struct cel_value *slots);
