/* journal_room.c - see journal_room.h. Invariant: 'whole' is what the file of the ballast is. */
#include "agent/journal/journal_room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/text.h"

#define MIB ((uint64_t)1024 * 1024)
/* A run under way writes its report (4 MiB, and once more into the WAL), a WAL of 4 MiB, and a few
 * hundred facts of 300 bytes; its log is thinned to make room. */
#define BALLAST (8 * MIB)
/* Twice that: where runs that were accepted a moment ago still end without the ballast. */
#define LOW_WATER (16 * MIB)
#define LOOK_EVERY_MS 1000

struct journal_room {
    pthread_mutex_t lock;
    char *ballast, *folder;
    uint64_t mark;
    bool whole, looked, enough;
    uint64_t left; /* bytes, as last seen */
    int64_t look_ms;
};

static bool is_whole(const char *path)
{
    struct stat seen;

    return stat(path, &seen) == 0 && (uint64_t)seen.st_size >= BALLAST &&
           (uint64_t)seen.st_blocks * 512 >= BALLAST;
}

static bool make_ballast(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool whole;

    if (fd < 0)
        return false;
    whole = posix_fallocate(fd, 0, (off_t)BALLAST) == 0;
    if (!whole && ftruncate(fd, 0) < 0)
        whole = false; /* half a ballast stays until there is room for it */
    close(fd);
    return whole;
}

/* Under the lock. */
static void look(struct journal_room *room)
{
    struct statvfs disk;

    if (statvfs(room->folder, &disk) < 0) {
        room->enough = true; /* nothing to say; a write will tell */
        return;
    }
    room->left = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (!room->whole && room->left >= room->mark + BALLAST)
        room->whole = make_ballast(room->ballast);
    room->enough = room->whole && room->left >= room->mark;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

struct journal_room *journal_room_create(const char *path, struct error *err)
{
    struct journal_room *room = calloc(1, sizeof(*room));
    struct text name = {0};

    text_format(&name, "%s.ballast", path);
    if (!room || !text_ok(&name) || !(room->ballast = text_take(&name)) ||
        !(room->folder = folder_of(path))) {
        if (room)
            free(room->ballast);
        text_clear(&name);
        free(room);
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&room->lock, NULL);
    room->mark = LOW_WATER;
    room->whole = is_whole(room->ballast);
    return room;
}

void journal_room_destroy(struct journal_room *room)
{
    if (!room)
        return;
    pthread_mutex_destroy(&room->lock);
    free(room->ballast);
    free(room->folder);
    free(room);
}

bool journal_room_is_enough(struct journal_room *room, struct error *ret_why)
{
    int64_t now_ms = clock_monotonic_ms();
    bool enough;

    pthread_mutex_lock(&room->lock);
    if (!room->looked || now_ms >= room->look_ms) {
        look(room);
        room->looked = true;
        room->look_ms = now_ms + LOOK_EVERY_MS;
    }
    enough = room->enough;
    if (!enough)
        error_set_code(ret_why, ERROR_UNAVAILABLE,
                       "the agent's disk has %llu MiB left at %s, and needs %llu to begin a task: "
                       "make room there",
                       (unsigned long long)(room->left / MIB), room->folder,
                       (unsigned long long)((room->mark + (room->whole ? 0 : BALLAST)) / MIB));
    pthread_mutex_unlock(&room->lock);
    return enough;
}

bool journal_room_give_up(struct journal_room *room)
{
    bool given;

    pthread_mutex_lock(&room->lock);
    given = room->whole && truncate(room->ballast, 0) == 0;
    room->whole = room->enough = false;
    room->looked = true;
    room->look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
    pthread_mutex_unlock(&room->lock);
    return given;
}

void journal_room_set_mark(struct journal_room *room, uint64_t bytes)
{
    pthread_mutex_lock(&room->lock);
    room->mark = bytes;
    room->looked = false;
    pthread_mutex_unlock(&room->lock);
}
