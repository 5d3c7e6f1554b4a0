/* cel_infer.h - type inference: variables that stand for types not known yet, and what may be given
 * where. A variable looks like a type parameter; what it was found to be is looked up here.
 * Spec: the public CEL language definition, "Type Checking".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/cel/cel_type.h"

struct cel_arena;
struct cel_signature;

/* What one expression may take: types of its nodes are compared part by part. */
#define CEL_INFER_STEPS_MAX 2000000
#define CEL_INFER_DEPTH_MAX 256 /* of one type */

struct cel_binding;

struct cel_infer {
    struct cel_arena *arena;     /* borrowed */
    struct cel_binding *changes; /* newest first: to take back what a failed attempt found out */
    size_t steps;
    bool exhausted; /* steps, depth or memory: nothing that it says from now on counts */
};

/* A variable of its own. All of these return dyn once it is exhausted. */
const struct cel_type *cel_infer_fresh(struct cel_infer *infer);
/* 'kind' of one or two types: list, optional, type; map. */
const struct cel_type *cel_infer_of(struct cel_infer *infer, enum cel_kind kind,
                                    const struct cel_type *first, const struct cel_type *second);
/* A declared type with its parameters replaced, those of one name by one variable: 'known' holds
 * those of the types before it that share them. */
struct cel_infer_names {
    const char *names[8];
    const struct cel_type *variables[8];
    size_t count;
};
const struct cel_type *cel_infer_instance(struct cel_infer *infer, const struct cel_type *type,
                                          struct cel_infer_names *known);

/* What a variable was found to be, else itself; any other type is itself. */
const struct cel_type *cel_infer_known(const struct cel_type *type);
/* No variables left: what is not known is dyn. */
const struct cel_type *cel_infer_final(struct cel_infer *infer, const struct cel_type *type);

/* Whether a value of 'from' may stand where 'to' is expected; what that tells of variables is kept
 * if so, and taken back if not. */
bool cel_infer_assignable(struct cel_infer *infer, const struct cel_type *from,
                          const struct cel_type *to);
/* Of all of the pairs, or nothing is kept. */
bool cel_infer_all_assignable(struct cel_infer *infer, const struct cel_type *const *from,
                              const struct cel_type *const *to, size_t count);
/* One type for values of both, dyn if there is none other. 'left' NULL: 'right'. */
const struct cel_type *cel_infer_join(struct cel_infer *infer, const struct cel_type *left,
                                      const struct cel_type *right);
