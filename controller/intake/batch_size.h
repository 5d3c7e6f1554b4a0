/* batch_size.h - how many of what waits go into the next transaction, during which others wait:
 * half as many where the one before took long, twice as many where it was quick. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch_bounds {
    size_t least,
        most; /* one that is larger than 'least' is halved, none is made more than 'most' */
    int64_t slow_ms, quick_ms;
};

/* 'full': as many would have been there; it is no use to take more of what does not wait. */
static inline size_t batch_size_next(size_t now, const struct batch_bounds *bounds, int64_t took_ms,
                                     bool full)
{
    if (took_ms > bounds->slow_ms)
        return now > bounds->least ? now / 2 : now;
    if (took_ms >= bounds->quick_ms || !full)
        return now;
    return now < bounds->most / 2 ? now * 2 : bounds->most;
}
