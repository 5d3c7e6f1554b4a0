/* cel_type.h - types as the checker knows them, and the notation in which they are declared:
 * bool int uint double string bytes null timestamp duration type dyn, list<T>, map<K, V>,
 * optional<T>, type<T>, a single capital letter for a parameter, and any other name for an opaque
 * type
 * ("net.IP", "tuple<A, B>").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/cel/cel_value.h"

struct cel_arena;
struct error;
struct text;

#define CEL_TYPE_DEPTH_MAX 16

enum cel_type_form {
    CEL_TYPE_DYN,
    CEL_TYPE_KIND,      /* of 'kind', with its parameters: list 1, map 2, optional 1, type 0 or 1 */
    CEL_TYPE_OPAQUE,    /* by name */
    CEL_TYPE_PARAMETER, /* by name */
};

struct cel_type {
    enum cel_type_form form;
    enum cel_kind kind;
    const char *name;
    const struct cel_type *const *parameters;
    size_t count;
};

extern const struct cel_type cel_type_dyn;
const struct cel_type *cel_type_of(enum cel_kind kind); /* list and map: of dyn */
/* NULL with 'err', code ERROR_INVALID. */
const struct cel_type *cel_type_parse(struct cel_arena *arena, const char *text, struct error *err);
/* In the notation above. */
void cel_type_write(const struct cel_type *type, struct text *out);
bool cel_type_equal(const struct cel_type *left, const struct cel_type *right);
