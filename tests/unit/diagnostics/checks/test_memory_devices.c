/* memory_devices: SMBIOS type 17 in every length and at every cut. */
#include <string.h>

#include "diagnostics/checks/memory_devices.h"
#include "tests/support/check_main.h"

static struct memory_device devices[MEMORY_DEVICES_MAX];

/* One structure of 'type' with 'length' formatted bytes, its size word, and strings. */
static size_t put(unsigned char *at, unsigned char type, unsigned char length, unsigned size,
                  unsigned extended)
{
    static const char STRINGS[] = "DIMM A1\0Maker\0SER 1\0PART 1\0";

    memset(at, 0, length);
    at[0] = type;
    at[1] = length;
    if (length > 0x1f) {
        at[0x1c] = (unsigned char)extended;
        at[0x1d] = (unsigned char)(extended >> 8);
        at[0x1e] = (unsigned char)(extended >> 16);
    }
    if (length > 0x1a) {
        at[0x0c] = (unsigned char)size;
        at[0x0d] = (unsigned char)(size >> 8);
        at[0x10] = 1;
        at[0x17] = 2;
        at[0x18] = 3;
        at[0x1a] = 4;
    }
    memcpy(at + length, STRINGS, sizeof(STRINGS));
    return length + sizeof(STRINGS);
}

START_TEST(every_cut_ends_the_table_quietly)
{
    unsigned char table[256], cut[256];
    size_t length = put(table, 1, 8, 0, 0);

    length += put(table + length, 17, 0x28, 512, 0);
    for (size_t i = 0; i < length; i++) {
        memcpy(cut, table, i);
        ck_assert_uint_eq(memory_devices_parse(cut, i, devices), 0);
    }
    ck_assert_uint_eq(memory_devices_parse(table, length, devices), 1);
}
END_TEST

START_TEST(a_length_below_the_header_ends_it)
{
    unsigned char table[] = {17, 0, 0, 0, 0, 0};

    ck_assert_uint_eq(memory_devices_parse(table, sizeof(table), devices), 0);
}
END_TEST

START_TEST(sizes_in_all_their_forms)
{
    static const struct {
        unsigned size, extended;
        int64_t mib;
    } FORMS[] = {
        {0, 0, 0}, {0xffff, 0, -1}, {512, 0, 512}, {0x7fff, 65536, 65536}, {0x8000 | 2048, 0, 2}};
    unsigned char table[1024];
    size_t length = 0;

    for (unsigned i = 0; i < 5; i++)
        length += put(table + length, 17, 0x28, FORMS[i].size, FORMS[i].extended);
    length += put(table + length, 127, 4, 0, 0);
    length += put(table + length, 17, 0x28, 512, 0); /* behind the end */
    ck_assert_uint_eq(memory_devices_parse(table, length, devices), 5);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_int_eq(devices[i].mib, FORMS[i].mib);
    ck_assert_str_eq(devices[0].locator, "DIMM A1");
    ck_assert_str_eq(devices[0].maker, "Maker");
    ck_assert_str_eq(devices[0].serial, "SER 1");
    ck_assert_str_eq(devices[0].part, "PART 1");
}
END_TEST

START_TEST(a_string_number_beyond_the_last_is_empty)
{
    unsigned char table[256];
    size_t length = put(table, 17, 0x28, 512, 0);

    table[0x10] = 200;
    table[0x17] = 5;
    ck_assert_uint_eq(memory_devices_parse(table, length, devices), 1);
    ck_assert_str_eq(devices[0].locator, "");
    ck_assert_str_eq(devices[0].maker, "");
}
END_TEST

CHECK_MAIN("memory_devices", every_cut_ends_the_table_quietly, a_length_below_the_header_ends_it,
           sizes_in_all_their_forms, a_string_number_beyond_the_last_is_empty)
