/* cel_arithmetic.c - + - * / % and the sign: nothing is converted, and a result that does not fit
 * is an error, never a wrapped number. */
#include <math.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/functions/cel_standard.h"

static struct cel_value overflow(enum cel_kind kind)
{
    return cel_error(kind == CEL_INT ? "overflow: the result is no int of 64 bits"
                                     : "overflow: the result is no uint of 64 bits");
}

static struct cel_value join_texts(struct cel_run *run, struct cel_value left,
                                   struct cel_value right)
{
    uint64_t length = (uint64_t)left.extra + right.extra;
    char *joined;

    if (length > UINT32_MAX || !(joined = cel_arena_take(run->arena, (size_t)length)))
        return cel_out_of_memory();
    memcpy(joined, left.text, left.extra);
    memcpy(joined + left.extra, right.text, right.extra);
    return left.kind == CEL_STRING ? cel_string(joined, (size_t)length)
                                   : cel_bytes(joined, (size_t)length);
}

static struct cel_value join_lists(struct cel_run *run, struct cel_value left,
                                   struct cel_value right)
{
    size_t count = left.list->count + right.list->count;
    struct cel_value *items;
    struct cel_list *list;

    if (right.list->count == 0)
        return left;
    if (left.list->count == 0)
        return right;
    list = cel_arena_take(run->arena, sizeof(*list));
    items = count > UINT32_MAX ? NULL : cel_arena_take(run->arena, count * sizeof(*items));
    if (!list || !items)
        return cel_out_of_memory();
    memcpy(items, left.list->items, left.list->count * sizeof(*items));
    memcpy(items + left.list->count, right.list->items, right.list->count * sizeof(*items));
    *list = (struct cel_list){.count = count, .items = items};
    return cel_list(list);
}

CEL_FUNCTION(cel_add)
{
    struct cel_value left = args[0], right = args[1];
    struct cel_value sum = {.kind = left.kind};

    switch (left.kind == right.kind ? left.kind : CEL_KINDS) {
    case CEL_INT:
        return __builtin_add_overflow(left.integer, right.integer, &sum.integer) ? overflow(CEL_INT)
                                                                                 : sum;
    case CEL_UINT:
        return __builtin_add_overflow(left.natural, right.natural, &sum.natural)
                   ? overflow(CEL_UINT)
                   : sum;
    case CEL_DOUBLE:
        return cel_double(left.real + right.real);
    case CEL_STRING:
    case CEL_BYTES:
        return join_texts(run, left, right);
    case CEL_LIST:
        return join_lists(run, left, right);
    case CEL_DURATION:
        return cel_time_add(left, right, false);
    default:
        break;
    }
    if (left.kind == CEL_TIMESTAMP && right.kind == CEL_DURATION)
        return cel_time_add(left, right, false);
    if (left.kind == CEL_DURATION && right.kind == CEL_TIMESTAMP)
        return cel_time_add(right, left, false);
    return cel_no_overload(run->arena, "_+_", args, count);
}

CEL_FUNCTION(cel_subtract)
{
    struct cel_value left = args[0], right = args[1];
    struct cel_value rest = {.kind = left.kind};

    switch (left.kind == right.kind ? left.kind : CEL_KINDS) {
    case CEL_INT:
        return __builtin_sub_overflow(left.integer, right.integer, &rest.integer)
                   ? overflow(CEL_INT)
                   : rest;
    case CEL_UINT:
        return __builtin_sub_overflow(left.natural, right.natural, &rest.natural)
                   ? overflow(CEL_UINT)
                   : rest;
    case CEL_DOUBLE:
        return cel_double(left.real - right.real);
    case CEL_TIMESTAMP:
        return cel_time_between(left, right);
    case CEL_DURATION:
        return cel_time_add(left, right, true);
    default:
        break;
    }
    if (left.kind == CEL_TIMESTAMP && right.kind == CEL_DURATION)
        return cel_time_add(left, right, true);
    return cel_no_overload(run->arena, "_-_", args, count);
}

CEL_FUNCTION(cel_multiply)
{
    struct cel_value left = args[0], right = args[1];
    struct cel_value product = {.kind = left.kind};

    switch (left.kind == right.kind ? left.kind : CEL_KINDS) {
    case CEL_INT:
        return __builtin_mul_overflow(left.integer, right.integer, &product.integer)
                   ? overflow(CEL_INT)
                   : product;
    case CEL_UINT:
        return __builtin_mul_overflow(left.natural, right.natural, &product.natural)
                   ? overflow(CEL_UINT)
                   : product;
    case CEL_DOUBLE:
        return cel_double(left.real * right.real);
    default:
        return cel_no_overload(run->arena, "_*_", args, count);
    }
}

CEL_FUNCTION(cel_divide)
{
    struct cel_value left = args[0], right = args[1];

    switch (left.kind == right.kind ? left.kind : CEL_KINDS) {
    case CEL_INT:
        if (right.integer == 0)
            return cel_error("division by zero");
        if (left.integer == INT64_MIN && right.integer == -1)
            return overflow(CEL_INT);
        return cel_int(left.integer / right.integer);
    case CEL_UINT:
        return right.natural == 0 ? cel_error("division by zero")
                                  : cel_uint(left.natural / right.natural);
    case CEL_DOUBLE:
        return cel_double(left.real / right.real);
    default:
        return cel_no_overload(run->arena, "_/_", args, count);
    }
}

CEL_FUNCTION(cel_modulo)
{
    struct cel_value left = args[0], right = args[1];

    switch (left.kind == right.kind ? left.kind : CEL_KINDS) {
    case CEL_INT:
        if (right.integer == 0)
            return cel_error("modulus by zero");
        if (left.integer == INT64_MIN && right.integer == -1)
            return overflow(CEL_INT);
        return cel_int(left.integer % right.integer);
    case CEL_UINT:
        return right.natural == 0 ? cel_error("modulus by zero")
                                  : cel_uint(left.natural % right.natural);
    default:
        return cel_no_overload(run->arena, "_%_", args, count);
    }
}

CEL_FUNCTION(cel_negate)
{
    if (args[0].kind == CEL_DOUBLE)
        return cel_double(-args[0].real);
    if (args[0].kind != CEL_INT)
        return cel_no_overload(run->arena, "-_", args, count);
    return args[0].integer == INT64_MIN ? overflow(CEL_INT) : cel_int(-args[0].integer);
}
