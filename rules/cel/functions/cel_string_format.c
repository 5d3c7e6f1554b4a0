/* cel_string_format.c - the clauses %s %d %f %e %x %X %o %b and %%; a precision stands behind a
 * point. Each takes what the published description lets it take, and names what it was given
 * instead. Spec: the string extensions, "Format".
 */
#include "rules/cel/functions/cel_string_format.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/functions/cel_output.h"

#define PRECISION 6 /* of %f and %e that do not say it */
#define PRECISION_MAX 100
#define REAL_SIZE (320 + PRECISION_MAX) /* -1.8e308 has 309 digits before the point */

static void wrong_kind(struct cel_output *output, const char *clause, struct cel_value given)
{
    cel_output_fail(output, cel_error_format(output->run->arena,
                                             "error during formatting: %s, was given %s", clause,
                                             cel_kind_name((enum cel_kind)given.kind)));
}

/* Its magnitude, and whether it is below zero. */
static bool whole_number(struct cel_value value, uint64_t *ret, bool *ret_minus)
{
    *ret_minus = value.kind == CEL_INT && value.integer < 0;
    *ret = *ret_minus ? -value.natural : value.natural; /* the same bits, of either kind */
    return value.kind == CEL_INT || value.kind == CEL_UINT;
}

static void write_whole(struct cel_output *output, uint64_t number, bool minus, unsigned base,
                        bool capitals)
{
    const char *alphabet = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[65];
    size_t at = sizeof(digits);

    do {
        digits[--at] = alphabet[number % base];
        number /= base;
    } while (number > 0);
    if (minus)
        digits[--at] = '-';
    cel_output_add(output, digits + at, sizeof(digits) - at);
}

static const char *no_number(double real)
{
    return isnan(real) ? "NaN" : !isinf(real) ? NULL : real < 0 ? "-Infinity" : "Infinity";
}

static void write_decimal(struct cel_output *output, struct cel_value value)
{
    uint64_t number;
    bool minus;

    if (value.kind == CEL_DOUBLE && no_number(value.real))
        cel_output_text(output, no_number(value.real));
    else if (whole_number(value, &number, &minus))
        write_whole(output, number, minus, 10, false);
    else
        wrong_kind(output, "decimal clause can only be used on integers", value);
}

static void write_octal(struct cel_output *output, struct cel_value value)
{
    uint64_t number;
    bool minus;

    if (whole_number(value, &number, &minus))
        write_whole(output, number, minus, 8, false);
    else
        wrong_kind(output, "octal clause can only be used on integers", value);
}

static void write_binary(struct cel_output *output, struct cel_value value)
{
    uint64_t number;
    bool minus;

    if (value.kind == CEL_BOOL)
        cel_output_text(output, value.boolean ? "1" : "0");
    else if (whole_number(value, &number, &minus))
        write_whole(output, number, minus, 2, false);
    else
        wrong_kind(output, "only integers and bools can be formatted as binary", value);
}

static void write_hex(struct cel_output *output, struct cel_value value, bool capitals)
{
    const char *alphabet = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
    uint64_t number;
    bool minus;

    if (whole_number(value, &number, &minus)) {
        write_whole(output, number, minus, 16, capitals);
    } else if (value.kind == CEL_STRING || value.kind == CEL_BYTES) {
        for (uint32_t i = 0; i < value.extra && cel_output_ok(output); i++) {
            unsigned char byte = (unsigned char)value.text[i];

            cel_output_add(output, (const char[]){alphabet[byte >> 4], alphabet[byte & 15]}, 2);
        }
    } else {
        wrong_kind(output, "only integers, byte buffers, and strings can be formatted as hex",
                   value);
    }
}

/* A point is a point, whatever the language of the process. */
static locale_t plain;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static void write_real(struct cel_output *output, struct cel_value value, char verb, int precision)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char text[REAL_SIZE];
    locale_t before;

    if (value.kind != CEL_DOUBLE) {
        wrong_kind(output,
                   verb == 'f' ? "fixed-point clause can only be used on doubles"
                               : "scientific clause can only be used on doubles",
                   value);
        return;
    }
    if (no_number(value.real)) {
        cel_output_text(output, no_number(value.real));
        return;
    }
    pthread_once(&once, make_plain);
    before = plain ? uselocale(plain) : (locale_t)0;
    if (verb == 'f')
        snprintf(text, sizeof(text), "%.*f", precision, value.real);
    else
        snprintf(text, sizeof(text), "%.*e", precision, value.real);
    if (before)
        uselocale(before);
    cel_output_text(output, text);
}

/* ---- %s ---- */

static void write_value(struct cel_output *output, struct cel_value value, unsigned depth);

static void write_list(struct cel_output *output, const struct cel_list *list, unsigned depth)
{
    cel_output_text(output, "[");
    for (size_t i = 0; i < list->count && cel_output_ok(output); i++) {
        if (i > 0)
            cel_output_text(output, ", ");
        write_value(output, list->items[i], depth);
    }
    cel_output_text(output, "]");
}

struct member {
    struct cel_value key; /* its text */
    struct cel_value value;
};

static bool comes_before(const struct member *left, const struct member *right)
{
    int order;

    return cel_value_order(left->key, right->key, &order) && order < 0;
}

static void sift(struct member *members, size_t at, size_t count)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        struct member moved = members[at];

        if (child + 1 < count && comes_before(&members[child], &members[child + 1]))
            child++;
        if (!comes_before(&moved, &members[child]))
            return;
        members[at] = members[child];
        members[child] = moved;
    }
}

/* A heap sort: no memory, no bad case. */
static void sort(struct member *members, size_t count)
{
    for (size_t i = count / 2; i > 0; i--)
        sift(members, i - 1, count);
    for (size_t end = count; end > 1; end--) {
        struct member first = members[0];

        members[0] = members[end - 1];
        members[end - 1] = first;
        sift(members, 0, end - 1);
    }
}

static struct member *sorted(struct cel_output *output, const struct cel_map *map, unsigned depth)
{
    struct member *members = cel_arena_take(output->run->arena, map->count * sizeof(*members));

    if (!members)
        cel_output_fail(output, cel_out_of_memory());
    for (size_t i = 0; i < map->count && cel_output_ok(output); i++) {
        struct cel_output key = {.run = output->run};

        write_value(&key, map->entries[i].key, depth);
        members[i] = (struct member){cel_output_value(&key), map->entries[i].value};
        if (!cel_output_ok(&key))
            cel_output_fail(output, key.failed);
    }
    if (!cel_output_ok(output))
        return NULL;
    sort(members, map->count);
    return members;
}

/* By the texts of the keys: equal maps read equal. */
static void write_map(struct cel_output *output, const struct cel_map *map, unsigned depth)
{
    const struct member *members = sorted(output, map, depth);

    if (!members)
        return;
    cel_output_text(output, "{");
    for (size_t i = 0; i < map->count && cel_output_ok(output); i++) {
        if (i > 0)
            cel_output_text(output, ", ");
        cel_output_add(output, members[i].key.text, members[i].key.extra);
        cel_output_text(output, ": ");
        write_value(output, members[i].value, depth);
    }
    cel_output_text(output, "}");
}

static void write_moment(struct cel_output *output, struct cel_value value)
{
    struct cel_value text = value.kind == CEL_TIMESTAMP
                                ? cel_timestamp_text(output->run->arena, value)
                                : cel_duration_text(output->run->arena, value);

    if (text.kind == CEL_ERROR)
        cel_output_fail(output, text);
    else
        cel_output_add(output, text.text, text.extra);
}

static void write_double(struct cel_output *output, double real)
{
    char text[CEL_DOUBLE_TEXT_SIZE];

    if (!cel_run_spend(output->run, CEL_DOUBLE_TEXT_COST)) {
        cel_output_fail(output, cel_over_budget());
        return;
    }
    cel_double_text(real, text);
    cel_output_text(output, text);
}

static void write_value(struct cel_output *output, struct cel_value value, unsigned depth)
{
    if (depth == 0) {
        cel_output_fail(output, cel_error("error during formatting: the value is too deep"));
        return;
    }
    switch (value.kind) {
    case CEL_NULL:
        cel_output_text(output, "null");
        break;
    case CEL_BOOL:
        cel_output_text(output, value.boolean ? "true" : "false");
        break;
    case CEL_INT:
    case CEL_UINT:
        write_decimal(output, value);
        break;
    case CEL_DOUBLE:
        write_double(output, value.real);
        break;
    case CEL_STRING:
    case CEL_TYPE:
        cel_output_add(output, value.text, value.extra);
        break;
    case CEL_BYTES:
        cel_output_mended(output, value.text, value.extra);
        break;
    case CEL_TIMESTAMP:
    case CEL_DURATION:
        write_moment(output, value);
        break;
    case CEL_LIST:
        write_list(output, value.list, depth - 1);
        break;
    case CEL_MAP:
        write_map(output, value.map, depth - 1);
        break;
    default:
        wrong_kind(output,
                   "string clause can only be used on strings, bools, bytes, ints, doubles, maps, "
                   "lists, types, durations, and timestamps",
                   value);
    }
}

/* ---- clauses ---- */

static void write_clause(struct cel_output *output, char verb, int precision,
                         struct cel_value value)
{
    switch (verb) {
    case 's':
        write_value(output, value, CEL_VALUE_DEPTH_MAX);
        break;
    case 'd':
        write_decimal(output, value);
        break;
    case 'f':
    case 'e':
        write_real(output, value, verb, precision);
        break;
    case 'x':
    case 'X':
        write_hex(output, value, verb == 'X');
        break;
    case 'o':
        write_octal(output, value);
        break;
    default:
        write_binary(output, value);
    }
}

struct clause {
    char verb;
    int precision;
};

static struct cel_value unknown_clause(struct cel_run *run, const char *at, const char *end)
{
    int size = at < end;

    while (at + size < end && ((unsigned char)at[size] & 0xc0) == 0x80 && size < 4)
        size++;
    if (size == 0)
        return cel_error("could not parse formatting clause: the text ends in it");
    return cel_error_format(run->arena,
                            "could not parse formatting clause: unrecognized formatting clause "
                            "\"%.*s\"",
                            size, at);
}

/* Behind a '%', *at moves behind the clause. CEL_ERROR, or CEL_ABSENT when it is fine. */
static struct cel_value read_clause(struct cel_run *run, const char **at, const char *end,
                                    struct clause *ret)
{
    ret->precision = PRECISION;
    if (*at < end && **at == '.') {
        ret->precision = 0;
        for (++*at; *at < end && **at >= '0' && **at <= '9'; ++*at) {
            ret->precision = ret->precision * 10 + **at - '0';
            if (ret->precision > PRECISION_MAX)
                return cel_error("could not parse formatting clause: the precision is at most 100");
        }
    }
    if (*at == end || **at == '\0' || !strchr("sdfexXob", **at))
        return unknown_clause(run, *at, end);
    ret->verb = *(*at)++;
    return (struct cel_value){.kind = CEL_ABSENT};
}

static void fill_in(struct cel_output *output, const char **at, const char *end,
                    const struct cel_list *values, size_t *used)
{
    struct clause clause = {0};
    struct cel_value error = read_clause(output->run, at, end, &clause);

    if (error.kind == CEL_ERROR)
        cel_output_fail(output, error);
    else if (*used == values->count)
        cel_output_fail(output,
                        cel_error_format(output->run->arena, "index %zu out of range", *used));
    else
        write_clause(output, clause.verb, clause.precision, values->items[(*used)++]);
}

CEL_FUNCTION(cel_string_format)
{
    const char *at = args[0].text, *end = at + args[0].extra;
    struct cel_output output = {.run = run};
    size_t used = 0;

    (void)count;
    while (at < end && cel_output_ok(&output)) {
        const char *percent = memchr(at, '%', (size_t)(end - at));

        cel_output_add(&output, at, (size_t)((percent ? percent : end) - at));
        at = percent ? percent + 1 : end;
        if (percent && at < end && *at == '%')
            cel_output_add(&output, at++, 1);
        else if (percent)
            fill_in(&output, &at, end, args[1].list, &used);
    }
    if (cel_output_ok(&output) && used < args[1].list->count)
        return cel_error_format(run->arena,
                                "error during formatting: %zu values are given, %zu are used",
                                args[1].list->count, used);
    return cel_output_value(&output);
}
