/* `muster key`: the root key stays secret and single, and what it signs is what an agent will
 * believe. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/key.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "proto/key_files.h"
#include "proto/key_manifest.h"
#include "tests/support/check_main.h"

static char folder[64], root[96], out[96], controller[96];

static void make(void)
{
    struct error err = {0};

    strcpy(folder, "/tmp/rootXXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(root, sizeof(root), "%s/root.key", folder);
    snprintf(out, sizeof(out), "%s/manifest", folder);
    snprintf(controller, sizeof(controller), "%s/controller-keys.json", folder);
    ck_assert_msg(controller_keys_make(folder, &err) == 0, "%s", err.text);
}

static void unmake(void)
{
    static const char *const NAMES[] = {
        "root.key", "root.key.pub", "manifest", "controller-keys.json", "curve.key", "sign.key"};
    char path[128];

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, NAMES[i]);
        unlink(path);
    }
    rmdir(folder);
}

static int run(const char *const *words)
{
    char *argv[32];
    int argc = 0;

    argv[argc++] = (char *)"key";
    while (*words)
        argv[argc++] = (char *)*words++;
    argv[argc] = NULL;
    return cli_key(argc, argv);
}

#define key(...) run((const char *const[]){__VA_ARGS__, NULL})

START_TEST(what_is_not_understood_fails)
{
    ck_assert_int_ne(run((const char *const[]){NULL}), 0);
    ck_assert_int_ne(key("make"), 0);
    ck_assert_int_ne(key("make-root"), 0);
    ck_assert_int_ne(key("make-root", "--out"), 0);
    ck_assert_int_ne(key("make-manifest"), 0);
    ck_assert_int_eq(key("make-root", "--out", root), 0);
    ck_assert_int_ne(key("make-manifest", "--root", root, "--controller-key", controller,
                         "--version", "0", "--days", "1", "--out", out),
                     0);
    ck_assert_int_ne(key("make-manifest", "--root", root, "--controller-key", controller,
                         "--version", "1", "--days", "1x", "--out", out),
                     0);
    ck_assert_int_ne(key("make-manifest", "--root", root, "--controller-key", root, "--version",
                         "1", "--days", "1", "--out", out),
                     0);
    ck_assert_int_ne(key("make-manifest", "--root", root, "--controller-key", controller,
                         "--version", "1", "--days", "1", "--out", out, "--site", "here"),
                     0);
    ck_assert_int_ne(access(out, F_OK), 0);
}
END_TEST

START_TEST(a_root_key_is_secret_and_never_replaced)
{
    struct stat info;

    ck_assert_int_eq(key("make-root", "--out", root), 0);
    ck_assert_int_eq(stat(root, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert_int_ne(key("make-root", "--out", root), 0);
}
END_TEST

START_TEST(its_manifest_is_believed_within_its_scope)
{
    static const char SITE[] = "00000000-0000-7000-8000-00000000000a";
    struct controller_keys keys;
    struct key_manifest *manifest;
    uint8_t root_public[KEY_BYTES], id[KEY_ID_BYTES];
    struct uuid site, other = {{1}};
    char path[128], *envelope;
    size_t length;
    int64_t now;
    struct error err = {0};

    ck_assert_int_eq(key("make-root", "--out", root), 0);
    ck_assert_int_eq(key("make-manifest", "--root", root, "--controller-key", controller,
                         "--version", "7", "--days", "2", "--out", out, "--site", SITE),
                     0);
    now = clock_realtime_us();
    snprintf(path, sizeof(path), "%s.pub", root);
    ck_assert_int_eq(public_key_file_read(path, root_public, NULL), 0);
    envelope = file_read(out, ENVELOPE_MAX, &length, NULL);
    manifest = key_manifest_read(envelope, length, root_public, 7, now, &err);
    ck_assert_msg(manifest != NULL, "%s", err.text);
    free(envelope);
    ck_assert_uint_eq(key_manifest_version(manifest), 7);
    ck_assert_int_eq(controller_keys_load(folder, &keys, NULL), 0);
    key_id_of(keys.public.sign, KEY_BYTES, id);
    uuid_parse(SITE, &site);
    ck_assert_ptr_nonnull(key_manifest_find(manifest, id, DOMAIN_TASK, &site, now, NULL));
    ck_assert_ptr_nonnull(key_manifest_find(manifest, id, DOMAIN_SETTLE, &site, now, NULL));
    ck_assert_ptr_null(key_manifest_find(manifest, id, DOMAIN_TASK, &other, now, NULL));
    ck_assert_ptr_null(key_manifest_find(manifest, id, DOMAIN_TASK, &site,
                                         now + (int64_t)3 * 86400 * 1000000, NULL));
    key_manifest_release(manifest);
}
END_TEST

CHECK_MAIN_WITH("key", make, unmake, what_is_not_understood_fails,
                a_root_key_is_secret_and_never_replaced, its_manifest_is_believed_within_its_scope)
