/* cel_logic.c - ! && || ?: over values at hand. An error on one side of && and || is absorbed by a
 * false or true on the other, whichever stands first. */
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"

CEL_FUNCTION(cel_not)
{
    if (args[0].kind == CEL_ERROR)
        return args[0];
    return args[0].kind == CEL_BOOL ? cel_bool(!args[0].boolean)
                                    : cel_no_overload(run->arena, "!_", args, count);
}

/* 'decides' is the value that settles it whatever the other side is. */
static struct cel_value both(struct cel_run *run, const char *function,
                             const struct cel_value *args, size_t count, bool decides)
{
    for (size_t i = 0; i < count; i++)
        if (args[i].kind == CEL_BOOL && args[i].boolean == decides)
            return args[i];
    for (size_t i = 0; i < count; i++)
        if (args[i].kind == CEL_ERROR)
            return args[i];
    for (size_t i = 0; i < count; i++)
        if (args[i].kind != CEL_BOOL)
            return cel_no_overload(run->arena, function, args, count);
    return cel_bool(!decides);
}

CEL_FUNCTION(cel_and)
{
    return both(run, "_&&_", args, count, false);
}

CEL_FUNCTION(cel_or)
{
    return both(run, "_||_", args, count, true);
}

CEL_FUNCTION(cel_choose)
{
    if (args[0].kind == CEL_ERROR)
        return args[0];
    if (args[0].kind != CEL_BOOL)
        return cel_no_overload(run->arena, "_?_:_", args, count);
    return args[args[0].boolean ? 1 : 2];
}

CEL_FUNCTION(cel_not_strictly_false)
{
    (void)run;
    (void)count;
    return cel_bool(args[0].kind != CEL_BOOL || args[0].boolean);
}
