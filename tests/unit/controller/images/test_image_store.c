/* Image files: what has not the announced size and digest leaves nothing behind. */
#include <dirent.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "controller/images/image_store.h"
#include "tests/support/check_main.h"

static char folder[] = "/tmp/store-XXXXXX";
static struct image_store *store;
static const char bytes[] = "an image's file";
static uint8_t digest[32];

static int files(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int count = 0;

    while ((entry = readdir(dir)))
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void before(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_ptr_nonnull(store = image_store_open(folder, NULL));
    SHA256((const uint8_t *)bytes, sizeof(bytes), digest);
}

static void after(void)
{
    char path[300];
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while ((entry = readdir(dir))) {
        snprintf(path, sizeof(path), "%s/%.200s", folder, entry->d_name);
        unlink(path);
    }
    closedir(dir);
    rmdir(folder);
    image_store_close(store);
    image_store_close(NULL);
    image_upload_abort(NULL);
}

static int put(const char *data, size_t length, int64_t announced, struct error *err)
{
    struct image_upload *upload = image_upload_begin(store, digest, announced, err);

    ck_assert_ptr_nonnull(upload);
    if (image_upload_write(upload, data, length, err) < 0) {
        image_upload_abort(upload);
        return -1;
    }
    return image_upload_finish(upload, err);
}

START_TEST(a_folder_that_cannot_be_is_refused)
{
    ck_assert_ptr_null(image_store_open("/proc/nothing/here", NULL));
}
END_TEST

START_TEST(too_short_too_long_and_other_bytes_leave_nothing)
{
    struct error err = {0};

    ck_assert_int_eq(put(bytes, sizeof(bytes) - 1, sizeof(bytes), &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(put(bytes, sizeof(bytes), sizeof(bytes) - 1, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(put("AN image's file", sizeof(bytes), sizeof(bytes), &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(an_upload_that_ends_early_leaves_nothing_and_so_does_a_crash)
{
    struct image_upload *upload = image_upload_begin(store, digest, 100, NULL);
    char left[300];
    FILE *file;

    ck_assert_int_eq(files(), 1);
    image_upload_abort(upload);
    ck_assert_int_eq(files(), 0);
    snprintf(left, sizeof(left), "%s/of-a-killed-run.part", folder);
    ck_assert_ptr_nonnull(file = fopen(left, "w"));
    fclose(file);
    image_store_close(store);
    ck_assert_ptr_nonnull(store = image_store_open(folder, NULL));
    ck_assert_int_eq(files(), 0);
}
END_TEST

START_TEST(a_good_one_is_found_by_its_digest)
{
    int64_t size = 0;
    char got[sizeof(bytes)];
    int fd = -1;

    ck_assert_int_eq(image_store_find(store, digest, &fd, &size, NULL), 0);
    ck_assert_int_eq(put(bytes, sizeof(bytes), sizeof(bytes), NULL), 0);
    ck_assert_int_eq(put(bytes, sizeof(bytes), sizeof(bytes), NULL), 0);
    ck_assert_int_eq(files(), 1);
    ck_assert_int_eq(image_store_find(store, digest, &fd, &size, NULL), 1);
    ck_assert_int_eq(size, sizeof(bytes));
    ck_assert_int_eq(read(fd, got, sizeof(got)), sizeof(bytes));
    ck_assert_mem_eq(got, bytes, sizeof(bytes));
    close(fd);
}
END_TEST

CHECK_MAIN_WITH("image_store", before, after, a_folder_that_cannot_be_is_refused,
                too_short_too_long_and_other_bytes_leave_nothing,
                an_upload_that_ends_early_leaves_nothing_and_so_does_a_crash,
                a_good_one_is_found_by_its_digest)
