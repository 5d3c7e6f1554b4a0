/* tree_file.c - see tree_file.h. */
#include "diagnostics/tree_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool __attribute__((format(printf, 3, 0)))
full_path(char out[PATH_MAX], const char *root, const char *format, va_list args)
{
    int length = snprintf(out, PATH_MAX, "%s", root), more;

    if (length < 0 || length >= PATH_MAX)
        return false;
    more = vsnprintf(out + length, (size_t)(PATH_MAX - length), format, args);
    return more >= 0 && length + more < PATH_MAX;
}

static ssize_t read_up_to(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t held = 0;
    ssize_t got = 0;

    if (fd < 0)
        return -1;
    while (held < size && (got = read(fd, out + held, size - held)) > 0)
        held += (size_t)got;
    close(fd);
    return got < 0 && held == 0 ? -1 : (ssize_t)held;
}

bool tree_file_read(const char *root, char *out, size_t size, const char *path, ...)
{
    char full[PATH_MAX];
    va_list args;
    ssize_t length;
    bool fits;

    out[0] = '\0';
    va_start(args, path);
    fits = full_path(full, root, path, args);
    va_end(args);
    if (!fits || (length = read_up_to(full, out, size - 1)) < 0)
        return false;
    while (length && isspace((unsigned char)out[length - 1]))
        length--;
    out[length] = '\0';
    return true;
}

int64_t tree_file_integer(const char *root, int64_t absent, const char *path, ...)
{
    char full[PATH_MAX], bytes[64], *end;
    va_list args;
    ssize_t length;
    bool fits;
    int64_t value;

    va_start(args, path);
    fits = full_path(full, root, path, args);
    va_end(args);
    if (!fits || (length = read_up_to(full, bytes, sizeof(bytes) - 1)) <= 0)
        return absent;
    bytes[length] = '\0';
    errno = 0;
    value = strtoll(bytes, &end, 0);
    return end == bytes || errno ? absent : value;
}

bool tree_file_exists(const char *root, const char *path, ...)
{
    char full[PATH_MAX];
    va_list args;
    bool fits;

    va_start(args, path);
    fits = full_path(full, root, path, args);
    va_end(args);
    return fits && access(full, F_OK) == 0;
}

static char *load_open_file(int fd, size_t cap, size_t *ret_length)
{
    size_t held = 0, room = 0;
    char *bytes = NULL;

    for (;;) {
        ssize_t got;

        if (held + 1 >= room) {
            char *more = realloc(bytes, room = room ? 2 * room : 4096);

            if (!more)
                break;
            bytes = more;
        }
        got = read(fd, bytes + held, room - held - 1);
        if (got < 0 || held + (size_t)got > cap)
            break;
        held += (size_t)got;
        if (got == 0) {
            bytes[held] = '\0';
            *ret_length = held;
            return bytes;
        }
    }
    free(bytes);
    return NULL;
}

char *tree_file_load(const char *root, const char *path, size_t cap, size_t *ret_length)
{
    char full[PATH_MAX], *bytes;
    int fd;

    if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
        return NULL;
    fd = open(full, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    bytes = load_open_file(fd, cap, ret_length);
    close(fd);
    return bytes;
}

void tree_names_read(struct tree_names *names, const char *root, const char *path)
{
    struct dirent **entries;
    char full[PATH_MAX];
    int count;

    memset(names, 0, sizeof(*names));
    if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
        return;
    count = scandir(full, &entries, NULL, versionsort);
    if (count < 0)
        return;
    names->names = calloc((size_t)count + 1, sizeof(*names->names));
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (names->names && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            (names->names[names->count] = strdup(name)))
            names->count++;
        free(entries[i]);
    }
    free(entries);
}

void tree_names_clear(struct tree_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    memset(names, 0, sizeof(*names));
}
