/* cel_value.c - see cel_value.h. Numbers are compared as the numbers that they are, never through a
 * conversion that rounds. */
#include "rules/cel/cel_value.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "rules/cel/cel_arena.h"

#define SHOWN_BYTES 64 /* of a text in a message */

static struct cel_value of_text(enum cel_kind kind, const char *text, size_t length)
{
    return (struct cel_value){.kind = kind, .extra = (uint32_t)length, .text = length ? text : ""};
}

struct cel_value cel_string(const char *text, size_t length)
{
    return of_text(CEL_STRING, text, length);
}

struct cel_value cel_bytes(const void *bytes, size_t length)
{
    return of_text(CEL_BYTES, bytes, length);
}

struct cel_value cel_list(const struct cel_list *list)
{
    return (struct cel_value){.kind = CEL_LIST, .list = list};
}

struct cel_value cel_map(const struct cel_map *map)
{
    return (struct cel_value){.kind = CEL_MAP, .map = map};
}

struct cel_value cel_error(const char *text)
{
    return (struct cel_value){.kind = CEL_ERROR, .extra = CEL_NOWHERE, .text = text};
}

struct cel_value cel_error_format(struct cel_arena *arena, const char *format, ...)
{
    va_list words;
    char *text;

    va_start(words, format);
    text = cel_arena_vformat(arena, format, words);
    va_end(words);
    return text ? cel_error(text) : cel_out_of_memory();
}

struct cel_value cel_out_of_memory(void)
{
    return cel_error("out of memory: the expression needs more than one evaluation may take");
}

int cel_shown(struct cel_value text)
{
    uint32_t length = text.extra;

    if (length > SHOWN_BYTES)
        for (length = SHOWN_BYTES; length > 0 && (text.text[length] & 0xc0) == 0x80;)
            length--;
    return (int)length;
}

struct cel_value cel_no_overload(struct cel_arena *arena, const char *function,
                                 const struct cel_value *args, size_t count)
{
    char kinds[256];
    size_t used = 0;

    kinds[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *name = cel_kind_name(args[i].kind);
        size_t length = strlen(name);

        if (used + length + 3 > sizeof(kinds))
            break;
        if (i > 0) {
            memcpy(kinds + used, ", ", 2);
            used += 2;
        }
        memcpy(kinds + used, name, length + 1);
        used += length;
    }
    return cel_error_format(arena, "no such overload: %s(%s)", function, kinds);
}

static const char *const KIND_NAMES[CEL_KINDS] = {
    [CEL_ABSENT] = "absent",
    [CEL_ERROR] = "error",
    [CEL_NULL] = "null_type",
    [CEL_BOOL] = "bool",
    [CEL_INT] = "int",
    [CEL_UINT] = "uint",
    [CEL_DOUBLE] = "double",
    [CEL_STRING] = "string",
    [CEL_BYTES] = "bytes",
    [CEL_TIMESTAMP] = "google.protobuf.Timestamp",
    [CEL_DURATION] = "google.protobuf.Duration",
    [CEL_LIST] = "list",
    [CEL_MAP] = "map",
    [CEL_TYPE] = "type",
    [CEL_OPTIONAL] = "optional_type",
    [CEL_ADDRESS] = "net.IP",
    [CEL_CIDR] = "net.CIDR",
};

const char *cel_kind_name(enum cel_kind kind)
{
    return (unsigned)kind < CEL_KINDS ? KIND_NAMES[kind] : "unknown";
}

size_t cel_string_size(struct cel_value string)
{
    size_t count = 0;

    for (uint32_t i = 0; i < string.extra; i++)
        count += ((unsigned char)string.text[i] & 0xc0) != 0x80;
    return count;
}

static bool is_number(struct cel_value value)
{
    return value.kind == CEL_INT || value.kind == CEL_UINT || value.kind == CEL_DOUBLE;
}

static int order_int(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

static int order_natural(uint64_t left, uint64_t right)
{
    return (left > right) - (left < right);
}

/* What is left when the whole parts are equal: the part of 'real' behind its point. */
static int order_fraction(double real)
{
    double fraction = real - trunc(real);

    return (fraction < 0) - (fraction > 0);
}

/* 2^63 as a double counts as the greatest int, which it is nearest to: the conformance suite has it
 * so. All other pairs are told apart. */
static int order_int_real(int64_t integer, double real)
{
    int order;

    if (real >= 0x1p63)
        return real == 0x1p63 && integer == INT64_MAX ? 0 : -1;
    if (real < -0x1p63)
        return 1;
    order = order_int(integer, (int64_t)real);
    return order ? order : order_fraction(real);
}

static int order_natural_real(uint64_t natural, double real)
{
    int order;

    if (real >= 0x1p64)
        return -1;
    if (real < 0)
        return 1;
    order = order_natural(natural, (uint64_t)real);
    return order ? order : order_fraction(real);
}

static bool order_numbers(struct cel_value left, struct cel_value right, int *ret_order)
{
    if ((left.kind == CEL_DOUBLE && isnan(left.real)) ||
        (right.kind == CEL_DOUBLE && isnan(right.real)))
        return false;
    if (left.kind > right.kind) { /* int, uint, double: half of the pairs is enough */
        order_numbers(right, left, ret_order);
        *ret_order = -*ret_order;
    } else if (left.kind == CEL_DOUBLE) {
        *ret_order = (left.real > right.real) - (left.real < right.real);
    } else if (right.kind == CEL_DOUBLE) {
        *ret_order = left.kind == CEL_INT ? order_int_real(left.integer, right.real)
                                          : order_natural_real(left.natural, right.real);
    } else if (left.kind == CEL_UINT) {
        *ret_order = order_natural(left.natural, right.natural);
    } else if (right.kind == CEL_UINT) {
        *ret_order = left.integer < 0 ? -1 : order_natural((uint64_t)left.integer, right.natural);
    } else {
        *ret_order = order_int(left.integer, right.integer);
    }
    return true;
}

/* By code points: the bytes of UTF-8 are in the same order. */
static int order_texts(struct cel_value left, struct cel_value right)
{
    uint32_t both = left.extra < right.extra ? left.extra : right.extra;
    int order = memcmp(left.text, right.text, both);

    return order ? order : order_natural(left.extra, right.extra);
}

static int order_times(struct cel_value left, struct cel_value right)
{
    int order = order_int(left.integer, right.integer);

    return order ? order : order_natural(left.extra, right.extra);
}

bool cel_value_order(struct cel_value left, struct cel_value right, int *ret_order)
{
    if (is_number(left) && is_number(right))
        return order_numbers(left, right, ret_order);
    if (left.kind != right.kind)
        return false;
    switch (left.kind) {
    case CEL_BOOL:
        *ret_order = (int)left.boolean - (int)right.boolean;
        return true;
    case CEL_STRING:
    case CEL_BYTES:
        *ret_order = order_texts(left, right);
        return true;
    case CEL_TIMESTAMP:
    case CEL_DURATION:
        *ret_order = order_times(left, right);
        return true;
    default:
        return false;
    }
}

static int equal(struct cel_value left, struct cel_value right, uint64_t *left_over,
                 unsigned depth);

static int equal_lists(const struct cel_list *left, const struct cel_list *right,
                       uint64_t *left_over, unsigned depth)
{
    int same = left->count == right->count;

    for (size_t i = 0; same == 1 && i < left->count; i++)
        same = equal(left->items[i], right->items[i], left_over, depth);
    return same;
}

static int equal_maps(const struct cel_map *left, const struct cel_map *right, uint64_t *left_over,
                      unsigned depth)
{
    int same = left->count == right->count;

    for (size_t i = 0; same == 1 && i < left->count; i++) {
        const struct cel_value *other = cel_map_find(right, left->entries[i].key);

        same = other ? equal(left->entries[i].value, *other, left_over, depth) : 0;
    }
    return same;
}

static int equal_optionals(const struct cel_value *left, const struct cel_value *right,
                           uint64_t *left_over, unsigned depth)
{
    if (!left || !right)
        return left == right;
    return equal(*left, *right, left_over, depth);
}

/* 16 bytes are a step. */
static int equal_texts(struct cel_value left, struct cel_value right, uint64_t *left_over)
{
    uint64_t steps = left.extra / 16;

    if (left.extra != right.extra)
        return 0;
    if (steps > *left_over) {
        *left_over = 0;
        return -1;
    }
    *left_over -= steps;
    return memcmp(left.text, right.text, left.extra) == 0;
}

static int equal(struct cel_value left, struct cel_value right, uint64_t *left_over, unsigned depth)
{
    int order;

    if (*left_over == 0 || depth == 0)
        return -1;
    --*left_over;
    if (left.kind != right.kind)
        return is_number(left) && is_number(right) && order_numbers(left, right, &order) &&
               order == 0;
    switch (left.kind) {
    case CEL_LIST:
        return equal_lists(left.list, right.list, left_over, depth - 1);
    case CEL_MAP:
        return equal_maps(left.map, right.map, left_over, depth - 1);
    case CEL_OPTIONAL:
        return equal_optionals(left.inner, right.inner, left_over, depth - 1);
    case CEL_STRING:
    case CEL_BYTES:
    case CEL_TYPE:
    case CEL_ADDRESS:
    case CEL_CIDR:
        return equal_texts(left, right, left_over);
    case CEL_NULL:
    case CEL_ABSENT:
        return true;
    default:
        return cel_value_order(left, right, &order) && order == 0;
    }
}

int cel_value_compare(struct cel_value left, struct cel_value right, uint64_t *left_over)
{
    return equal(left, right, left_over, CEL_VALUE_DEPTH_MAX);
}

bool cel_value_equal(struct cel_value left, struct cel_value right)
{
    uint64_t steps = UINT64_MAX;

    return cel_value_compare(left, right, &steps) == 1;
}
