/* image_shelf.c - see image_shelf.h. Invariant: what any task holds is never evicted, and the sum
 * of sizes stays within the budget.
 */
#include "agent/images/image_shelf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"
#include "common/text.h"

/* ---- files, with the lock held ---- */

void image_shelf_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void image_shelf_free(struct file *file)
{
    while (file->holds) {
        struct hold *next = file->holds->next;

        free(file->holds);
        file->holds = next;
    }
    free(file->url);
    image_shelf_wipe(file->token);
    free(file);
}

struct file *image_shelf_find(const struct image_cache *cache, const char *name)
{
    struct file *file = cache->files;

    while (file && strcmp(file->name, name) != 0)
        file = file->next;
    return file;
}

struct file *image_shelf_add(struct image_cache *cache, const char *name)
{
    struct file *file = calloc(1, sizeof(*file));

    if (!file)
        return NULL;
    strcpy(file->name, name);
    file->next = cache->files;
    cache->files = file;
    return file;
}

void image_shelf_remove(struct image_cache *cache, struct file *file)
{
    struct file **at = &cache->files;

    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    image_shelf_free(file);
}

bool image_shelf_awaits(const struct file *file)
{
    for (const struct hold *hold = file->holds; hold; hold = hold->next)
        if (!hold->answered)
            return true;
    return false;
}

static uint64_t space_taken(const struct image_cache *cache)
{
    uint64_t sum = 0;

    for (const struct file *file = cache->files; file; file = file->next)
        if (file->on_disk)
            sum += file->size;
    return sum;
}

static struct file *longest_unused(const struct image_cache *cache, const struct file *but)
{
    struct file *oldest = NULL;

    for (struct file *file = cache->files; file; file = file->next)
        if (file != but && file->on_disk && !file->holds && file->state != FILE_FETCHING &&
            (!oldest || file->used_us < oldest->used_us))
            oldest = file;
    return oldest;
}

/* Room for 'wanted', which may have a part on the disk already. */
int image_shelf_make_room(struct image_cache *cache, struct file *wanted, struct error *err)
{
    bool on_disk = wanted->on_disk;
    struct file *oldest;

    wanted->on_disk = true;
    while (space_taken(cache) > cache->budget) {
        oldest = longest_unused(cache, wanted);
        if (!oldest) {
            wanted->on_disk = on_disk;
            return error_set_code(
                err, ERROR_UNAVAILABLE,
                "the image cache is full of files in use: raise its budget (%" PRIu64 " bytes)",
                cache->budget);
        }
        log_info(ROOM, "evicted", "file=%s size=%" PRIu64, oldest->name, oldest->size);
        image_folder_remove(cache->folder, oldest->name, false);
        image_folder_remove(cache->folder, oldest->name, true);
        image_shelf_remove(cache, oldest);
    }
    return 0;
}

/* ---- answers, with the lock held ---- */

/* False: the receiver is behind; said again at the next turn. */
static bool tell(struct image_cache *cache, const struct file *file, const struct hold *hold,
                 const struct error *why)
{
    struct image_arrival *arrival = calloc(1, sizeof(*arrival));

    if (!arrival)
        return false;
    arrival->task = hold->task;
    text_unhex(file->name, arrival->sha256, sizeof(arrival->sha256));
    if (why)
        arrival->error = *why;
    else
        arrival->path = image_folder_path(cache->folder, file->name, false);
    if ((!why && !arrival->path) || handover_try_send(cache->arrivals, arrival)) {
        image_arrival_free(arrival);
        return false;
    }
    return true;
}

void image_shelf_tell_checked(struct image_cache *cache, struct file *file)
{
    for (struct hold *hold = file->holds; hold; hold = hold->next)
        if (!hold->answered)
            hold->answered = tell(cache, file, hold, NULL);
}

/* The failed ones hold it no longer. When the receiver is behind, they try again as a new want
 * would. */
void image_shelf_tell_failed(struct image_cache *cache, struct file *file, const struct error *why)
{
    struct hold **at = &file->holds;

    log_warn(ROOM, "file not fetched", "file=%s reason=%s", file->name, log_quote(error_text(why)));
    while (*at) {
        struct hold *hold = *at;

        if (!hold->answered && tell(cache, file, hold, why)) {
            *at = hold->next;
            free(hold);
        } else {
            at = &hold->next;
        }
    }
    file->attempts = 0;
}
