/* image_cache.c - see image_cache.h: calls and thread. One list of files under one lock; the thread
 * alone touches the disk and the network, with the lock released. Invariant: a file is CHECKED only
 * after its digest was computed from the disk in this process; what any task holds is never
 * evicted; the sum of sizes stays within the budget.
 */
#include "agent/images/image_cache.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/images/image_fetch.h"
#include "agent/images/image_folder.h"
#include "agent/images/image_shelf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/handover.h"
#include "common/log.h"
#include "common/text.h"

#define TRANSFERS_MAX 4 /* kernel and initrd of two tasks side by side */
#define ATTEMPTS_MAX 5
#define RETRY_MS 1000 /* then twice, four, eight times that */
#define POLL_MS 1000

void image_arrival_free(struct image_arrival *arrival)
{
    if (!arrival)
        return;
    free(arrival->path);
    free(arrival);
}

/* ---- the thread: one file ---- */

static void end_fetch(struct image_cache *cache, struct file *file)
{
    curl_multi_remove_handle(cache->multi, image_fetch_handle(file->fetch));
    image_fetch_destroy(file->fetch);
    file->fetch = NULL;
    file->state = FILE_ABSENT;
    cache->transfers--;
}

static int start_fetch(struct image_cache *cache, struct file *file, struct error *err)
{
    struct image_fetch_order order = {
        .ca_file = cache->ca_file, .token = file->token, .size = file->size};
    char *url = NULL, *part = image_folder_path(cache->folder, file->name, true);
    int rc = -1;

    if (!part || asprintf(&url, "%s%s", file->url, file->name) < 0) {
        url = NULL;
        error_no_memory(err);
        goto out;
    }
    order.url = url;
    order.part_path = part;
    if (image_shelf_make_room(cache, file, err) < 0 ||
        !(file->fetch = image_fetch_create(&order, err)))
        goto out;
    curl_easy_setopt(image_fetch_handle(file->fetch), CURLOPT_PRIVATE, file);
    if (curl_multi_add_handle(cache->multi, image_fetch_handle(file->fetch)) != CURLM_OK) {
        image_fetch_destroy(file->fetch);
        file->fetch = NULL;
        error_set(err, "libcurl refuses a transfer");
        goto out;
    }
    file->state = FILE_FETCHING;
    cache->transfers++;
    rc = 0;
out:
    free(url);
    free(part);
    return rc;
}

/* The digest takes a while: without the lock. The file cannot go meanwhile: it is held, and only
 * the thread removes files. */
static void check_or_fetch(struct image_cache *cache, struct file *file)
{
    struct error err = {0};
    int there;

    pthread_mutex_unlock(&cache->lock);
    there = image_folder_check(cache->folder, file->name, &err);
    if (there < 0)
        log_warn(ROOM, "file of the cache not usable", "file=%s reason=%s", file->name,
                 log_quote(error_text(&err)));
    pthread_mutex_lock(&cache->lock);
    if (there == 1) {
        file->state = FILE_CHECKED;
        file->on_disk = true;
    } else if (start_fetch(cache, file, &err) < 0) {
        image_shelf_tell_failed(cache, file, &err);
    }
}

static void on_fetched(struct image_cache *cache, struct file *file, CURLcode result)
{
    struct error err = {0};
    bool again, whole = image_fetch_finish(file->fetch, result, &again, &err) == 0;

    end_fetch(cache, file);
    if (whole) {
        pthread_mutex_unlock(&cache->lock);
        whole = image_folder_keep(cache->folder, file->name, &err) == 0;
        /* A resumed part may have been damaged before: once more from the start. */
        again = !whole && file->attempts == 0;
        pthread_mutex_lock(&cache->lock);
    }
    if (whole) {
        file->state = FILE_CHECKED;
        file->attempts = 0;
        log_info(ROOM, "file fetched and checked", "file=%s size=%" PRIu64, file->name, file->size);
    } else if (again && ++file->attempts < ATTEMPTS_MAX) {
        file->retry_at_ms = clock_monotonic_ms() + (RETRY_MS << (file->attempts - 1));
    } else {
        image_shelf_tell_failed(cache, file, &err);
    }
}

/* ---- the thread: all of them ---- */

static void look_at(struct image_cache *cache, struct file *file)
{
    if (file->state == FILE_FETCHING && !file->holds) {
        end_fetch(cache, file); /* nobody waits any more; the part stays for the next time */
    } else if (image_shelf_awaits(file)) {
        if (file->state == FILE_CHECKED)
            image_shelf_tell_checked(cache, file);
        else if (file->state == FILE_ABSENT && cache->transfers < TRANSFERS_MAX &&
                 clock_monotonic_ms() >= file->retry_at_ms) {
            check_or_fetch(cache, file);
            if (file->state == FILE_CHECKED)
                image_shelf_tell_checked(cache, file);
        }
    }
}

/* True: a transfer ended, so there is somebody to tell and room for another. */
static bool take_results(struct image_cache *cache)
{
    CURLMsg *message;
    bool ended = false;
    int left;

    while ((message = curl_multi_info_read(cache->multi, &left))) {
        CURLcode result = message->data.result;
        struct file *file = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&file);
        on_fetched(cache, file, result);
        ended = true;
    }
    return ended;
}

/* Files that nothing is known of but a want that failed. */
static void forget_empty(struct image_cache *cache)
{
    struct file *file = cache->files, *next;

    for (; file; file = next) {
        next = file->next;
        if (!file->holds && !file->on_disk && file->state == FILE_ABSENT)
            image_shelf_remove(cache, file);
    }
}

static bool turn(struct image_cache *cache)
{
    int running;
    bool ended;

    pthread_mutex_lock(&cache->lock);
    if (cache->stop) {
        pthread_mutex_unlock(&cache->lock);
        return false;
    }
    /* New files are put in front, so one that appears while the lock is released waits for the next
     * turn. Only this thread takes files out, never the one it looks at, and 'next' is read
     * afterwards. */
    for (struct file *file = cache->files; file; file = file->next)
        if (file->holds || file->state == FILE_FETCHING)
            look_at(cache, file);
    forget_empty(cache);
    pthread_mutex_unlock(&cache->lock);
    /* Bodies are written by curl's callback in here, into files of the fetches: no lock is needed.
     */
    curl_multi_perform(cache->multi, &running);
    pthread_mutex_lock(&cache->lock);
    ended = take_results(cache);
    pthread_mutex_unlock(&cache->lock);
    curl_multi_poll(cache->multi, NULL, 0, ended ? 0 : POLL_MS, NULL);
    return true;
}

static void *run(void *arg)
{
    while (turn(arg))
        continue;
    return NULL;
}

/* ---- calls ---- */

static int add_hold(struct file *file, const struct uuid *task, struct error *err)
{
    struct hold *hold = file->holds;

    while (hold && !uuid_equal(&hold->task, task))
        hold = hold->next;
    if (!hold) {
        hold = calloc(1, sizeof(*hold));
        if (!hold)
            return error_no_memory(err);
        hold->task = *task;
        hold->next = file->holds;
        file->holds = hold;
    }
    hold->answered = false;
    return 0;
}

static int want_locked(struct image_cache *cache, const struct uuid *task, const char *name,
                       uint64_t size, const char *url, const char *token, struct error *err)
{
    struct file *file = image_shelf_find(cache, name);
    char *url_copy, *token_copy;

    if (!file && !(file = image_shelf_add(cache, name)))
        return error_no_memory(err);
    if ((file->holds || file->state == FILE_CHECKED) && file->size != size)
        return error_set_code(err, ERROR_INVALID,
                              "file %.16s.. was announced with %" PRIu64 " and with %" PRIu64
                              " bytes",
                              name, file->size, size);
    url_copy = strdup(url);
    token_copy = strdup(token);
    if (!url_copy || !token_copy || add_hold(file, task, err) < 0) {
        free(url_copy);
        image_shelf_wipe(token_copy);
        return error_no_memory(err);
    }
    free(file->url);
    image_shelf_wipe(file->token);
    file->url = url_copy;
    file->token = token_copy;
    file->size = size;
    file->used_us = clock_realtime_us();
    file->retry_at_ms = 0;
    return 0;
}

int image_cache_want(struct image_cache *cache, const struct uuid *task,
                     const uint8_t sha256[IMAGE_SHA256_BYTES], uint64_t size, const char *url_base,
                     const char *token, struct error *err)
{
    char name[IMAGE_NAME_SIZE];
    int rc;

    if (size == 0 || size > cache->budget)
        return error_set_code(err, ERROR_INVALID,
                              "a file of %" PRIu64 " bytes: the image cache holds 1 to %" PRIu64,
                              size, cache->budget);
    if (strncmp(url_base, "https://", 8) != 0)
        return error_set_code(err, ERROR_INVALID, "files are fetched over https only");
    text_hex(sha256, IMAGE_SHA256_BYTES, name);
    pthread_mutex_lock(&cache->lock);
    rc = want_locked(cache, task, name, size, url_base, token, err);
    pthread_mutex_unlock(&cache->lock);
    if (rc == 0)
        curl_multi_wakeup(cache->multi);
    return rc;
}

static bool drop_hold(struct file *file, const struct uuid *task)
{
    for (struct hold **at = &file->holds; *at; at = &(*at)->next) {
        struct hold *hold = *at;

        if (!uuid_equal(&hold->task, task))
            continue;
        *at = hold->next;
        free(hold);
        return true;
    }
    return false;
}

void image_cache_release(struct image_cache *cache, const struct uuid *task)
{
    pthread_mutex_lock(&cache->lock);
    for (struct file *file = cache->files; file; file = file->next) {
        if (!drop_hold(file, task) || file->state != FILE_CHECKED)
            continue;
        file->used_us = clock_realtime_us();
        image_folder_touch(cache->folder, file->name);
    }
    pthread_mutex_unlock(&cache->lock);
    curl_multi_wakeup(cache->multi);
}

char *image_cache_path(struct image_cache *cache, const uint8_t sha256[IMAGE_SHA256_BYTES])
{
    char name[IMAGE_NAME_SIZE], *path = NULL;
    struct file *file;

    text_hex(sha256, IMAGE_SHA256_BYTES, name);
    pthread_mutex_lock(&cache->lock);
    file = image_shelf_find(cache, name);
    if (file && file->state == FILE_CHECKED)
        path = image_folder_path(cache->folder, name, false);
    pthread_mutex_unlock(&cache->lock);
    return path;
}

/* ---- life ---- */

static int know_leftovers(struct image_cache *cache, struct error *err)
{
    struct image_entry *entries = NULL;
    size_t count;

    if (file_make_folder(cache->folder, 0700, err) < 0 ||
        image_folder_list(cache->folder, &entries, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct file *file = image_shelf_find(cache, entries[i].name);

        if (!file && !(file = image_shelf_add(cache, entries[i].name))) {
            free(entries);
            return error_no_memory(err);
        }
        file->size += entries[i].size; /* a part beside a whole file counts too */
        file->used_us = entries[i].used_us > file->used_us ? entries[i].used_us : file->used_us;
        file->on_disk = true;
    }
    free(entries);
    return 0;
}

struct image_cache *image_cache_create(const struct image_cache_settings *settings,
                                       struct handover *arrivals, struct error *err)
{
    struct image_cache *cache = calloc(1, sizeof(*cache));
    int rc;

    if (!cache) {
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&cache->lock, NULL);
    cache->budget = settings->budget_bytes;
    cache->arrivals = arrivals;
    cache->folder = strdup(settings->folder);
    cache->ca_file = strdup(settings->ca_file);
    cache->multi = curl_multi_init();
    if (!cache->folder || !cache->ca_file || !cache->multi) {
        error_no_memory(err);
        goto fail;
    }
    if (know_leftovers(cache, err) < 0)
        goto fail;
    rc = pthread_create(&cache->thread, NULL, run, cache);
    if (rc) {
        error_set(err, "thread of the image cache: %s", strerror(rc));
        goto fail;
    }
    pthread_setname_np(cache->thread, "images");
    cache->started = true;
    return cache;
fail:
    image_cache_destroy(cache);
    return NULL;
}

void image_cache_destroy(struct image_cache *cache)
{
    int saved = errno;

    if (!cache)
        return;
    if (cache->started) {
        pthread_mutex_lock(&cache->lock);
        cache->stop = true;
        pthread_mutex_unlock(&cache->lock);
        curl_multi_wakeup(cache->multi);
        pthread_join(cache->thread, NULL);
    }
    while (cache->files) {
        if (cache->files->fetch)
            end_fetch(cache, cache->files);
        image_shelf_remove(cache, cache->files);
    }
    if (cache->multi)
        curl_multi_cleanup(cache->multi);
    pthread_mutex_destroy(&cache->lock);
    free(cache->folder);
    free(cache->ca_file);
    free(cache);
    errno = saved;
}
