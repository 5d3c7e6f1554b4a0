/* api_workers.h - a fixed number of threads that run items of a bounded queue, and a place where
 * items that wait for news sleep until their next look.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct api_workers;
struct error;

#define API_LOOK_MS                                                                                \
    250 /* between two looks of a waiting item: what a watcher is behind at most                   \
         */

/* 'run' is called on a worker's thread with one item at a time. */
struct api_workers *api_workers_create(size_t threads, size_t queue,
                                       void (*run)(void *context, void *item), void *context,
                                       struct error *err);
/* 0: taken; 1: full or stopping. Never blocks. */
int api_workers_submit(struct api_workers *workers, void *item);
/* 0: the item comes again after API_LOOK_MS; 1: stopping, or too many wait. */
int api_workers_park(struct api_workers *workers, void *item);
/* Items that sleep are run once more now; from here on none is parked. */
void api_workers_wake(struct api_workers *workers);
/* Runs what is queued, joins. */
void api_workers_destroy(struct api_workers *workers);
