/* cel_comparisons.c - == != < <= > >=: what cel_value.h says of two values, as functions. */
#include <math.h>

#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"

static struct cel_value same(struct cel_run *run, const struct cel_value *args, bool wanted)
{
    int equal = cel_value_compare(args[0], args[1], &run->budget);

    return equal < 0 ? cel_over_budget() : cel_bool(equal == wanted);
}

CEL_FUNCTION(cel_equal)
{
    (void)count;
    return same(run, args, true);
}

CEL_FUNCTION(cel_not_equal)
{
    (void)count;
    return same(run, args, false);
}

static bool is_nan(struct cel_value value)
{
    return value.kind == CEL_DOUBLE && isnan(value.real);
}

static bool is_number(struct cel_value value)
{
    return value.kind == CEL_INT || value.kind == CEL_UINT || value.kind == CEL_DOUBLE;
}

/* False with *ret_answer: a NaN among numbers is neither less nor greater, all else is an error. */
static bool order(struct cel_run *run, const char *function, const struct cel_value *args,
                  int *ret_order, struct cel_value *ret_answer)
{
    if (cel_value_order(args[0], args[1], ret_order))
        return true;
    if ((is_nan(args[0]) && is_number(args[1])) || (is_nan(args[1]) && is_number(args[0])))
        *ret_answer = cel_bool(false);
    else
        *ret_answer = cel_no_overload(run->arena, function, args, 2);
    return false;
}

CEL_FUNCTION(cel_less)
{
    struct cel_value answer;
    int which;

    (void)count;
    return order(run, "_<_", args, &which, &answer) ? cel_bool(which < 0) : answer;
}

CEL_FUNCTION(cel_less_equal)
{
    struct cel_value answer;
    int which;

    (void)count;
    return order(run, "_<=_", args, &which, &answer) ? cel_bool(which <= 0) : answer;
}

CEL_FUNCTION(cel_greater)
{
    struct cel_value answer;
    int which;

    (void)count;
    return order(run, "_>_", args, &which, &answer) ? cel_bool(which > 0) : answer;
}

CEL_FUNCTION(cel_greater_equal)
{
    struct cel_value answer;
    int which;

    (void)count;
    return order(run, "_>=_", args, &which, &answer) ? cel_bool(which >= 0) : answer;
}
