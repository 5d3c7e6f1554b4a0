/* An image's document: everything that must not reach a boot is refused by name. */
#include <jansson.h>
#include <string.h>

#include "common/error.h"
#include "controller/images/image_document.h"
#include "tests/support/check_main.h"

static const char WELL[] =
    "{\"name\":\"diag\",\"version\":\"1.0\",\"kind\":\"kernel+initrd\",\"arguments\":\"quiet "
    "BOOTIF=${mac} home=${agent_url}\",\"deadline_s\":900,\"firmware\":[\"bios\",\"uefi\"],"
    "\"checks\":[\"dmi\"],\"files\":["
    "{\"role\":\"kernel\",\"name\":\"vmlinuz\",\"size\":1,\"sha256\":"
    "\"0000000000000000000000000000000000000000000000000000000000000000\"},"
    "{\"role\":\"initrd\",\"name\":\"initrd\",\"size\":1,\"sha256\":"
    "\"0000000000000000000000000000000000000000000000000000000000000001\"}]}";

static const char *refusal(const char *member, const char *value)
{
    static struct error err;
    struct image_document read;
    json_t *document = json_loads(WELL, 0, NULL);

    err = (struct error){0};
    if (value)
        json_object_set_new(document, member, json_loads(value, JSON_DECODE_ANY, NULL));
    else
        json_object_del(document, member);
    ck_assert_msg(image_document_read(document, &read, &err) == -1, "%s = %s", member,
                  value ? value : "absent");
    json_decref(document);
    return err.text;
}

START_TEST(every_member_is_needed)
{
    static const char *const members[] = {"name",       "version",  "kind",   "arguments",
                                          "deadline_s", "firmware", "checks", "files"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        ck_assert_ptr_nonnull(strstr(refusal(members[i], NULL), members[i]));
}
END_TEST

START_TEST(wrong_values_are_named)
{
    static const struct {
        const char *member, *value;
    } wrong[] = {
        {"kind", "\"iso\""},
        {"arguments", "\"a\\nb\""},
        {"arguments", "\"init=${x}\""},
        {"arguments", "\"\\u00e9\""},
        {"deadline_s", "29"},
        {"deadline_s", "86401"},
        {"deadline_s", "\"900\""},
        {"firmware", "[]"},
        {"firmware", "[\"bios\",\"uefi\",\"bios\"]"},
        {"firmware", "[\"efi\"]"},
        {"checks", "[\"a b\"]"},
        {"checks", "[1]"},
        {"files", "[]"},
        {"files", "[1]"},
        {"profile", "{\"params\":{\"x\":{\"pattern\":\"(\"}}}"},
        {"name", "1"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(strlen(refusal(wrong[i].member, wrong[i].value)) > 0, "%zu", i);
    ck_assert_ptr_nonnull(strstr(refusal("argments", "\"x\""), "argments"));
}
END_TEST

static const char *file_refusal(const char *member, const char *value)
{
    json_t *document = json_loads(WELL, 0, NULL);
    json_t *file = json_array_get(json_object_get(document, "files"), 0);
    static struct error err;
    struct image_document read;

    err = (struct error){0};
    json_object_set_new(file, member, json_loads(value, JSON_DECODE_ANY, NULL));
    ck_assert_msg(image_document_read(document, &read, &err) == -1, "%s = %s", member, value);
    json_decref(document);
    return err.text;
}

START_TEST(a_file_is_named_plainly_and_by_digest)
{
    ck_assert_ptr_nonnull(strstr(file_refusal("role", "\"initrd\""), "kernel"));
    ck_assert_ptr_nonnull(strstr(file_refusal("role", "\"rootfs\""), "kernel"));
    ck_assert_ptr_nonnull(strstr(file_refusal("name", "\"../vmlinuz\""), "name"));
    ck_assert_ptr_nonnull(strstr(file_refusal("name", "\".vmlinuz\""), "name"));
    ck_assert_ptr_nonnull(strstr(file_refusal("name", "\"\""), "name"));
    ck_assert_ptr_nonnull(strstr(file_refusal("sha256", "\"00\""), "sha256"));
    ck_assert_ptr_nonnull(strstr(file_refusal("size", "0"), "size"));
    ck_assert_ptr_nonnull(strstr(file_refusal("extra", "0"), "extra"));
}
END_TEST

START_TEST(a_good_one_is_read)
{
    json_t *document = json_loads(WELL, 0, NULL);
    struct image_document read;
    struct error err = {0};

    ck_assert_msg(image_document_read(document, &read, &err) == 0, "%s", err.text);
    ck_assert_str_eq(read.name, "diag");
    ck_assert_str_eq(read.version, "1.0");
    ck_assert_int_eq(read.deadline_s, 900);
    ck_assert_uint_eq(json_array_size(read.files), 2);
    json_decref(document);
}
END_TEST

CHECK_MAIN("image_document", every_member_is_needed, wrong_values_are_named,
           a_file_is_named_plainly_and_by_digest, a_good_one_is_read)
