/* Whole files: caps, secrets by owner and mode, and writes that leave the old or the new one. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "tests/support/check_main.h"

static char folder[64];
static char joined[4][128];

static const char *in(const char *name)
{
    static unsigned next;
    char *path = joined[next++ % 4];

    snprintf(path, sizeof(joined[0]), "%s/%s", folder, name);
    return path;
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/test-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    umask(022);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    ck_assert_int_eq(stat(path, &info), 0);
    return info.st_mode & 07777;
}

START_TEST(missing_files_and_folders_are_told_apart)
{
    struct error err = {0};

    ck_assert_ptr_null(file_read(in("none"), 10, NULL, &err));
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, in("none")));
    ck_assert_ptr_null(file_read(folder, 10, NULL, &err));
    ck_assert_int_eq(err.code, ERROR_FAILED);
    ck_assert_ptr_null(file_read_secret(folder, 10, NULL, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "is not a regular file"));
}
END_TEST

START_TEST(the_cap_is_exact)
{
    static char bytes[10000];
    struct error err = {0};
    size_t length = 7;
    char *back;

    memset(bytes, 'b', sizeof(bytes));
    for (size_t size = 4095; size <= 8193; size += 4098 / 2) {
        ck_assert_int_eq(file_write(in("f"), bytes, size, 0644, NULL), 0);
        back = file_read(in("f"), size, &length, NULL);
        ck_assert_ptr_nonnull(back);
        ck_assert_uint_eq(length, size);
        ck_assert_mem_eq(back, bytes, size);
        ck_assert_int_eq(back[size], '\0');
        free(back);
        ck_assert_ptr_null(file_read(in("f"), size - 1, &length, &err));
        ck_assert_int_eq(err.code, ERROR_INVALID);
    }
    ck_assert_int_eq(file_write(in("f"), "", 0, 0644, NULL), 0);
    back = file_read(in("f"), 0, &length, NULL);
    ck_assert_uint_eq(length, 0);
    ck_assert_str_eq(back, "");
    free(back);
}
END_TEST

START_TEST(an_endless_file_stops_at_the_cap)
{
    struct error err = {0};

    ck_assert_ptr_null(file_read("/dev/zero", 100000, NULL, &err));
    ck_assert_str_eq(error_text(&err), "/dev/zero is larger than 100000 bytes");
}
END_TEST

START_TEST(secrets_open_to_others_are_refused)
{
    static const mode_t bad[] = {0644, 0640, 0604, 0610, 0601, 0660};
    struct error err = {0};
    char *back;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(file_write(in("s"), "hunter2", 7, bad[i], NULL), 0);
        ck_assert_ptr_null(file_read_secret(in("s"), 100, NULL, &err));
        ck_assert_ptr_nonnull(strstr(err.text, "chmod 600"));
        ck_assert_ptr_null(strstr(err.text, "hunter2"));
    }
    ck_assert_int_eq(file_write(in("s"), "hunter2", 7, 0600, NULL), 0);
    back = file_read_secret(in("s"), 100, NULL, &err);
    ck_assert_str_eq(back, "hunter2");
    free(back);
    chmod(in("s"), 0400);
    back = file_read_secret(in("s"), 100, NULL, &err);
    ck_assert_str_eq(back, "hunter2");
    free(back);
}
END_TEST

START_TEST(secrets_of_others_are_refused)
{
    struct error err = {0};

    if (geteuid() != 0)
        return; /* only root can give a file away */
    ck_assert_int_eq(file_write(in("s"), "hunter2", 7, 0600, NULL), 0);
    ck_assert_int_eq(chown(in("s"), 65534, 65534), 0);
    ck_assert_ptr_null(file_read_secret(in("s"), 100, NULL, &err));
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(err.text, "belongs to uid 65534 (nobody): chown it to uid 0"));
}
END_TEST

START_TEST(a_fifo_holds_nobody)
{
    struct error err = {0};

    ck_assert_int_eq(mkfifo(in("fifo"), 0600), 0);
    ck_assert_ptr_null(file_read_secret(in("fifo"), 100, NULL, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "is not a regular file"));
}
END_TEST

static int count_entries(void)
{
    DIR *dir = opendir(folder);
    int count = -2; /* . and .. */

    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

START_TEST(writes_replace_whole_files_and_leave_nothing_beside)
{
    char *back;

    ck_assert_int_eq(file_write(in("f"), "old and long", 12, 0644, NULL), 0);
    ck_assert_int_eq(file_write(in("f"), "new", 3, 0640, NULL), 0);
    ck_assert_int_eq(mode_of(in("f")), 0640);
    back = file_read(in("f"), 100, NULL, NULL);
    ck_assert_str_eq(back, "new");
    free(back);
    ck_assert_int_eq(count_entries(), 1);
}
END_TEST

START_TEST(failed_writes_keep_the_old)
{
    struct error err = {0};
    char path[5000];

    ck_assert_int_eq(file_make_folder(in("f"), 0755, NULL), 0);
    ck_assert_int_eq(file_write(in("f/x"), "old", 3, 0644, NULL), 0);
    /* A folder with something in it cannot be renamed over. */
    ck_assert_int_eq(file_write(in("f"), "new", 3, 0644, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "rename to"));
    ck_assert_int_eq(access(in("f/x"), F_OK), 0);
    ck_assert_int_eq(count_entries(), 1);
    ck_assert_int_eq(file_write(in("none/x"), "new", 3, 0644, &err), -1);
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    ck_assert_int_eq(file_write(path, "new", 3, 0644, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "path too long"));
}
END_TEST

START_TEST(folders_are_made_with_their_parents)
{
    struct error err = {0};

    ck_assert_int_eq(file_make_folder(in("a/b/c"), 0700, &err), 0);
    ck_assert_int_eq(mode_of(in("a")), 0755);
    ck_assert_int_eq(mode_of(in("a/b")), 0755);
    ck_assert_int_eq(mode_of(in("a/b/c")), 0700);
    ck_assert_int_eq(file_make_folder(in("a/b/c"), 0700, &err), 0);
    ck_assert_int_eq(file_write(in("file"), "", 0, 0644, NULL), 0);
    ck_assert_int_eq(file_make_folder(in("file/below"), 0700, &err), -1);
}
END_TEST

START_TEST(a_file_is_no_folder)
{
    struct error err = {0};

    ck_assert_int_eq(file_write(in("file"), "", 0, 0644, NULL), 0);
    ck_assert_int_eq(file_make_folder(in("file"), 0700, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, in("file")));
}
END_TEST

START_TEST(credentials_are_where_systemd_puts_them)
{
    struct error err = {0};
    char *back;

    unsetenv("CREDENTIALS_DIRECTORY");
    ck_assert_ptr_null(file_read_secret("credential:s", 100, NULL, &err));
    ck_assert_msg(strstr(err.text, "LoadCredential=s:") != NULL, "%s", err.text);
    setenv("CREDENTIALS_DIRECTORY", "relative", 1);
    ck_assert_ptr_null(file_read_secret("credential:s", 100, NULL, &err));
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    ck_assert_int_eq(file_write(in("s"), "secret", 6, 0440, NULL), 0);
    back = file_read_secret("credential:s", 100, NULL, &err);
    ck_assert_ptr_nonnull(back);
    ck_assert_str_eq(back, "secret");
    free(back);
    /* The same file by its path is open to a group. */
    ck_assert_ptr_null(file_read_secret(in("s"), 100, NULL, &err));
    ck_assert_int_eq(chmod(in("s"), 0444), 0);
    ck_assert_ptr_null(file_read_secret("credential:s", 100, NULL, &err));
    ck_assert_msg(strstr(err.text, "chmod") != NULL, "%s", err.text);
    ck_assert_int_eq(chmod(in("s"), 0460), 0);
    ck_assert_ptr_null(file_read_secret("credential:s", 100, NULL, &err));
    unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

START_TEST(credentials_have_plain_names)
{
    struct error err = {0};

    ck_assert(file_is_credential("credential:keys_sign.key"));
    ck_assert(!file_is_credential("credential:"));
    ck_assert(!file_is_credential("credential:../etc/shadow"));
    ck_assert(!file_is_credential("credential:a/b"));
    ck_assert(!file_is_credential("credential:a b"));
    ck_assert(!file_is_credential("/etc/muster/secret.key"));
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    ck_assert_ptr_null(file_read_secret("credential:../s", 100, NULL, &err));
    ck_assert_ptr_null(file_read_secret("credential:absent", 100, NULL, &err));
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

CHECK_MAIN_WITH("file", make_folder, remove_folder, missing_files_and_folders_are_told_apart,
                the_cap_is_exact, an_endless_file_stops_at_the_cap,
                secrets_open_to_others_are_refused, secrets_of_others_are_refused,
                a_fifo_holds_nobody, writes_replace_whole_files_and_leave_nothing_beside,
                failed_writes_keep_the_old, folders_are_made_with_their_parents,
                a_file_is_no_folder, credentials_are_where_systemd_puts_them,
                credentials_have_plain_names)
