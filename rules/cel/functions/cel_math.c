/* cel_math.c - the library of numbers. Nothing is coerced: a function of doubles takes no int.
 * Spec: the math extensions' published description and their conformance tests.
 */
#include <math.h>

#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"

static bool is_number(struct cel_value value)
{
    return value.kind == CEL_INT || value.kind == CEL_UINT || value.kind == CEL_DOUBLE;
}

/* The first of the greatest, each number by its worth and not by its kind; 'sign' -1: of the least.
 * What is no number is greater and less than all. */
static struct cel_value extreme(struct cel_run *run, const struct cel_value *values, size_t count,
                                const char *function, int sign)
{
    struct cel_value best;

    for (size_t i = 0; i < count; i++)
        if (!is_number(values[i]))
            return cel_no_overload(run->arena, function, &values[i], 1);
    if (count == 0)
        return cel_error_format(run->arena, "%s: the list must not be empty", function);
    best = values[0];
    for (size_t i = 1; i < count; i++) {
        int order = 0;

        if (best.kind == CEL_DOUBLE && isnan(best.real))
            break;
        if (!cel_value_order(values[i], best, &order) || order * sign > 0)
            best = values[i];
    }
    return best;
}

static struct cel_value extreme_of(struct cel_run *run, const struct cel_value *args, size_t count,
                                   const char *function, int sign)
{
    if (count == 1 && args[0].kind == CEL_LIST)
        return extreme(run, args[0].list->items, args[0].list->count, function, sign);
    return extreme(run, args, count, function, sign);
}

static CEL_FUNCTION(greatest)
{
    return extreme_of(run, args, count, "math.greatest", 1);
}

static CEL_FUNCTION(least)
{
    return extreme_of(run, args, count, "math.least", -1);
}

#define OF_REAL(name, expression)                                                                  \
    static CEL_FUNCTION(name)                                                                      \
    {                                                                                              \
        double real = args[0].real;                                                                \
                                                                                                   \
        (void)run;                                                                                 \
        (void)count;                                                                               \
        return expression;                                                                         \
    }

OF_REAL(ceiling, cel_double(ceil(real)))
OF_REAL(floored, cel_double(floor(real)))
OF_REAL(rounded, cel_double(round(real)))
OF_REAL(truncated, cel_double(trunc(real)))
OF_REAL(root, cel_double(sqrt(real)))
OF_REAL(is_nan, cel_bool(isnan(real) != 0))
OF_REAL(is_infinite, cel_bool(isinf(real) != 0))
OF_REAL(is_finite, cel_bool(isfinite(real) != 0))
OF_REAL(absolute_real, cel_double(fabs(real)))
OF_REAL(sign_real, isnan(real) ? args[0] : cel_double((real > 0) - (real < 0)))

static CEL_FUNCTION(root_int)
{
    (void)run;
    (void)count;
    return cel_double(sqrt((double)args[0].integer));
}

static CEL_FUNCTION(root_uint)
{
    (void)run;
    (void)count;
    return cel_double(sqrt((double)args[0].natural));
}

static CEL_FUNCTION(absolute)
{
    (void)run;
    (void)count;
    if (args[0].kind == CEL_INT && args[0].integer == INT64_MIN)
        return cel_error("integer overflow: the least int has no absolute value");
    return args[0].kind == CEL_INT && args[0].integer < 0 ? cel_int(-args[0].integer) : args[0];
}

static CEL_FUNCTION(sign)
{
    int64_t number = args[0].integer;

    (void)run;
    (void)count;
    return args[0].kind == CEL_UINT ? cel_uint(args[0].natural > 0)
                                    : cel_int((number > 0) - (number < 0));
}

/* Of the kind of the first; the bits are the same in both. */
static struct cel_value bits_of(struct cel_value like, uint64_t bits)
{
    like.natural = bits;
    return like;
}

#define OF_BITS(name, expression)                                                                  \
    static CEL_FUNCTION(name)                                                                      \
    {                                                                                              \
        (void)run;                                                                                 \
        (void)count;                                                                               \
        return bits_of(args[0], expression);                                                       \
    }

OF_BITS(bit_and, args[0].natural &args[1].natural)
OF_BITS(bit_or, args[0].natural | args[1].natural)
OF_BITS(bit_xor, args[0].natural ^ args[1].natural)
OF_BITS(bit_not, ~args[0].natural)

static CEL_FUNCTION(shift_left)
{
    int64_t by = args[1].integer;

    (void)run;
    (void)count;
    if (by < 0)
        return cel_error("math.bitShiftLeft: negative offset");
    return bits_of(args[0], by < 64 ? args[0].natural << by : 0);
}

/* Zeros come in, also for what is below zero. */
static CEL_FUNCTION(shift_right)
{
    int64_t by = args[1].integer;

    (void)run;
    (void)count;
    if (by < 0)
        return cel_error("math.bitShiftRight: negative offset");
    return bits_of(args[0], by < 64 ? args[0].natural >> by : 0);
}

/* Of one kind the result has that kind; of several, of lists of anything and of more than two it is
 * known when it runs. */
#define EXTREME(function, call)                                                                    \
    {function, "(int) -> int", call, false}, {function, "(uint) -> uint", call, false},            \
        {function, "(double) -> double", call, false},                                             \
        {function, "(list<int>) -> int", call, true},                                              \
        {function, "(list<uint>) -> uint", call, true},                                            \
        {function, "(list<double>) -> double", call, true},                                        \
        {function, "(list<dyn>) -> dyn", call, true},                                              \
        {function, "(int, int) -> int", call, false},                                              \
        {function, "(uint, uint) -> uint", call, false},                                           \
        {function, "(double, double) -> double", call, false},                                     \
        {function, "(int, uint) -> dyn", call, false},                                             \
        {function, "(int, double) -> dyn", call, false},                                           \
        {function, "(uint, int) -> dyn", call, false},                                             \
        {function, "(uint, double) -> dyn", call, false},                                          \
        {function, "(double, int) -> dyn", call, false},                                           \
        {function, "(double, uint) -> dyn", call, false},                                          \
        {function, "(dyn, dyn, dyn) -> dyn", call, false},                                         \
        {function, "(dyn, dyn, dyn, dyn) -> dyn", call, false},                                    \
        {function, "(dyn, dyn, dyn, dyn, dyn) -> dyn", call, false},                               \
        {function, "(dyn, dyn, dyn, dyn, dyn, dyn) -> dyn", call, false},                          \
        {function, "(dyn, dyn, dyn, dyn, dyn, dyn, dyn) -> dyn", call, false},                     \
    {                                                                                              \
        function, "(dyn, dyn, dyn, dyn, dyn, dyn, dyn, dyn) -> dyn", call, false                   \
    }

static const struct cel_overload OVERLOADS[] = {
    EXTREME("math.greatest", greatest),
    EXTREME("math.least", least),
    {"math.ceil", "(double) -> double", ceiling, false},
    {"math.floor", "(double) -> double", floored, false},
    {"math.round", "(double) -> double", rounded, false},
    {"math.trunc", "(double) -> double", truncated, false},
    {"math.sqrt", "(double) -> double", root, false},
    {"math.sqrt", "(int) -> double", root_int, false},
    {"math.sqrt", "(uint) -> double", root_uint, false},
    {"math.isNaN", "(double) -> bool", is_nan, false},
    {"math.isInf", "(double) -> bool", is_infinite, false},
    {"math.isFinite", "(double) -> bool", is_finite, false},
    {"math.abs", "(int) -> int", absolute, false},
    {"math.abs", "(uint) -> uint", absolute, false},
    {"math.abs", "(double) -> double", absolute_real, false},
    {"math.sign", "(int) -> int", sign, false},
    {"math.sign", "(uint) -> uint", sign, false},
    {"math.sign", "(double) -> double", sign_real, false},
    {"math.bitAnd", "(int, int) -> int", bit_and, false},
    {"math.bitAnd", "(uint, uint) -> uint", bit_and, false},
    {"math.bitOr", "(int, int) -> int", bit_or, false},
    {"math.bitOr", "(uint, uint) -> uint", bit_or, false},
    {"math.bitXor", "(int, int) -> int", bit_xor, false},
    {"math.bitXor", "(uint, uint) -> uint", bit_xor, false},
    {"math.bitNot", "(int) -> int", bit_not, false},
    {"math.bitNot", "(uint) -> uint", bit_not, false},
    {"math.bitShiftLeft", "(int, int) -> int", shift_left, false},
    {"math.bitShiftLeft", "(uint, int) -> uint", shift_left, false},
    {"math.bitShiftRight", "(int, int) -> int", shift_right, false},
    {"math.bitShiftRight", "(uint, int) -> uint", shift_right, false},
};

const struct cel_library cel_math = {
    .name = "math",
    .overloads = OVERLOADS,
    .count = sizeof(OVERLOADS) / sizeof(OVERLOADS[0]),
};
