/* image_store.h - the controller's copies of image files, in one folder, named by their SHA-256 in
 * hex. A file takes its name only after size and digest were right and it was fsynced; a crash
 * leaves nothing but a ".part" file, which the next start removes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct image_store;
struct image_upload;

struct image_store *image_store_open(const char *folder, struct error *err);
void image_store_close(struct image_store *store);
const char *image_store_folder(const struct image_store *store); /* borrowed */

/* 1: the file is there; *ret_fd (may be NULL) is its descriptor, the caller's. 0: it is not. */
int image_store_find(const struct image_store *store, const uint8_t sha256[32], int *ret_fd,
                     int64_t *ret_size, struct error *err);

/* One file on its way in; used by one thread at a time. */
struct image_upload *image_upload_begin(const struct image_store *store, const uint8_t sha256[32],
                                        int64_t size, struct error *err);
int64_t image_upload_missing(const struct image_upload *upload); /* bytes */
/* ERROR_INVALID: more bytes than announced. */
int image_upload_write(struct image_upload *upload, const void *bytes, size_t length,
                       struct error *err);
/* Checks, fsyncs, names. ERROR_INVALID: too short, or another digest. The upload is used up either
 * way. */
int image_upload_finish(struct image_upload *upload, struct error *err);
void image_upload_abort(struct image_upload *upload); /* NULL is fine */
