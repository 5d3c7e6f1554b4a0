/* admitted_keys.c - see admitted_keys.h. Two sorted arrays, swapped together under the lock: by
 * CURVE key and by agent. 4,000 agents are 12 steps a look-up.
 */
#include "controller/dispatch/admitted_keys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/text.h"

struct admitted_keys {
    pthread_mutex_t lock;
    pthread_cond_t given; /* monotonic clock */
    bool known;           /* a set was given, be it empty */
    struct admitted_key *by_curve;
    struct user_id *by_agent;
    size_t count;
};

void user_id_of(const struct admitted_key *key, struct user_id *ret_user)
{
    ret_user->agent = key->agent;
    key_id_of(key->curve, sizeof(key->curve), ret_user->key_id);
}

void user_id_format(const struct user_id *user, char out[USER_ID_SIZE])
{
    text_hex(user->agent.bytes, sizeof(user->agent.bytes), out);
    out[32] = '.';
    text_hex(user->key_id, KEY_ID_BYTES, out + 33);
}

int user_id_parse(const char *text, struct user_id *ret_user)
{
    char agent[33];

    if (strlen(text) != USER_ID_SIZE - 1 || text[32] != '.')
        return -1;
    memcpy(agent, text, 32);
    agent[32] = '\0';
    if (text_unhex(agent, ret_user->agent.bytes, 16) < 0)
        return -1;
    return text_unhex(text + 33, ret_user->key_id, KEY_ID_BYTES);
}

struct admitted_keys *admitted_keys_create(struct error *err)
{
    struct admitted_keys *keys = calloc(1, sizeof(*keys));
    pthread_condattr_t attr;

    if (!keys) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the agents' keys");
        return NULL;
    }
    pthread_mutex_init(&keys->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&keys->given, &attr);
    pthread_condattr_destroy(&attr);
    return keys;
}

void admitted_keys_destroy(struct admitted_keys *keys)
{
    if (!keys)
        return;
    pthread_cond_destroy(&keys->given);
    pthread_mutex_destroy(&keys->lock);
    free(keys->by_curve);
    free(keys->by_agent);
    free(keys);
}

static int compare_curve(const void *a, const void *b)
{
    const struct admitted_key *x = a, *y = b;

    return memcmp(x->curve, y->curve, sizeof(x->curve));
}

static int compare_user(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct user_id));
}

int admitted_keys_replace(struct admitted_keys *keys, const struct admitted_key *items,
                          size_t count, struct error *err)
{
    struct admitted_key *by_curve = calloc(count + 1, sizeof(*by_curve));
    struct user_id *by_agent = calloc(count + 1, sizeof(*by_agent));
    void *old_curve, *old_agent;

    if (!by_curve || !by_agent) {
        free(by_curve);
        free(by_agent);
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for %zu agents' keys", count);
    }
    for (size_t i = 0; i < count; i++) {
        by_curve[i] = items[i];
        user_id_of(&items[i], &by_agent[i]);
    }
    qsort(by_curve, count, sizeof(*by_curve), compare_curve);
    qsort(by_agent, count, sizeof(*by_agent), compare_user);
    pthread_mutex_lock(&keys->lock);
    old_curve = keys->by_curve;
    old_agent = keys->by_agent;
    keys->by_curve = by_curve;
    keys->by_agent = by_agent;
    keys->count = count;
    keys->known = true;
    pthread_cond_broadcast(&keys->given);
    pthread_mutex_unlock(&keys->lock);
    free(old_curve);
    free(old_agent);
    return 0;
}

bool admitted_keys_wait(struct admitted_keys *keys, int timeout_ms)
{
    struct timespec until;
    bool known;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&keys->lock);
    while (!keys->known && pthread_cond_timedwait(&keys->given, &keys->lock, &until) == 0)
        continue;
    known = keys->known;
    pthread_mutex_unlock(&keys->lock);
    return known;
}

bool admitted_keys_find(struct admitted_keys *keys, const uint8_t curve[32],
                        struct user_id *ret_user)
{
    struct admitted_key wanted, *found = NULL;

    memcpy(wanted.curve, curve, sizeof(wanted.curve));
    pthread_mutex_lock(&keys->lock);
    if (keys->count > 0)
        found = bsearch(&wanted, keys->by_curve, keys->count, sizeof(wanted), compare_curve);
    if (found)
        user_id_of(found, ret_user);
    pthread_mutex_unlock(&keys->lock);
    return found != NULL;
}

bool admitted_keys_hold(struct admitted_keys *keys, const struct user_id *user)
{
    bool found = false;

    pthread_mutex_lock(&keys->lock);
    if (keys->count > 0)
        found = bsearch(user, keys->by_agent, keys->count, sizeof(*user), compare_user) != NULL;
    pthread_mutex_unlock(&keys->lock);
    return found;
}
