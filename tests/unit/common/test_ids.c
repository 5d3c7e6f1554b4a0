/* Identifiers: UUIDv7 by RFC 9562 rises and is unique over threads; every spelling of a MAC. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/ids.h"
#include "tests/support/check_main.h"

static int order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

START_TEST(made_ids_have_the_shape_and_our_time)
{
    int64_t before = clock_realtime_us() / 1000;
    struct uuid uuid = uuid_make();
    int64_t after = clock_realtime_us() / 1000, ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | uuid.bytes[i];
    ck_assert_int_ge(ms, before);
    ck_assert_int_le(ms, after);
    ck_assert_int_eq(uuid.bytes[6] >> 4, 7);
    ck_assert_int_eq(uuid.bytes[8] >> 6, 2);
    ck_assert(!uuid_is_nil(&uuid));
}
END_TEST

START_TEST(ids_rise_within_a_thread)
{
    struct uuid last = uuid_make();

    for (int i = 0; i < 20000; i++) {
        struct uuid next = uuid_make();

        ck_assert_int_lt(order(&last, &next), 0);
        last = next;
    }
}
END_TEST

#define EACH 5000

static void *make_many(void *arg)
{
    struct uuid *out = arg;

    for (int i = 0; i < EACH; i++)
        out[i] = uuid_make();
    return NULL;
}

START_TEST(ids_of_threads_differ)
{
    struct uuid *all = calloc(4 * EACH, sizeof(*all));
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, make_many, all + i * EACH);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    qsort(all, 4 * EACH, sizeof(*all), order);
    for (int i = 1; i < 4 * EACH; i++)
        ck_assert(!uuid_equal(&all[i - 1], &all[i]));
    free(all);
}
END_TEST

START_TEST(derived_ids_are_the_same_for_ever)
{
    uint8_t digest[32];
    char text[UUID_TEXT_SIZE];
    struct uuid uuid, other;

    for (int i = 0; i < 32; i++)
        digest[i] = (uint8_t)(0xf0 + i);
    uuid = uuid_derive(UINT64_C(0x0192f3a4b5c6), digest);
    uuid_format(&uuid, text);
    ck_assert_str_eq(text, "0192f3a4-b5c6-76f7-b8f9-fafbfcfdfeff");
    other = uuid_derive(UINT64_C(0x0192f3a4b5c7), digest);
    ck_assert(!uuid_equal(&uuid, &other));
    digest[15] ^= 1;
    other = uuid_derive(UINT64_C(0x0192f3a4b5c6), digest);
    ck_assert(!uuid_equal(&uuid, &other));
}
END_TEST

START_TEST(wrong_uuids_are_refused)
{
    static const char *const bad[] = {
        "",
        "0192f3a4-b5c6-76f7-b8f9-fafbfcfdfef",
        "0192f3a4-b5c6-76f7-b8f9-fafbfcfdfefff",
        "0192f3a4b5c676f7b8f9fafbfcfdfeff",
        "{192f3a4-b5c6-76f7-b8f9-fafbfcfdfeff",
        "0192f3a4-b5c6-76f7-b8f9-fafbfcfdfefg",
        "0192f3a-4b5c6-76f7-b8f9-fafbfcfdfeff",
        "0192f3a4--5c6-76f7-b8f9-fafbfcfdfeff",
        "0192f3a4-b5c6-76f7-b8f9 fafbfcfdfeff",
    };
    struct uuid uuid = {{9}}, untouched = {{9}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(uuid_parse(bad[i], &uuid) == -1, "%s", bad[i]);
    ck_assert(uuid_equal(&uuid, &untouched));
}
END_TEST

START_TEST(uuids_parse_in_any_case_and_format_lower)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];

    ck_assert_int_eq(uuid_parse("0192F3A4-b5c6-76F7-B8f9-FAFBFCFDFEFF", &uuid), 0);
    uuid_format(&uuid, text);
    ck_assert_str_eq(text, "0192f3a4-b5c6-76f7-b8f9-fafbfcfdfeff");
    ck_assert_int_eq(uuid_parse("00000000-0000-0000-0000-000000000000", &uuid), 0);
    ck_assert(uuid_is_nil(&uuid));
}
END_TEST

START_TEST(smbios_order_swaps_and_swaps_back)
{
    struct uuid uuid, swapped, back;
    char text[UUID_TEXT_SIZE];

    uuid_parse("00112233-4455-6677-8899-aabbccddeeff", &uuid);
    swapped = uuid_swap_smbios(&uuid);
    uuid_format(&swapped, text);
    ck_assert_str_eq(text, "33221100-5544-7766-8899-aabbccddeeff");
    back = uuid_swap_smbios(&swapped);
    ck_assert(uuid_equal(&uuid, &back));
}
END_TEST

START_TEST(wrong_macs_are_refused)
{
    static const char *const bad[] = {"",
                                      "52:54:00:12:34:5",
                                      "52:54:00:12:34:567",
                                      "52:54:00-12:34:56",
                                      "52-54:00:12:34:56",
                                      "5254:0012:3456",
                                      "5254.0012-3456",
                                      "52540012345g",
                                      "5254001234567",
                                      "52:54:00:12:34::6",
                                      ":52:54:00:12:34:5",
                                      "5:254:00:12:34:56",
                                      "5254.00123.456",
                                      "52 54 00 12 34 56"};
    struct mac mac = {{9}}, untouched = {{9}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(mac_parse(bad[i], &mac) == -1, "%s", bad[i]);
    ck_assert(mac_equal(&mac, &untouched));
}
END_TEST

START_TEST(every_spelling_of_a_mac)
{
    static const char *const good[] = {"52:54:00:aB:34:5f", "52-54-00-AB-34-5F", "5254.00ab.345F",
                                       "525400AB345f"};
    char text[MAC_TEXT_SIZE];
    struct mac mac;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_int_eq(mac_parse(good[i], &mac), 0);
        mac_format(&mac, text);
        ck_assert_str_eq(text, "52:54:00:ab:34:5f");
    }
}
END_TEST

CHECK_MAIN("ids", made_ids_have_the_shape_and_our_time, ids_rise_within_a_thread,
           ids_of_threads_differ, derived_ids_are_the_same_for_ever, wrong_uuids_are_refused,
           uuids_parse_in_any_case_and_format_lower, smbios_order_swaps_and_swaps_back,
           wrong_macs_are_refused, every_spelling_of_a_mac)
