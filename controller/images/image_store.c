/* image_store.c - see image_store.h. Owns the folder. Invariant: a file under a digest's name has
 * that digest. */
#include "controller/images/image_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/ids.h"
#include "common/text.h"

#define PART ".part"

struct image_store {
    char *folder;
};

struct image_upload {
    char part[PATH_MAX], path[PATH_MAX], folder[PATH_MAX];
    uint8_t sha256[32];
    int64_t size, got;
    EVP_MD_CTX *digest;
    int fd;
};

/* What a killed run left behind. Only this process writes here. */
static void remove_parts(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        size_t length = strlen(entry->d_name);

        if (length > sizeof(PART) - 1 &&
            strcmp(entry->d_name + length - (sizeof(PART) - 1), PART) == 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
}

struct image_store *image_store_open(const char *folder, struct error *err)
{
    struct image_store *store;

    if (file_make_folder(folder, 0700, err) < 0) {
        error_prefix(err, "folder of image files");
        return NULL;
    }
    store = calloc(1, sizeof(*store));
    if (!store || !(store->folder = strdup(folder))) {
        image_store_close(store);
        error_no_memory(err);
        return NULL;
    }
    remove_parts(folder);
    return store;
}

void image_store_close(struct image_store *store)
{
    if (!store)
        return;
    free(store->folder);
    free(store);
}

const char *image_store_folder(const struct image_store *store)
{
    return store->folder;
}

static int path_of(const char *folder, const uint8_t sha256[32], char out[PATH_MAX],
                   struct error *err)
{
    char hex[65];

    text_hex(sha256, 32, hex);
    if (snprintf(out, PATH_MAX, "%s/%s", folder, hex) >= PATH_MAX)
        return error_set(err, "the folder of image files has too long a name");
    return 0;
}

int image_store_find(const struct image_store *store, const uint8_t sha256[32], int *ret_fd,
                     int64_t *ret_size, struct error *err)
{
    char path[PATH_MAX];
    struct stat status;
    int fd;

    if (path_of(store->folder, sha256, path, err) < 0)
        return -1;
    if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
        return errno == ENOENT ? 0 : error_set(err, "%s: %s", path, strerror(errno));
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return error_set(err, "%s is no regular file", path);
    }
    *ret_size = status.st_size;
    if (ret_fd)
        *ret_fd = fd;
    else
        close(fd);
    return 1;
}

struct image_upload *image_upload_begin(const struct image_store *store, const uint8_t sha256[32],
                                        int64_t size, struct error *err)
{
    struct image_upload *upload = calloc(1, sizeof(*upload));
    char id[UUID_TEXT_SIZE];
    struct uuid unique = uuid_make();

    if (!upload) {
        error_no_memory(err);
        return NULL;
    }
    upload->fd = -1;
    upload->size = size;
    memcpy(upload->sha256, sha256, sizeof(upload->sha256));
    uuid_format(&unique, id);
    if (path_of(store->folder, sha256, upload->path, err) < 0)
        goto fail;
    /* Two uploads of one file do not meet: each has a name of its own until the end. */
    if (snprintf(upload->part, sizeof(upload->part), "%s/%s" PART, store->folder, id) >= PATH_MAX ||
        snprintf(upload->folder, sizeof(upload->folder), "%s", store->folder) >= PATH_MAX) {
        error_set(err, "the folder of image files has too long a name");
        goto fail;
    }
    upload->digest = EVP_MD_CTX_new();
    if (!upload->digest || EVP_DigestInit_ex2(upload->digest, EVP_sha256(), NULL) != 1) {
        error_set(err, "SHA-256 cannot begin");
        goto fail;
    }
    upload->fd = open(upload->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (upload->fd >= 0)
        return upload;
    error_set(err, "%s: %s", upload->part, strerror(errno));
fail:
    image_upload_abort(upload);
    return NULL;
}

int64_t image_upload_missing(const struct image_upload *upload)
{
    return upload->size - upload->got;
}

int image_upload_write(struct image_upload *upload, const void *bytes, size_t length,
                       struct error *err)
{
    const char *at = bytes;

    if ((int64_t)length > upload->size - upload->got)
        return error_set_code(err, ERROR_INVALID, "more bytes than the image's document says");
    if (EVP_DigestUpdate(upload->digest, bytes, length) != 1)
        return error_set(err, "SHA-256 failed");
    upload->got += (int64_t)length;
    while (length > 0) {
        ssize_t wrote = write(upload->fd, at, length);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return error_set(err, "%s: %s", upload->part, strerror(errno));
        at += wrote;
        length -= (size_t)wrote;
    }
    return 0;
}

static int name_it(struct image_upload *upload, struct error *err)
{
    int folder, rc;

    if (fsync(upload->fd) < 0 || rename(upload->part, upload->path) < 0)
        return error_set(err, "%s: %s", upload->path, strerror(errno));
    upload->part[0] = '\0';
    folder = open(upload->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = folder >= 0 && fsync(folder) == 0
             ? 0
             : error_set(err, "%s: %s", upload->folder, strerror(errno));
    if (folder >= 0)
        close(folder);
    return rc;
}

int image_upload_finish(struct image_upload *upload, struct error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int rc;

    if (upload->got != upload->size)
        rc = error_set_code(err, ERROR_INVALID, "%lld bytes are missing",
                            (long long)(upload->size - upload->got));
    else if (EVP_DigestFinal_ex(upload->digest, digest, &length) != 1)
        rc = error_set(err, "SHA-256 failed");
    else if (memcmp(digest, upload->sha256, sizeof(upload->sha256)) != 0)
        rc = error_set_code(err, ERROR_INVALID,
                            "the bytes have another SHA-256 than the image's document says");
    else
        rc = name_it(upload, err);
    image_upload_abort(upload);
    return rc;
}

void image_upload_abort(struct image_upload *upload)
{
    if (!upload)
        return;
    if (upload->fd >= 0) {
        close(upload->fd);
        if (upload->part[0])
            unlink(upload->part);
    }
    EVP_MD_CTX_free(upload->digest);
    free(upload);
}
