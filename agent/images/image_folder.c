/* image_folder.c - see image_folder.h. Digest: FIPS 180-4 SHA-256 through OpenSSL. */
#include "agent/images/image_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/text.h"

#define READ_BYTES (256 * 1024)

char *image_folder_path(const char *folder, const char *name, bool part)
{
    char *path;

    return asprintf(&path, "%s/%s%s", folder, name, part ? ".part" : "") < 0 ? NULL : path;
}

static bool parse_name(const char *file, struct image_entry *entry)
{
    size_t length = strlen(file);
    uint8_t digest[32];

    entry->part = length == 64 + 5 && strcmp(file + 64, ".part") == 0;
    if (length != 64 && !entry->part)
        return false;
    memcpy(entry->name, file, 64);
    entry->name[64] = '\0';
    return text_unhex(entry->name, digest, sizeof(digest)) == 0;
}

int image_folder_list(const char *folder, struct image_entry **ret_entries, size_t *ret_count,
                      struct error *err)
{
    struct image_entry *entries = NULL;
    size_t count = 0, room = 0;
    DIR *dir = opendir(folder);
    struct dirent *file;

    if (!dir)
        return error_set(err, "open %s: %s", folder, strerror(errno));
    while ((file = readdir(dir))) {
        struct image_entry entry = {0};
        struct stat info;

        if (!parse_name(file->d_name, &entry) ||
            fstatat(dirfd(dir), file->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(info.st_mode))
            continue;
        entry.size = (uint64_t)info.st_size;
        entry.used_us = (int64_t)info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000;
        if (count == room) {
            struct image_entry *more = realloc(entries, (2 * room + 16) * sizeof(*more));

            if (!more) {
                free(entries);
                closedir(dir);
                return error_no_memory(err);
            }
            entries = more;
            room = 2 * room + 16;
        }
        entries[count++] = entry;
    }
    closedir(dir);
    *ret_entries = entries;
    *ret_count = count;
    return 0;
}

static int digest_fd(int fd, EVP_MD_CTX *hash, char *buffer, char out[IMAGE_NAME_SIZE])
{
    uint8_t digest[32];
    ssize_t n;

    if (EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
        return -1;
    while ((n = read(fd, buffer, READ_BYTES)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || EVP_DigestUpdate(hash, buffer, (size_t)n) != 1)
            return -1;
    }
    if (EVP_DigestFinal_ex(hash, digest, NULL) != 1)
        return -1;
    text_hex(digest, sizeof(digest), out);
    return 0;
}

/* 1: its digest is 'name'; 0: another; -1: it could not be read. */
static int digest_is(int fd, const char *name, struct error *err)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    char *buffer = malloc(READ_BYTES), digest[IMAGE_NAME_SIZE];
    int rc;

    if (!hash || !buffer || digest_fd(fd, hash, buffer, digest) < 0)
        rc = error_set_code(err, ERROR_UNAVAILABLE, "read %.16s..: %s", name, strerror(errno));
    else
        rc = strcmp(digest, name) == 0;
    free(buffer);
    EVP_MD_CTX_free(hash);
    return rc;
}

int image_folder_check(const char *folder, const char *name, struct error *err)
{
    char *path = image_folder_path(folder, name, false);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1, rc;

    if (fd < 0) {
        free(path);
        return 0;
    }
    rc = digest_is(fd, name, err);
    close(fd);
    if (rc == 0) {
        unlink(path);
        rc = error_set_code(err, ERROR_INVALID,
                            "%.16s.. in the cache had another digest and was removed", name);
    }
    free(path);
    return rc;
}

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

    if (fd < 0)
        return -1;
    rc = fsync(fd);
    close(fd);
    return rc;
}

static int keep_part(const char *folder, const char *name, const char *part, const char *whole,
                     struct error *err)
{
    int fd = open(part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), same;

    if (fd < 0)
        return error_set(err, "open %s: %s", part, strerror(errno));
    same = digest_is(fd, name, err);
    close(fd);
    if (same < 0)
        return -1;
    if (!same)
        return error_set_code(err, ERROR_INVALID, "what was fetched as %.16s.. has another digest",
                              name);
    if (rename(part, whole) < 0 || sync_folder(folder) < 0)
        return error_set(err, "rename to %s: %s", whole, strerror(errno));
    return 0;
}

int image_folder_keep(const char *folder, const char *name, struct error *err)
{
    char *part = image_folder_path(folder, name, true);
    char *whole = image_folder_path(folder, name, false);
    int rc = part && whole ? keep_part(folder, name, part, whole, err) : error_no_memory(err);

    if (rc < 0 && part)
        unlink(part);
    free(part);
    free(whole);
    return rc;
}

void image_folder_touch(const char *folder, const char *name)
{
    char *path = image_folder_path(folder, name, false);

    /* Only the order of eviction hangs on it. */
    if (path && utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
        errno = 0;
    free(path);
}

int image_folder_remove(const char *folder, const char *name, bool part)
{
    char *path = image_folder_path(folder, name, part);
    int rc = path ? unlink(path) : -1;

    free(path);
    return rc;
}
