/* cel_type.h - types as the checker knows them, and the notation in which they are declared:
 * bool int uint double string bytes null timestamp duration type dyn, list<T>, map<K, V>,
 * optional<T>, type<T>, net.IP, net.CIDR, wrapper<T> (T or null, T being bool, int, uint, double,
 * string or bytes), a single capital letter for a parameter, and any other name for an opaque type
 * ("tuple<A, B>").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/cel/cel_value.h"

struct cel_arena;
struct error;
struct text;

#define CEL_TYPE_DEPTH_MAX 16
#define CEL_TYPE_PARAMETERS_MAX 4

enum cel_type_form {
    CEL_TYPE_DYN,
    CEL_TYPE_KIND,      /* of 'kind', with its parameters: list 1, map 2, optional 1, type 0 or 1 */
    CEL_TYPE_OPAQUE,    /* by name */
    CEL_TYPE_PARAMETER, /* by name */
};

struct cel_type {
    enum cel_type_form form;
    enum cel_kind kind;
    bool nullable;    /* wrapper<T>: null as well as what 'kind' says */
    const char *name; /* of a kind: as in the notation */
    const struct cel_type *const *parameters;
    size_t count;
};

extern const struct cel_type cel_type_dyn;
/* List, map and optional: of dyn. CEL_ABSENT, CEL_ERROR: dyn. */
const struct cel_type *cel_type_of(enum cel_kind kind);
/* Of any kind or name with these parameters (copied). NULL: no room in the arena. */
const struct cel_type *cel_type_with(struct cel_arena *arena, const struct cel_type *type,
                                     const struct cel_type *const *parameters, size_t count);
/* NULL with 'err', code ERROR_INVALID. */
const struct cel_type *cel_type_parse(struct cel_arena *arena, const char *text, struct error *err);
/* The same for one type within a longer text: *at moves behind it. */
const struct cel_type *cel_type_read(struct cel_arena *arena, const char **at, struct error *err);
/* In the notation above. */
void cel_type_write(const struct cel_type *type, struct text *out);
bool cel_type_equal(const struct cel_type *left, const struct cel_type *right);

/* The type that an expression names as a value: int, list, null_type, optional_type,
 * google.protobuf.Timestamp, ... NULL: no such name. */
const struct cel_type *cel_type_named(const char *name);
