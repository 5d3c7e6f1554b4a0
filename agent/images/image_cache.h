/* image_cache.h - the site's copies of image files, named by their SHA-256. A file is fetched over
 * HTTPS from the controller (Range, resumed after a cut), is at most as long as announced, and
 * takes its name only after its digest was checked and it was fsynced. What no live task uses is
 * evicted, longest unused first, to stay within a budget. One thread fetches and hashes; every call
 * returns at once and is safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/ids.h"

struct handover;
struct image_cache;

#define IMAGE_SHA256_BYTES 32

struct image_cache_settings {
    const char *folder;    /* ours alone; made when missing */
    const char *ca_file;   /* PEM: the only authority believed */
    uint64_t budget_bytes; /* of all files together */
};

/* What became of one want. The receiver frees it with image_arrival_free(). */
struct image_arrival {
    struct uuid task;
    uint8_t sha256[IMAGE_SHA256_BYTES];
    char *path;         /* absolute, or NULL: 'error' says why */
    struct error error; /* ERROR_UNAVAILABLE: worth another want later */
};
void image_arrival_free(struct image_arrival *arrival);

/* 'arrivals' is borrowed and receives struct image_arrival *. Files that are there already are
 * known again by name, and their digest is checked again before the first use. */
struct image_cache *image_cache_create(const struct image_cache_settings *settings,
                                       struct handover *arrivals, struct error *err);
void image_cache_destroy(
    struct image_cache *cache); /* stops the fetch and joins; resumable later */

/* Ask for a file and hold it for 'task'. One arrival comes for each want, at once when the file is
 * there. 'url_base' ends before the digest ("https://10.0.0.1:8443/v1/agent/files/"); 'token' is
 * the Bearer of WELCOME, copied, wiped after use, never logged. -1: bad arguments, or more than the
 * budget can ever hold; then no arrival comes. */
int image_cache_want(struct image_cache *cache, const struct uuid *task,
                     const uint8_t sha256[IMAGE_SHA256_BYTES], uint64_t size, const char *url_base,
                     const char *token, struct error *err);
/* The task has ended: its files may be evicted, its fetches that nobody else wants stop. */
void image_cache_release(struct image_cache *cache, const struct uuid *task);
/* The path of a file that is there and checked, or NULL; caller frees. Does not hold it. */
char *image_cache_path(struct image_cache *cache, const uint8_t sha256[IMAGE_SHA256_BYTES]);
