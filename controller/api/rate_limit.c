/* rate_limit.c - see rate_limit.h. */
#include "controller/api/rate_limit.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/error.h"

#define BUCKETS 4096 /* x 16 bytes: 64 KiB */

struct bucket {
    double tokens;
    int64_t refilled_ms;
};

struct rate_limit {
    pthread_mutex_t lock;
    uint64_t seed; /* nobody outside can tell who shares a bucket */
    double burst, per_ms;
    struct bucket buckets[BUCKETS];
};

struct rate_limit *rate_limit_create(unsigned burst, unsigned per_minute, struct error *err)
{
    struct rate_limit *limit = calloc(1, sizeof(*limit));

    if (!limit || RAND_bytes((uint8_t *)&limit->seed, sizeof(limit->seed)) != 1) {
        error_set(err, "out of memory or random bytes for a rate limit");
        free(limit);
        return NULL;
    }
    pthread_mutex_init(&limit->lock, NULL);
    limit->burst = burst;
    limit->per_ms = per_minute / 60000.0;
    for (size_t i = 0; i < BUCKETS; i++)
        limit->buckets[i].tokens = burst;
    return limit;
}

void rate_limit_destroy(struct rate_limit *limit)
{
    if (!limit)
        return;
    pthread_mutex_destroy(&limit->lock);
    free(limit);
}

/* FNV-1a from a secret start, then mixed: enough to spread addresses, and it guards nothing else.
 */
static size_t bucket_of(const struct rate_limit *limit, const char *address)
{
    uint64_t hash = limit->seed;

    for (; *address; address++)
        hash = (hash ^ (unsigned char)*address) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 52) % BUCKETS;
}

bool rate_limit_take(struct rate_limit *limit, const char *address, int64_t now_ms)
{
    struct bucket *bucket = &limit->buckets[bucket_of(limit, address)];
    bool taken;

    pthread_mutex_lock(&limit->lock);
    if (bucket->refilled_ms && now_ms > bucket->refilled_ms)
        bucket->tokens += (double)(now_ms - bucket->refilled_ms) * limit->per_ms;
    if (bucket->tokens > limit->burst)
        bucket->tokens = limit->burst;
    bucket->refilled_ms = now_ms;
    taken = bucket->tokens >= 1;
    if (taken)
        bucket->tokens -= 1;
    pthread_mutex_unlock(&limit->lock);
    return taken;
}
