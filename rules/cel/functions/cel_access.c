/* cel_access.c - what is in a value: size, in, [], .field, and the same of optionals, where what is
 * missing is none instead of an error. */
#include <math.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"

#define FREE_BYTES 256 /* of a key: looked for at the cost of a node */
#define SORT_COST 8    /* of a key among others */

CEL_FUNCTION(cel_size)
{
    switch (args[0].kind) {
    case CEL_STRING:
        return cel_int((int64_t)cel_string_size(args[0]));
    case CEL_BYTES:
        return cel_int(args[0].extra);
    case CEL_LIST:
        return cel_int((int64_t)args[0].list->count);
    case CEL_MAP:
        return cel_int((int64_t)args[0].map->count);
    default:
        return cel_no_overload(run->arena, "size", args, count);
    }
}

/* A long key is compared with each of its length. */
static bool spend_key(struct cel_run *run, struct cel_value key)
{
    return key.kind != CEL_STRING || key.extra <= FREE_BYTES || cel_run_spend(run, key.extra / 16);
}

CEL_FUNCTION(cel_in)
{
    if (args[1].kind == CEL_MAP && !spend_key(run, args[0]))
        return cel_over_budget();
    if (args[1].kind == CEL_MAP)
        return cel_bool(cel_map_find(args[1].map, args[0]) != NULL);
    if (args[1].kind != CEL_LIST)
        return cel_no_overload(run->arena, "@in", args, count);
    for (size_t i = 0; i < args[1].list->count; i++) {
        int equal = cel_value_compare(args[0], args[1].list->items[i], &run->budget);

        if (equal != 0)
            return equal < 0 ? cel_over_budget() : cel_bool(true);
    }
    return cel_bool(false);
}

static struct cel_value no_such_key(struct cel_run *run, struct cel_value key)
{
    switch (key.kind) {
    case CEL_STRING:
        return cel_error_format(run->arena, "no such key: '%.*s'", cel_shown(key), key.text);
    case CEL_INT:
        return cel_error_format(run->arena, "no such key: %lld", (long long)key.integer);
    case CEL_UINT:
        return cel_error_format(run->arena, "no such key: %lluu", (unsigned long long)key.natural);
    case CEL_DOUBLE:
        return cel_error_format(run->arena, "no such key: %g", key.real);
    case CEL_BOOL:
        return cel_error_format(run->arena, "no such key: %s", key.boolean ? "true" : "false");
    default:
        return cel_error_format(run->arena, "unsupported key type: %s", cel_kind_name(key.kind));
    }
}

/* Any whole number counts as an index. */
static bool whole_number(struct cel_value key, int64_t *ret)
{
    switch (key.kind) {
    case CEL_INT:
        *ret = key.integer;
        return true;
    case CEL_UINT:
        *ret = key.natural > INT64_MAX ? INT64_MAX : (int64_t)key.natural;
        return true;
    case CEL_DOUBLE:
        if (!(fabs(key.real) < 0x1p53) || key.real != trunc(key.real))
            return false;
        *ret = (int64_t)key.real;
        return true;
    default:
        return false;
    }
}

/* Of a list or map. NULL: nothing stands there; or, with *ret_error, the key can be none. */
static const struct cel_value *look_up(struct cel_run *run, struct cel_value operand,
                                       struct cel_value key, struct cel_value *ret_error)
{
    const struct cel_value args[] = {operand, key};
    int64_t at;

    if (operand.kind == CEL_MAP && spend_key(run, key))
        return cel_map_find(operand.map, key);
    if (operand.kind == CEL_MAP)
        *ret_error = cel_over_budget();
    else if (operand.kind != CEL_LIST)
        *ret_error = cel_no_overload(run->arena, "_[_]", args, 2);
    else if (!whole_number(key, &at))
        *ret_error = cel_error_format(run->arena, "invalid argument: %s as an index of a list",
                                      cel_kind_name(key.kind));
    else if (at >= 0 && (uint64_t)at < operand.list->count)
        return &operand.list->items[at];
    return NULL;
}

struct cel_value cel_index_optional(struct cel_run *run, struct cel_value operand,
                                    struct cel_value key)
{
    struct cel_value found = {.kind = CEL_OPTIONAL}, error = {0};

    if (operand.kind == CEL_OPTIONAL) {
        if (!operand.inner)
            return operand;
        operand = *operand.inner;
    }
    found.inner = look_up(run, operand, key, &error);
    return error.kind == CEL_ERROR ? error : found;
}

CEL_FUNCTION(cel_index)
{
    struct cel_value error = {0};
    const struct cel_value *found;

    (void)count;
    if (args[0].kind == CEL_OPTIONAL)
        return cel_index_optional(run, args[0], args[1]);
    found = look_up(run, args[0], args[1], &error);
    if (found)
        return *found;
    if (error.kind == CEL_ERROR)
        return error;
    if (args[0].kind == CEL_MAP)
        return no_such_key(run, args[1]);
    return cel_error_format(run->arena, "index out of range: the list has %zu elements",
                            args[0].list->count);
}

static struct cel_value no_fields(struct cel_run *run, struct cel_value operand,
                                  struct cel_value field)
{
    return cel_error_format(run->arena, "no such field: '%.*s' of a value of type %s",
                            cel_shown(field), field.text, cel_kind_name(operand.kind));
}

struct cel_value cel_select(struct cel_run *run, struct cel_value operand, struct cel_value field)
{
    const struct cel_value *found;

    if (operand.kind == CEL_OPTIONAL) {
        if (operand.inner && operand.inner->kind != CEL_MAP)
            return no_fields(run, *operand.inner, field);
        return cel_index_optional(run, operand, field);
    }
    if (operand.kind != CEL_MAP)
        return no_fields(run, operand, field);
    found = cel_map_find(operand.map, field);
    return found ? *found : no_such_key(run, field);
}

struct cel_value cel_has(struct cel_run *run, struct cel_value operand, struct cel_value field)
{
    if (operand.kind == CEL_OPTIONAL) {
        if (!operand.inner)
            return cel_bool(false);
        operand = *operand.inner;
    }
    if (operand.kind != CEL_MAP)
        return no_fields(run, operand, field);
    return cel_bool(cel_map_find(operand.map, field) != NULL);
}

/* The map with one more key, or with those of another map. */
CEL_FUNCTION(cel_map_insert)
{
    const struct cel_map *old = args[0].map, *more = count == 2 ? args[1].map : NULL;
    size_t added = more ? more->count : 1;
    struct cel_entry *entries;

    /* They are sorted anew. */
    if (!cel_run_spend(run, (old->count + added) * SORT_COST))
        return cel_over_budget();
    entries = cel_arena_take(run->arena, (old->count + added) * sizeof(*entries));
    if (!entries)
        return cel_out_of_memory();
    if (old->count > 0)
        memcpy(entries, old->entries, old->count * sizeof(*entries));
    if (more && added > 0)
        memcpy(entries + old->count, more->entries, added * sizeof(*entries));
    else if (!more)
        entries[old->count] = (struct cel_entry){.key = args[1], .value = args[2]};
    return cel_map_make(run->arena, entries, old->count + added);
}
