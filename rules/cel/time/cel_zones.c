/* cel_zones.c - the zones in use (cel_zone.h): a table that only grows. Who looks a zone up takes
 * no lock; who brings one takes it, and shows it once it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/cel/time/cel_zone.h"

#define FOLDER "/usr/share/zoneinfo"
#define SLOTS ((size_t)2 * CEL_ZONES_MAX) /* a power of two; never more than half full */

struct entry {
    struct cel_zone *zone; /* for ever */
    char name[CEL_ZONE_NAME_MAX + 1];
};

static _Atomic(struct entry *) slots[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t used; /* under the lock */

static size_t slot_of(const char *name, size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32) & (SLOTS - 1);
}

/* *ret_slot: where it is, or where it would be put. */
static const struct cel_zone *look_up(const char *name, size_t length, size_t *ret_slot)
{
    const struct entry *entry;
    size_t slot = slot_of(name, length);

    for (; (entry = atomic_load_explicit(&slots[slot], memory_order_acquire)) != NULL;
         slot = (slot + 1) & (SLOTS - 1))
        if (strncmp(entry->name, name, length) == 0 && entry->name[length] == '\0')
            return entry->zone;
    *ret_slot = slot;
    return NULL;
}

/* Letters, digits and "+_-", in parts: no dot, hence no way out of the folder. */
static bool is_name(const char *name, size_t length)
{
    if (length == 0 || length > CEL_ZONE_NAME_MAX || name[0] == '/')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= 'A' && name[i] <= 'Z') &&
            !(name[i] >= '0' && name[i] <= '9') && (name[i] == '\0' || !strchr("+_-/", name[i])))
            return false;
    return true;
}

/* At most one byte more than a zone may have, by which the reader knows that it is too long. */
static ssize_t read_file(const char *name, unsigned char *bytes)
{
    char path[sizeof(FOLDER) + 1 + CEL_ZONE_NAME_MAX];
    struct stat status;
    ssize_t got = 0, length = 0;
    int fd;

    snprintf(path, sizeof(path), FOLDER "/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        length = -1;
    while (length >= 0 && length <= CEL_ZONE_BYTES_MAX) {
        got = read(fd, bytes + length, (size_t)(CEL_ZONE_BYTES_MAX + 1 - length));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += got;
    }
    close(fd);
    return got < 0 ? -1 : length;
}

static struct cel_zone *load(const char *name, const char **ret_wrong)
{
    unsigned char *bytes = malloc(CEL_ZONE_BYTES_MAX + 1);
    struct cel_zone *zone = NULL;
    ssize_t length = bytes ? read_file(name, bytes) : -1;

    if (!bytes)
        *ret_wrong = "out of memory for a time zone";
    else if (length < 0)
        *ret_wrong = "no such time zone: write a name like Europe/Berlin or an offset like +01:00";
    else
        zone = cel_zone_parse(bytes, (size_t)length, ret_wrong);
    free(bytes);
    return zone;
}

/* Under the lock. */
static const struct cel_zone *bring(const char *name, size_t length, size_t slot,
                                    const char **ret_wrong)
{
    struct entry *entry = NULL;

    if (used == CEL_ZONES_MAX)
        *ret_wrong = "too many time zones are in use";
    else if (!(entry = calloc(1, sizeof(*entry))))
        *ret_wrong = "out of memory for a time zone";
    if (!entry)
        return NULL;
    memcpy(entry->name, name, length);
    if (!(entry->zone = load(entry->name, ret_wrong))) {
        free(entry);
        return NULL;
    }
    atomic_store_explicit(&slots[slot], entry, memory_order_release);
    used++;
    return entry->zone;
}

const struct cel_zone *cel_zone_find(const char *name, size_t length, const char **ret_wrong)
{
    const struct cel_zone *zone;
    size_t slot;

    if (!is_name(name, length)) {
        *ret_wrong = "no such time zone: write a name like Europe/Berlin or an offset like +01:00";
        return NULL;
    }
    zone = look_up(name, length, &slot);
    if (zone)
        return zone;
    pthread_mutex_lock(&lock);
    zone = look_up(name, length, &slot); /* another thread may have brought it */
    if (!zone)
        zone = bring(name, length, slot, ret_wrong);
    pthread_mutex_unlock(&lock);
    return zone;
}
