/* storm_brake.c - see storm_brake.h. */
#include "controller/decide/storm_brake.h"

#include <inttypes.h>
#include <stdio.h>

bool storm_brake_is_full(const struct storm_brake *brake)
{
    return brake->max && brake->before + brake->taken >= brake->max;
}

void storm_brake_say(const struct storm_brake *brake, char *out, size_t size)
{
    snprintf(out, size, "more than %" PRId64 " boots by rules in %" PRId64 " s", brake->max,
             brake->per_s);
}
