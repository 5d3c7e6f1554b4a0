/* image_fetch.h - one file on its way: an HTTPS transfer into NAME.part, resumed where an earlier
 * one stopped. For image_cache's thread. RFC 9110 section 14 (Range).
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct error;
struct image_fetch;

struct image_fetch_order {
    const char *url, *token; /* copied; the token wiped at destroy */
    const char *ca_file;     /* borrowed */
    const char *part_path;   /* copied */
    uint64_t size;           /* one byte more ends the transfer */
};

struct image_fetch *image_fetch_create(const struct image_fetch_order *order, struct error *err);
void image_fetch_destroy(struct image_fetch *fetch); /* the part file stays */
/* For curl_multi_add_handle(); its CURLINFO_PRIVATE is free for the caller. Borrowed. */
CURL *image_fetch_handle(const struct image_fetch *fetch);

/* What curl said at the end. 0: all bytes are in the part file, fsynced. -1: 'err', and *ret_again:
 * the same again may work (a cut connection, a busy server). */
int image_fetch_finish(struct image_fetch *fetch, CURLcode result, bool *ret_again,
                       struct error *err);
