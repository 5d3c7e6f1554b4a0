/* fixture_tree.h - a folder of files made for one test, such as a small /sys, and taken away again.
 */
#pragma once

#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char fixture_root[64];

static inline void fixture_tree_make(void)
{
    snprintf(fixture_root, sizeof(fixture_root), "/tmp/muster-fixture-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture_root));
}

static inline int fixture_tree_drop_one(const char *path, const struct stat *about, int type,
                                        struct FTW *where)
{
    (void)about;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void fixture_tree_drop(void)
{
    nftw(fixture_root, fixture_tree_drop_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void fixture_tree_bytes(const char *path, const void *bytes, size_t length)
{
    char full[PATH_MAX];
    FILE *file;

    snprintf(full, sizeof(full), "%s%s", fixture_root, path);
    for (char *at = full + strlen(fixture_root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(full, 0755);
        *at = '/';
    }
    file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

/* fixture_tree_write("/sys/class/dmi/id/product_serial", "SN-%d\n", 1) */
static inline void __attribute__((format(printf, 2, 3)))
fixture_tree_write(const char *path, const char *format, ...)
{
    char text[8192];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fixture_tree_bytes(path, text, strlen(text));
}
