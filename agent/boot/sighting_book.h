/* sighting_book.h - where every boot service tells what it saw. Sightings of a task go to the
 * runner through its hand-over; those of machines without an offer are counted and kept in a ring
 * of the last requests, so that "why does this machine not boot" has an answer. Safe from any
 * thread; never blocks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "agent/boot/boot_sighting.h"

struct boot_offer;
struct error;
struct handover;
struct sighting_book;

#define SIGHTING_RING 256 /* 256 x 320 bytes: what a person can read after a bad night */

/* 'runner' is borrowed and receives malloc'ed struct boot_sighting. */
struct sighting_book *sighting_book_create(struct handover *runner, struct error *err);
void sighting_book_destroy(struct sighting_book *book);

/* A sighting of now, answered from 'offer' (may be NULL: then task_id is nil). */
struct boot_sighting sighting_of(enum boot_sighting_kind kind, const struct boot_offer *offer,
                                 const struct mac *mac);
void sighting_detail(struct boot_sighting *sighting, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A copy is taken. */
void sighting_book_tell(struct sighting_book *book, const struct boot_sighting *sighting);

/* The last sightings without an offer, newest first; returns how many were written. */
size_t sighting_book_recent(struct sighting_book *book, struct boot_sighting *out, size_t room);
/* All of them since the start, and those of tasks that the runner's full queue lost. */
uint64_t sighting_book_strangers(struct sighting_book *book);
uint64_t sighting_book_lost(struct sighting_book *book);
