/* image_shelf.h - the inside of the image cache, shared by image_cache.c and image_shelf.c and
 * included by nobody else: the files it knows, who holds them, and what holders are told. All of it
 * with the cache's lock held.
 */
#pragma once

#include <curl/curl.h>
#include <pthread.h>

#include "agent/images/image_cache.h"
#include "agent/images/image_folder.h"

struct image_fetch;

#define ROOM "images" /* of the log */

enum file_state {
    FILE_ABSENT,   /* or a part, or a whole file not checked yet */
    FILE_FETCHING, /* 'fetch' is under way */
    FILE_CHECKED,
};

/* One task's interest in a file. */
struct hold {
    struct uuid task;
    bool answered;
    struct hold *next;
};

struct file {
    char name[IMAGE_NAME_SIZE];
    uint64_t size; /* announced; of leftovers what is on the disk */
    int64_t used_us;
    enum file_state state;
    bool on_disk; /* a part or a whole file: counts against the budget */
    struct hold *holds;
    char *url, *token; /* of the newest want */
    struct image_fetch *fetch;
    unsigned attempts;
    int64_t retry_at_ms;
    struct file *next;
};

struct image_cache {
    char *folder, *ca_file;
    uint64_t budget;
    struct handover *arrivals;
    CURLM *multi;
    pthread_t thread;
    bool started;
    unsigned transfers; /* the thread's */

    pthread_mutex_t lock;
    bool stop;
    struct file *files;
};

/* Frees a secret; takes NULL. */
void image_shelf_wipe(char *text);
/* NULL: it knows none of that name, or (add) memory ran out. */
struct file *image_shelf_find(const struct image_cache *cache, const char *name);
struct file *image_shelf_add(struct image_cache *cache, const char *name);
void image_shelf_remove(struct image_cache *cache, struct file *file);
/* Somebody has not been answered yet. */
bool image_shelf_awaits(const struct file *file);
/* Evicts what nobody holds, the longest unused first. -1: ERROR_UNAVAILABLE, all is in use. */
int image_shelf_make_room(struct image_cache *cache, struct file *wanted, struct error *err);
/* Who is told that it failed holds it no longer. */
void image_shelf_tell_checked(struct image_cache *cache, struct file *file);
void image_shelf_tell_failed(struct image_cache *cache, struct file *file, const struct error *why);
