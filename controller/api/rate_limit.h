/* rate_limit.h - so many requests a minute of one address, for what anybody may send. A fixed
 * number of buckets: addresses that share one share its rate, so that no flood of addresses takes
 * memory. Safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct rate_limit;

/* 'burst' at once, then 'per_minute'. */
struct rate_limit *rate_limit_create(unsigned burst, unsigned per_minute, struct error *err);
void rate_limit_destroy(struct rate_limit *limit);
/* False: not now. 'now_ms' is monotonic. */
bool rate_limit_take(struct rate_limit *limit, const char *address, int64_t now_ms);
