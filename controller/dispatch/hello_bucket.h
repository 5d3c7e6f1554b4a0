/* hello_bucket.h - how many HELLOs are answered a second: a token bucket. The bucket holds
 * HELLO_BURST_S seconds' worth: who comes with a fleet is answered in turn, within the 15 s that it
 * waits, and not sent away for 2 s to 5 s first. Pure: time is passed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HELLO_BURST_S 10

struct hello_bucket {
    double tokens, per_s;
    int64_t refilled_ms;
};

/* Full. */
void hello_bucket_fill(struct hello_bucket *bucket, double per_s, int64_t now_ms);
/* False: this one comes back later. */
bool hello_bucket_take(struct hello_bucket *bucket, int64_t now_ms);
