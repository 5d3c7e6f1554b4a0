/* The ring of strangers and the way to the runner. */
#include "agent/boot/sighting_book.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/boot/boot_offers.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"

struct sighting_book {
    struct handover *runner; /* borrowed */
    pthread_mutex_t lock;
    struct boot_sighting ring[SIGHTING_RING];
    uint64_t strangers, lost;
};

struct sighting_book *sighting_book_create(struct handover *runner, struct error *err)
{
    struct sighting_book *book = calloc(1, sizeof(*book));

    if (!book) {
        error_no_memory(err);
        return NULL;
    }
    book->runner = runner;
    pthread_mutex_init(&book->lock, NULL);
    return book;
}

void sighting_book_destroy(struct sighting_book *book)
{
    if (!book)
        return;
    pthread_mutex_destroy(&book->lock);
    free(book);
}

struct boot_sighting sighting_of(enum boot_sighting_kind kind, const struct boot_offer *offer,
                                 const struct mac *mac)
{
    struct boot_sighting sighting = {
        .kind = kind, .mac = *mac, .arch = -1, .time_us = clock_realtime_us()};

    if (offer) {
        sighting.task_id = offer->task_id;
        sighting.attempt = offer->attempt;
    }
    return sighting;
}

void sighting_detail(struct boot_sighting *sighting, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(sighting->detail, sizeof(sighting->detail), format, args);
    va_end(args);
}

static void keep_stranger(struct sighting_book *book, const struct boot_sighting *sighting)
{
    pthread_mutex_lock(&book->lock);
    book->ring[book->strangers++ % SIGHTING_RING] = *sighting;
    pthread_mutex_unlock(&book->lock);
}

void sighting_book_tell(struct sighting_book *book, const struct boot_sighting *sighting)
{
    struct boot_sighting *copy;
    char mac[MAC_TEXT_SIZE];

    if (uuid_is_nil(&sighting->task_id)) {
        keep_stranger(book, sighting);
        return;
    }
    copy = malloc(sizeof(*copy));
    if (copy) {
        *copy = *sighting;
        if (handover_try_send(book->runner, copy) == 0)
            return;
        free(copy);
    }
    pthread_mutex_lock(&book->lock);
    book->lost++;
    pthread_mutex_unlock(&book->lock);
    mac_format(&sighting->mac, mac);
    log_warn("boot", "a sighting was lost, the runner's queue is full", "kind=%s mac=%s",
             boot_sighting_name(sighting->kind), mac);
}

size_t sighting_book_recent(struct sighting_book *book, struct boot_sighting *out, size_t room)
{
    size_t count = 0;

    pthread_mutex_lock(&book->lock);
    while (count < room && count < SIGHTING_RING && count < book->strangers) {
        out[count] = book->ring[(book->strangers - 1 - count) % SIGHTING_RING];
        count++;
    }
    pthread_mutex_unlock(&book->lock);
    return count;
}

uint64_t sighting_book_strangers(struct sighting_book *book)
{
    uint64_t count;

    pthread_mutex_lock(&book->lock);
    count = book->strangers;
    pthread_mutex_unlock(&book->lock);
    return count;
}

uint64_t sighting_book_lost(struct sighting_book *book)
{
    uint64_t count;

    pthread_mutex_lock(&book->lock);
    count = book->lost;
    pthread_mutex_unlock(&book->lock);
    return count;
}
