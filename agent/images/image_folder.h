/* image_folder.h - the files of the cache on disk: HEX is a whole file, HEX.part one under way. For
 * image_cache's thread. A file takes its whole name only through image_folder_keep(), which checks
 * its digest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_NAME_SIZE 65 /* 64 hex digits and NUL */

struct error;

struct image_entry {
    char name[IMAGE_NAME_SIZE];
    bool part;
    uint64_t size;
    int64_t used_us; /* modification time: set by each use */
};

/* Caller frees *ret_entries. Whatever else lies in the folder is left alone and not counted. */
int image_folder_list(const char *folder, struct image_entry **ret_entries, size_t *ret_count,
                      struct error *err);
/* Caller frees. */
char *image_folder_path(const char *folder, const char *name, bool part);
/* 1: the whole file has this digest; 0: it is not there; -1: it is there and wrong, and was
 * removed. */
int image_folder_check(const char *folder, const char *name, struct error *err);
/* The part is complete: check its digest, rename, fsync the folder. On -1 the part is gone. */
int image_folder_keep(const char *folder, const char *name, struct error *err);
void image_folder_touch(const char *folder, const char *name);
int image_folder_remove(const char *folder, const char *name, bool part);
