/* link_shared.c - see link_shared.h. */
#include "agent/link/link_shared.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/link/controller_link.h"
#include "common/clock.h"
#include "common/error.h"

struct link_shared {
    pthread_mutex_t lock;
    bool open;
    int64_t heard_ms;
    int64_t welcome_time_us, welcome_boot_us; /* 0: none yet */
    uint8_t nonce[32];
    bool chainload_always;
    char fetch_url[256], fetch_token[128];
    struct key_manifest *manifest;
};

struct link_shared *link_shared_create(struct error *err)
{
    struct link_shared *shared = calloc(1, sizeof(*shared));

    if (!shared) {
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&shared->lock, NULL);
    return shared;
}

void link_shared_destroy(struct link_shared *shared)
{
    if (!shared)
        return;
    key_manifest_release(shared->manifest);
    pthread_mutex_destroy(&shared->lock);
    explicit_bzero(shared, sizeof(*shared)); /* the fetch token */
    free(shared);
}

/* Under the lock. */
static int64_t controller_time(const struct link_shared *shared)
{
    if (!shared->welcome_boot_us)
        return clock_realtime_us();
    return shared->welcome_time_us + clock_boottime_us() - shared->welcome_boot_us;
}

void link_shared_state(struct link_shared *shared, struct link_state *ret_state)
{
    memset(ret_state, 0, sizeof(*ret_state));
    pthread_mutex_lock(&shared->lock);
    ret_state->connected = shared->open && clock_monotonic_ms() - shared->heard_ms < LINK_DEAD_MS;
    memcpy(ret_state->nonce, shared->nonce, sizeof(ret_state->nonce));
    ret_state->controller_time_us = controller_time(shared);
    ret_state->chainload_always = shared->chainload_always;
    memcpy(ret_state->fetch_url, shared->fetch_url, sizeof(ret_state->fetch_url));
    memcpy(ret_state->fetch_token, shared->fetch_token, sizeof(ret_state->fetch_token));
    ret_state->manifest = key_manifest_reference(shared->manifest);
    pthread_mutex_unlock(&shared->lock);
}

void link_shared_heard(struct link_shared *shared, int64_t now_ms)
{
    pthread_mutex_lock(&shared->lock);
    shared->heard_ms = now_ms;
    pthread_mutex_unlock(&shared->lock);
}

void link_shared_welcome(struct link_shared *shared, const uint8_t nonce[32],
                         const Muster__Welcome *welcome, struct key_manifest *manifest)
{
    struct key_manifest *old;

    pthread_mutex_lock(&shared->lock);
    old = shared->manifest;
    shared->manifest = manifest;
    shared->open = true;
    shared->heard_ms = clock_monotonic_ms();
    shared->welcome_time_us = welcome->controller_time_us;
    shared->welcome_boot_us = clock_boottime_us();
    memcpy(shared->nonce, nonce, sizeof(shared->nonce));
    shared->chainload_always = welcome->chainload_always;
    snprintf(shared->fetch_url, sizeof(shared->fetch_url), "%s", welcome->fetch_url);
    snprintf(shared->fetch_token, sizeof(shared->fetch_token), "%s", welcome->fetch_token);
    pthread_mutex_unlock(&shared->lock);
    key_manifest_release(old);
}

void link_shared_closed(struct link_shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    shared->open = false;
    pthread_mutex_unlock(&shared->lock);
}

int64_t link_shared_controller_time(struct link_shared *shared)
{
    int64_t time_us;

    pthread_mutex_lock(&shared->lock);
    time_us = controller_time(shared);
    pthread_mutex_unlock(&shared->lock);
    return time_us;
}
