/* handover.c - see handover.h.
 * Invariant, under the lock: the eventfd is readable exactly when count > 0 or closed.
 */
#include "common/handover.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"

#define CAPACITY_MAX (1 << 20) /* 8 MiB of pointers: more is a mistake, not a queue */

struct handover {
    pthread_mutex_t lock;
    pthread_cond_t not_full;
    pthread_cond_t not_empty; /* monotonic clock */
    void (*drop)(void *item);
    size_t capacity, first, count;
    bool closed, signalled;
    int fd;
    void *items[];
};

struct handover *handover_create(size_t capacity, void (*drop)(void *), struct error *err)
{
    struct handover *handover;
    pthread_condattr_t attr;

    if (capacity == 0 || capacity > CAPACITY_MAX) {
        error_set_code(err, ERROR_INVALID, "a queue holds 1 to %d items, not %zu", CAPACITY_MAX,
                       capacity);
        return NULL;
    }
    handover = calloc(1, sizeof(*handover) + capacity * sizeof(void *));
    if (!handover) {
        error_no_memory(err);
        return NULL;
    }
    handover->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (handover->fd < 0) {
        error_set(err, "eventfd: %s", strerror(errno));
        free(handover);
        return NULL;
    }
    handover->capacity = capacity;
    handover->drop = drop;
    pthread_mutex_init(&handover->lock, NULL);
    pthread_cond_init(&handover->not_full, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&handover->not_empty, &attr);
    pthread_condattr_destroy(&attr);
    return handover;
}

void handover_destroy(struct handover *handover)
{
    int saved = errno;

    if (!handover)
        return;
    for (size_t i = 0; handover->drop && i < handover->count; i++)
        handover->drop(handover->items[(handover->first + i) % handover->capacity]);
    close(handover->fd);
    pthread_cond_destroy(&handover->not_empty);
    pthread_cond_destroy(&handover->not_full);
    pthread_mutex_destroy(&handover->lock);
    free(handover);
    errno = saved;
}

/* With the lock held. */
static void show(struct handover *handover)
{
    bool wanted = handover->count > 0 || handover->closed;
    uint64_t value = 1;

    if (wanted == handover->signalled)
        return;
    /* Cannot block or fail: the counter is only ever 0 or 1. */
    if (wanted ? write(handover->fd, &value, sizeof(value))
               : read(handover->fd, &value, sizeof(value)))
        handover->signalled = wanted;
}

static int push(struct handover *handover, void *item)
{
    if (handover->closed || handover->count == handover->capacity)
        return 1;
    handover->items[(handover->first + handover->count++) % handover->capacity] = item;
    show(handover);
    pthread_cond_signal(&handover->not_empty);
    return 0;
}

static void *pop(struct handover *handover)
{
    void *item = NULL;

    if (handover->count > 0) {
        item = handover->items[handover->first];
        handover->first = (handover->first + 1) % handover->capacity;
        handover->count--;
        show(handover);
        pthread_cond_signal(&handover->not_full);
    }
    return item;
}

int handover_try_send(struct handover *handover, void *item)
{
    int rc;

    pthread_mutex_lock(&handover->lock);
    rc = push(handover, item);
    pthread_mutex_unlock(&handover->lock);
    return rc;
}

int handover_send(struct handover *handover, void *item)
{
    int rc;

    pthread_mutex_lock(&handover->lock);
    while (!handover->closed && handover->count == handover->capacity)
        pthread_cond_wait(&handover->not_full, &handover->lock);
    rc = push(handover, item);
    pthread_mutex_unlock(&handover->lock);
    return rc ? -1 : 0;
}

void *handover_try_receive(struct handover *handover)
{
    void *item;

    pthread_mutex_lock(&handover->lock);
    item = pop(handover);
    pthread_mutex_unlock(&handover->lock);
    return item;
}

void *handover_receive(struct handover *handover, int timeout_ms)
{
    struct timespec until;
    void *item;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&handover->lock);
    while (handover->count == 0 && !handover->closed) {
        if (timeout_ms < 0)
            pthread_cond_wait(&handover->not_empty, &handover->lock);
        else if (pthread_cond_timedwait(&handover->not_empty, &handover->lock, &until) == ETIMEDOUT)
            break;
    }
    item = pop(handover);
    pthread_mutex_unlock(&handover->lock);
    return item;
}

int handover_fd(const struct handover *handover)
{
    return handover->fd;
}

void handover_close(struct handover *handover)
{
    pthread_mutex_lock(&handover->lock);
    handover->closed = true;
    show(handover);
    pthread_cond_broadcast(&handover->not_full);
    pthread_cond_broadcast(&handover->not_empty);
    pthread_mutex_unlock(&handover->lock);
}

int handover_finished(struct handover *handover)
{
    int finished;

    pthread_mutex_lock(&handover->lock);
    finished = handover->closed && handover->count == 0;
    pthread_mutex_unlock(&handover->lock);
    return finished;
}
