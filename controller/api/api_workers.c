/* api_workers.c - see api_workers.h. Invariant: an item is in exactly one place: the queue, the
 * parked list, or with one worker.
 */
#include "controller/api/api_workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"

/* Each parked item costs one short query every API_LOOK_MS: 1,000 of them are 4,000 queries a
 * second. */
#define PARKED_MAX 1000

struct parked {
    void *item;
    int64_t due_ms;
};

struct api_workers {
    void (*run)(void *context, void *item);
    void *context;
    struct handover *queue;
    pthread_t *threads;
    size_t thread_count;
    pthread_t waker;
    bool waker_started;
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    struct parked parked[PARKED_MAX]; /* in order of due_ms: all sleep for the same time */
    size_t parked_count;
    bool stopping, waking;
};

static void *work(void *arg)
{
    struct api_workers *workers = arg;
    void *item;

    while ((item = handover_receive(workers->queue, -1)))
        workers->run(workers->context, item);
    return NULL;
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* The first item that is due, taken out; NULL when none is. With the lock. */
static void *take_due(struct api_workers *workers, int64_t now_ms)
{
    void *item;

    if (workers->parked_count == 0 || (workers->parked[0].due_ms > now_ms && !workers->waking))
        return NULL;
    item = workers->parked[0].item;
    memmove(workers->parked, workers->parked + 1,
            --workers->parked_count * sizeof(workers->parked[0]));
    return item;
}

static void *wake(void *arg)
{
    struct api_workers *workers = arg;
    void *item;

    pthread_mutex_lock(&workers->lock);
    while (!workers->stopping || workers->parked_count > 0) {
        if ((item = take_due(workers, clock_monotonic_ms()))) {
            /* Waits for room: a parked item was admitted once and is not refused later. */
            pthread_mutex_unlock(&workers->lock);
            if (handover_send(workers->queue, item) < 0)
                workers->run(workers->context, item);
            pthread_mutex_lock(&workers->lock);
        } else if (workers->parked_count > 0) {
            struct timespec until = in_ms(workers->parked[0].due_ms - clock_monotonic_ms());

            pthread_cond_timedwait(&workers->changed, &workers->lock, &until);
        } else {
            pthread_cond_wait(&workers->changed, &workers->lock);
        }
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

static void init_lock(struct api_workers *workers)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&workers->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&workers->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct api_workers *api_workers_create(size_t threads, size_t queue,
                                       void (*run)(void *context, void *item), void *context,
                                       struct error *err)
{
    struct api_workers *workers = calloc(1, sizeof(*workers));

    if (!workers) {
        error_set(err, "API workers: out of memory");
        return NULL;
    }
    workers->run = run;
    workers->context = context;
    init_lock(workers);
    workers->queue = handover_create(queue, NULL, err);
    if (!workers->queue || !(workers->threads = calloc(threads, sizeof(*workers->threads))))
        goto fail;
    for (; workers->thread_count < threads; workers->thread_count++)
        if (pthread_create(&workers->threads[workers->thread_count], NULL, work, workers) != 0)
            goto fail;
    if (pthread_create(&workers->waker, NULL, wake, workers) != 0)
        goto fail;
    workers->waker_started = true;
    return workers;
fail:
    error_set(err, "API workers: their threads do not start");
    api_workers_destroy(workers);
    return NULL;
}

int api_workers_submit(struct api_workers *workers, void *item)
{
    return handover_try_send(workers->queue, item);
}

int api_workers_park(struct api_workers *workers, void *item)
{
    int rc = 1;

    pthread_mutex_lock(&workers->lock);
    if (!workers->waking && workers->parked_count < PARKED_MAX) {
        workers->parked[workers->parked_count++] =
            (struct parked){item, clock_monotonic_ms() + API_LOOK_MS};
        pthread_cond_signal(&workers->changed);
        rc = 0;
    }
    pthread_mutex_unlock(&workers->lock);
    return rc;
}

void api_workers_wake(struct api_workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->waking = true;
    pthread_cond_signal(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
}

void api_workers_destroy(struct api_workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->waking = workers->stopping = true;
    pthread_cond_signal(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
    if (workers->waker_started)
        pthread_join(workers->waker, NULL);
    if (workers->queue)
        handover_close(workers->queue);
    for (size_t i = 0; i < workers->thread_count; i++)
        pthread_join(workers->threads[i], NULL);
    handover_destroy(workers->queue);
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    free(workers->threads);
    free(workers);
}
