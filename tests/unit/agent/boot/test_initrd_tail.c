/* The tail is a newc archive, walked here field by field. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/boot/initrd_tail.h"
#include "common/error.h"
#include "tests/support/check_main.h"

static const uint8_t TOKEN[PHONE_HOME_SECRET_BYTES] = {0xff, 1, 2, 3};
static const char JSON[] =
    "{\"agent\":\"http://10.77.0.2:8480\",\"task\":\"0192f3a0-1111-7222-8333-"
    "444455556666\",\"token\":\"_wECAwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}\n";
static struct uuid task;

static void before(void)
{
    uuid_parse("0192f3a0-1111-7222-8333-444455556666", &task);
}

START_TEST(a_url_that_could_leave_its_string_is_refused)
{
    static const char *const BAD[] = {"http://a\"", "http://a b", "http://a\\", "http://\xff",
                                      "http://a\n"};
    struct error err = {0};
    size_t length;
    char url[600];

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        ck_assert_ptr_null(initrd_tail_make(BAD[i], &task, TOKEN, &length, &err));
    memset(url, 'x', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    ck_assert_ptr_null(initrd_tail_make(url, &task, TOKEN, &length, &err));
    ck_assert_int_eq(err.code, ERROR_INVALID);
}
END_TEST

static unsigned hex_field(const uint8_t *entry, int field)
{
    char text[9] = {0};

    memcpy(text, entry + 6 + 8 * field, 8);
    return (unsigned)strtoul(text, NULL, 16);
}

/* Walks to the next entry; its name and content are borrowed from the archive. */
static const uint8_t *entry_at(const uint8_t *archive, size_t *at, unsigned *ret_mode,
                               const char **ret_name, size_t *ret_size)
{
    const uint8_t *entry = archive + *at, *content;
    size_t name_size = hex_field(entry, 11);

    ck_assert_mem_eq(entry, "070701", 6);
    ck_assert_uint_eq(*at % 4, 0);
    *ret_mode = hex_field(entry, 1);
    *ret_size = hex_field(entry, 6);
    *ret_name = (const char *)entry + 110;
    ck_assert_uint_eq(strlen(*ret_name) + 1, name_size);
    content = archive + *at + ((110 + name_size + 3) & ~(size_t)3);
    *at = (size_t)(content - archive) + ((*ret_size + 3) & ~(size_t)3);
    return content;
}

START_TEST(a_folder_a_private_file_and_the_end)
{
    size_t length, at = 0, size;
    uint8_t *archive = initrd_tail_make("http://10.77.0.2:8480", &task, TOKEN, &length, NULL);
    const uint8_t *content;
    const char *name;
    unsigned mode;

    ck_assert_ptr_nonnull(archive);
    entry_at(archive, &at, &mode, &name, &size);
    ck_assert_str_eq(name, "muster");
    ck_assert_uint_eq(mode, 040700);
    content = entry_at(archive, &at, &mode, &name, &size);
    ck_assert_str_eq(name, "muster/boot.json");
    ck_assert_uint_eq(mode, 0100600);
    ck_assert_uint_eq(size, sizeof(JSON) - 1);
    ck_assert_mem_eq(content, JSON, size);
    entry_at(archive, &at, &mode, &name, &size);
    ck_assert_str_eq(name, "TRAILER!!!");
    ck_assert_uint_eq(at, length);
    free(archive);
}
END_TEST

CHECK_MAIN_WITH("initrd_tail", before, NULL, a_url_that_could_leave_its_string_is_refused,
                a_folder_a_private_file_and_the_end)
