/* The key manifest: only the pinned root, never older, each key within its domain, site and time.
 */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "proto/frame.h"
#include "proto/key_manifest.h"
#include "tests/support/check_main.h"

#define DAY ((int64_t)86400 * 1000000)
#define TASK_AND_CANCEL (1u << DOMAIN_TASK | 1u << DOMAIN_CANCEL)

static const struct uuid SITE = {{1}}, OTHER_SITE = {{2}};
static struct sign_key *root;
static uint8_t controller[SIGN_PUBLIC_BYTES], controller_id[KEY_ID_BYTES];
static struct key_manifest_entry entry;
static uint8_t *bytes;
static size_t length;

static void make_version(uint64_t version)
{
    free(bytes);
    ck_assert_int_eq(
        key_manifest_make(root, version, 0, 100 * DAY, &entry, 1, &bytes, &length, NULL), 0);
}

static void make(void)
{
    uint8_t secret[SIGN_SECRET_BYTES], root_public[SIGN_PUBLIC_BYTES];

    sign_key_make(secret, root_public, NULL);
    root = sign_key_create(secret, NULL);
    sign_key_make(secret, controller, NULL);
    key_id_of(controller, sizeof(controller), controller_id);
    memcpy(entry.public_key, controller, sizeof(controller));
    entry.domains = TASK_AND_CANCEL;
    entry.sites = &SITE;
    entry.site_count = 1;
    entry.not_before_us = 10 * DAY;
    entry.not_after_us = 20 * DAY;
    make_version(5);
}

static void unmake(void)
{
    free(bytes);
    bytes = NULL;
    sign_key_destroy(root);
}

static struct key_manifest *read_it(uint64_t newest, int64_t now, struct error *err)
{
    return key_manifest_read(bytes, length, sign_key_public(root), newest, now, err);
}

START_TEST(refuses_to_make_nonsense)
{
    uint8_t *made = NULL;
    size_t size;

    ck_assert_int_eq(key_manifest_make(root, 0, 0, DAY, &entry, 1, &made, &size, NULL), -1);
    ck_assert_int_eq(key_manifest_make(root, 1, DAY, DAY, &entry, 1, &made, &size, NULL), -1);
    ck_assert_int_eq(key_manifest_make(root, 1, 0, DAY, &entry, 0, &made, &size, NULL), -1);
    ck_assert_int_eq(key_manifest_make(root, 1, 0, DAY, &entry, 65, &made, &size, NULL), -1);
    ck_assert_ptr_null(made);
}
END_TEST

START_TEST(another_root_is_refused)
{
    struct error err = {0};

    ck_assert_ptr_null(key_manifest_read(bytes, length, controller, 0, DAY, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "key manifest"));
}
END_TEST

START_TEST(older_than_seen_is_stale_the_same_is_not)
{
    struct error err = {0};
    struct key_manifest *manifest = read_it(5, DAY, NULL);

    ck_assert_ptr_nonnull(manifest);
    ck_assert_uint_eq(key_manifest_version(manifest), 5);
    key_manifest_release(manifest);
    ck_assert_ptr_null(read_it(6, DAY, &err));
    ck_assert_int_eq(err.code, ERROR_STALE);
}
END_TEST

START_TEST(past_its_end_it_is_refused_and_finds_nothing)
{
    struct error err = {0};
    struct key_manifest *manifest = read_it(0, DAY, NULL);

    ck_assert_ptr_null(read_it(0, 100 * DAY + 1, &err));
    ck_assert_int_eq(err.code, ERROR_STALE);
    ck_assert_ptr_null(
        key_manifest_find(manifest, controller_id, DOMAIN_TASK, &SITE, 101 * DAY, NULL));
    key_manifest_release(manifest);
}
END_TEST

START_TEST(a_key_is_found_within_its_scope_only)
{
    struct key_manifest *manifest = read_it(0, DAY, NULL);
    const uint8_t unknown[KEY_ID_BYTES] = {9};
    struct error err = {0};

    ck_assert_mem_eq(key_manifest_find(manifest, controller_id, DOMAIN_TASK, &SITE, 15 * DAY, NULL),
                     controller, 32);
    ck_assert_ptr_null(key_manifest_find(manifest, unknown, DOMAIN_TASK, &SITE, 15 * DAY, &err));
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    ck_assert_ptr_null(
        key_manifest_find(manifest, controller_id, DOMAIN_SETTLE, &SITE, 15 * DAY, NULL));
    ck_assert_ptr_null(
        key_manifest_find(manifest, controller_id, DOMAIN_TASK, &OTHER_SITE, 15 * DAY, NULL));
    ck_assert_ptr_null(
        key_manifest_find(manifest, controller_id, DOMAIN_TASK, &SITE, 10 * DAY - 1, NULL));
    ck_assert_ptr_null(
        key_manifest_find(manifest, controller_id, DOMAIN_TASK, &SITE, 20 * DAY + 1, NULL));
    key_manifest_release(manifest);
}
END_TEST

START_TEST(without_sites_it_is_for_all)
{
    struct key_manifest *manifest;

    entry.site_count = 0;
    make_version(1);
    manifest = read_it(0, DAY, NULL);
    ck_assert_ptr_nonnull(
        key_manifest_find(manifest, controller_id, DOMAIN_TASK, &OTHER_SITE, 15 * DAY, NULL));
    key_manifest_release(manifest);
}
END_TEST

/* A manifest can hand out orders, never manifests or results. */
START_TEST(root_and_result_domains_cannot_be_granted)
{
    struct key_manifest *manifest;

    entry.domains = ~0u;
    make_version(1);
    manifest = read_it(0, DAY, NULL);
    ck_assert_ptr_null(
        key_manifest_find(manifest, controller_id, DOMAIN_MANIFEST, &SITE, 15 * DAY, NULL));
    ck_assert_ptr_null(
        key_manifest_find(manifest, controller_id, DOMAIN_RESULT, &SITE, 15 * DAY, NULL));
    key_manifest_release(manifest);
}
END_TEST

/* Signed by the root, and still wrong: the id must be the key's, sizes must fit. */
START_TEST(a_signed_but_inconsistent_manifest_is_refused)
{
    Muster__KeyManifest body = MUSTER__KEY_MANIFEST__INIT;
    Muster__ManifestKey key = MUSTER__MANIFEST_KEY__INIT, *keys[] = {&key};
    uint8_t wrong_id[KEY_ID_BYTES] = {1}, *payload;
    size_t payload_length;

    body.version = 9;
    body.not_after_us = DAY;
    body.key = keys;
    body.n_key = 1;
    key.public_key = (ProtobufCBinaryData){32, controller};
    for (int variant = 0; variant < 3; variant++) {
        key.key_id =
            (ProtobufCBinaryData){variant == 1 ? 7 : 8, variant == 0 ? wrong_id : controller_id};
        key.public_key.len = variant == 2 ? 31 : 32;
        message_pack(&body.base, &payload, &payload_length, NULL);
        free(bytes);
        envelope_sign(root, DOMAIN_MANIFEST, payload, payload_length, &bytes, &length, NULL);
        free(payload);
        ck_assert_ptr_null(read_it(0, 1, NULL));
    }
}
END_TEST

START_TEST(references_keep_it)
{
    struct key_manifest *manifest = read_it(0, DAY, NULL);

    ck_assert_ptr_eq(key_manifest_reference(manifest), manifest);
    key_manifest_release(manifest);
    ck_assert_uint_eq(key_manifest_version(manifest), 5);
    key_manifest_release(manifest);
    key_manifest_release(NULL);
    ck_assert_ptr_null(key_manifest_reference(NULL));
}
END_TEST

CHECK_MAIN_WITH("key_manifest", make, unmake, refuses_to_make_nonsense, another_root_is_refused,
                older_than_seen_is_stale_the_same_is_not,
                past_its_end_it_is_refused_and_finds_nothing, a_key_is_found_within_its_scope_only,
                without_sites_it_is_for_all, root_and_result_domains_cannot_be_granted,
                a_signed_but_inconsistent_manifest_is_refused, references_keep_it)
