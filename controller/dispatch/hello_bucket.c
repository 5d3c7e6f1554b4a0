/* hello_bucket.c - see hello_bucket.h. Invariant: it never holds more than HELLO_BURST_S seconds'
 * worth, nor less than nothing.
 */
#include "controller/dispatch/hello_bucket.h"

void hello_bucket_fill(struct hello_bucket *bucket, double per_s, int64_t now_ms)
{
    *bucket = (struct hello_bucket){per_s * HELLO_BURST_S, per_s, now_ms};
}

bool hello_bucket_take(struct hello_bucket *bucket, int64_t now_ms)
{
    bucket->tokens += (double)(now_ms - bucket->refilled_ms) * bucket->per_s / 1000;
    if (bucket->tokens > bucket->per_s * HELLO_BURST_S)
        bucket->tokens = bucket->per_s * HELLO_BURST_S;
    bucket->refilled_ms = now_ms;
    if (bucket->tokens < 1)
        return false;
    bucket->tokens -= 1;
    return true;
}
