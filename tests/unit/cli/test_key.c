/* `muster key`: the root key stays secret and single, and what it signs is what an agent will
 * believe. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
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
    ck_assert_int_eq(run((const char *const[]){NULL}), EXIT_USAGE);
    ck_assert_int_eq(key("make"), EXIT_USAGE);
    ck_assert_int_eq(key("make-root"), EXIT_USAGE);
    ck_assert_int_eq(key("make-root", "--out"), EXIT_USAGE);
    ck_assert_int_eq(key("make-manifest"), EXIT_USAGE);
    ck_assert_int_eq(key("show-manifest"), EXIT_USAGE);
    ck_assert_int_eq(key("show-manifest", out, "--root"), EXIT_USAGE);
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

/* Two keys, the second one's scope behind it, the first one's from what stands before both. */
START_TEST(each_key_has_its_own_scope)
{
    static const char HERE[] = "00000000-0000-7000-8000-00000000000a";
    static const char THERE[] = "00000000-0000-7000-8000-00000000000b";
    char other[96], second[128], path[128], *envelope;
    struct controller_keys old, new;
    struct key_manifest *manifest;
    uint8_t root_public[KEY_BYTES], old_id[KEY_ID_BYTES], new_id[KEY_ID_BYTES];
    struct uuid here, there;
    struct error err = {0};
    size_t length;
    int64_t now = clock_realtime_us();

    snprintf(other, sizeof(other), "%s/other", folder);
    snprintf(second, sizeof(second), "%s/controller-keys.json", other);
    ck_assert_int_eq(controller_keys_make(other, &err), 0);
    ck_assert_int_eq(key("make-root", "--out", root), 0);
    ck_assert_int_ne(key("make-manifest", "--root", root, "--controller-key", controller,
                         "--domain", "manifest", "--version", "1", "--days", "2", "--out", out),
                     0);
    ck_assert_int_ne(key("make-manifest", "--root", root, "--controller-key", controller, "--until",
                         "2001-01-01T00:00:00Z", "--version", "1", "--days", "2", "--out", out),
                     0);
    ck_assert_int_eq(key("make-manifest", "--root", root, "--version", "2", "--days", "2", "--site",
                         HERE, "--controller-key", controller, "--controller-key", second, "--site",
                         THERE, "--domain", "task", "--domain", "cancel", "--from",
                         "2100-01-01T00:00:00Z", "--until", "2100-02-01T00:00:00Z", "--out", out),
                     EXIT_FAILURE); /* begins after the manifest has ended */
    ck_assert_int_eq(key("make-manifest", "--root", root, "--version", "2", "--days", "2", "--site",
                         HERE, "--controller-key", controller, "--controller-key", second, "--site",
                         THERE, "--domain", "task", "--domain", "cancel", "--out", out),
                     0);
    ck_assert_int_eq(key("show-manifest", out), 0);
    snprintf(path, sizeof(path), "%s.pub", root);
    ck_assert_int_eq(key("show-manifest", out, "--root-key", path), 0);
    ck_assert_int_ne(key("show-manifest", path), 0);
    ck_assert_int_ne(key("show-manifest"), 0);
    ck_assert_int_eq(public_key_file_read(path, root_public, NULL), 0);
    envelope = file_read(out, ENVELOPE_MAX, &length, NULL);
    manifest = key_manifest_read(envelope, length, root_public, 0, now, &err);
    ck_assert_msg(manifest != NULL, "%s", err.text);
    free(envelope);
    ck_assert_int_eq(controller_keys_load(folder, &old, NULL), 0);
    ck_assert_int_eq(controller_keys_load(other, &new, NULL), 0);
    key_id_of(old.public.sign, KEY_BYTES, old_id);
    key_id_of(new.public.sign, KEY_BYTES, new_id);
    uuid_parse(HERE, &here);
    uuid_parse(THERE, &there);
    ck_assert_ptr_nonnull(key_manifest_find(manifest, old_id, DOMAIN_SETTLE, &here, now, NULL));
    ck_assert_ptr_null(key_manifest_find(manifest, old_id, DOMAIN_TASK, &there, now, NULL));
    ck_assert_ptr_nonnull(key_manifest_find(manifest, new_id, DOMAIN_TASK, &here, now, NULL));
    ck_assert_ptr_nonnull(key_manifest_find(manifest, new_id, DOMAIN_CANCEL, &there, now, NULL));
    ck_assert_ptr_null(key_manifest_find(manifest, new_id, DOMAIN_SETTLE, &there, now, &err));
    ck_assert_msg(strstr(err.text, "domain") != NULL, "%s", err.text);
    key_manifest_release(manifest);
    snprintf(path, sizeof(path), "%s/curve.key", other);
    unlink(path);
    snprintf(path, sizeof(path), "%s/sign.key", other);
    unlink(path);
    unlink(second);
    rmdir(other);
}
END_TEST

CHECK_MAIN_WITH("key", make, unmake, what_is_not_understood_fails,
                a_root_key_is_secret_and_never_replaced, its_manifest_is_believed_within_its_scope,
                each_key_has_its_own_scope)
