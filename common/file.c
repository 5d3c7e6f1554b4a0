/* file.c - see file.h. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

bool file_is_credential(const char *path)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *name = path + sizeof(FILE_CREDENTIAL) - 1;

    return strncmp(path, FILE_CREDENTIAL, sizeof(FILE_CREDENTIAL) - 1) == 0 && name[0] &&
           name[0] != '.' && strspn(name, allowed) == strlen(name);
}

/* Where a credential's bytes are; -1 with the remedy. */
static int credential_path(const char *path, char out[PATH_MAX], struct error *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *name = path + sizeof(FILE_CREDENTIAL) - 1;

    if (!file_is_credential(path))
        return error_set_code(err, ERROR_INVALID, "%s: no name that a credential may have", path);
    if (!folder || folder[0] != '/')
        return error_set_code(err, ERROR_NOT_FOUND,
                              "%s: there are no credentials: have systemd start it with "
                              "LoadCredential=%s:FILE, or name a file",
                              path, name);
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return error_set(err, "path too long: %s", path);
    return 0;
}

static int refuse_owner(const char *path, uid_t owner, struct error *err)
{
    struct passwd entry, *found = NULL;
    char names[1024];

    if (getpwuid_r(owner, &entry, names, sizeof(names), &found) != 0)
        found = NULL;
    return error_set_code(err, ERROR_FORBIDDEN, "%s belongs to uid %u%s%s%s: chown it to uid %u",
                          path, (unsigned)owner, found ? " (" : "", found ? found->pw_name : "",
                          found ? ")" : "", (unsigned)geteuid());
}

/* 'others' are the mode's bits that nobody else may have. */
static int check_secret(const char *path, const struct stat *info, mode_t others, struct error *err)
{
    if (!S_ISREG(info->st_mode))
        return error_set_code(err, ERROR_INVALID, "%s is not a regular file", path);
    if (info->st_uid != geteuid() && info->st_uid != 0)
        return refuse_owner(path, info->st_uid, err);
    if (info->st_mode & others)
        return error_set_code(err, ERROR_INVALID, "%s is open to others (mode %04o): chmod 600 it",
                              path, (unsigned)(info->st_mode & 07777));
    return 0;
}

static char *read_all(int fd, const char *path, size_t cap, size_t *ret_length, struct error *err)
{
    size_t length = 0, room = 4096;
    char *bytes = malloc(room + 1);

    while (bytes) {
        ssize_t n = read(fd, bytes + length, room - length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_set(err, "read %s: %s", path, strerror(errno));
            free(bytes);
            return NULL;
        }
        length += (size_t)n;
        if (length > cap) {
            error_set_code(err, ERROR_INVALID, "%s is larger than %zu bytes", path, cap);
            free(bytes);
            return NULL;
        }
        if (n == 0) {
            bytes[length] = '\0';
            if (ret_length)
                *ret_length = length;
            return bytes;
        }
        if (length == room) {
            char *more = realloc(bytes, 2 * room + 1);

            if (!more)
                break;
            bytes = more;
            room *= 2;
        }
    }
    free(bytes);
    error_no_memory(err);
    error_prefix(err, "read %s", path);
    return NULL;
}

static char *read_checked(const char *path, size_t cap, bool secret, size_t *ret_length,
                          struct error *err)
{
    bool credential = secret && strncmp(path, FILE_CREDENTIAL, sizeof(FILE_CREDENTIAL) - 1) == 0;
    char place[PATH_MAX], *bytes = NULL;
    struct stat info;
    int fd;

    if (credential && credential_path(path, place, err) < 0)
        return NULL;
    /* Where a secret should be, a FIFO would hold us before it could be refused. */
    fd = open(credential ? place : path, O_RDONLY | O_CLOEXEC | (secret ? O_NONBLOCK : 0));
    if (fd < 0) {
        error_set_code(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED, "open %s: %s", path,
                       strerror(errno));
        return NULL;
    }
    if (secret &&
        (fstat(fd, &info) < 0 || check_secret(path, &info, credential ? 037 : 077, err) < 0))
        goto out;
    bytes = read_all(fd, path, cap, ret_length, err);
out:
    close(fd);
    return bytes;
}

char *file_read(const char *path, size_t cap, size_t *ret_length, struct error *err)
{
    return read_checked(path, cap, false, ret_length, err);
}

char *file_read_secret(const char *path, size_t cap, size_t *ret_length, struct error *err)
{
    return read_checked(path, cap, true, ret_length, err);
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

static int sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    int fd, rc;

    snprintf(copy, sizeof(copy), "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    rc = fsync(fd);
    close(fd);
    return rc;
}

int file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err)
{
    char beside[PATH_MAX];
    int fd;

    if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
        return error_set(err, "path too long: %s", path);
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return error_set(err, "create %s: %s", beside, strerror(errno));
    if (fchmod(fd, mode) < 0 || write_all(fd, bytes, length) < 0 || fsync(fd) < 0) {
        error_set(err, "write %s: %s", beside, strerror(errno));
        close(fd);
        unlink(beside);
        return -1;
    }
    close(fd);
    if (rename(beside, path) < 0 || sync_folder_of(path) < 0) {
        error_set(err, "rename to %s: %s", path, strerror(errno));
        unlink(beside);
        return -1;
    }
    return 0;
}

int file_move(const char *from, const char *to, struct error *err)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
        return error_set_code(err, errno == EEXIST ? ERROR_CONFLICT : ERROR_FAILED,
                              "move %s to %s: %s", from, to, strerror(errno));
    return sync_folder_of(to) < 0 ? error_set(err, "fsync beside %s: %s", to, strerror(errno)) : 0;
}

/* Keeps errno, for the words about what failed before. */
static bool is_folder(const char *path)
{
    int saved = errno;
    struct stat info;
    bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);

    errno = saved;
    return folder;
}

int file_make_folder(const char *path, mode_t mode, struct error *err)
{
    char copy[PATH_MAX];

    if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
        return error_set(err, "path too long: %s", path);
    for (char *at = copy + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(copy, 0755) < 0 && errno != EEXIST)
            return error_set(err, "mkdir %s: %s", copy, strerror(errno));
        *at = '/';
    }
    if (mkdir(copy, mode) < 0 && (errno != EEXIST || !is_folder(copy)))
        return error_set(err, "mkdir %s: %s", copy, strerror(errno));
    return 0;
}
