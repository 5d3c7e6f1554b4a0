/* Range and If-None-Match. */
#include <stddef.h>

#include "agent/boot/http_range.h"
#include "tests/support/check_main.h"

static const struct {
    const char *header;
    uint64_t size;
    enum http_range range;
    uint64_t offset, length;
} RANGES[] = {
    {NULL, 10, HTTP_RANGE_WHOLE, 0, 10},
    {"", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"lines=1-2", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=-", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=5", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=5-4", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=1-2,4-5", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes= 1-2", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=1-2x", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=--2", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=0-0", 10, HTTP_RANGE_PART, 0, 1},
    {"BYTES=0-9", 10, HTTP_RANGE_PART, 0, 10},
    {"bytes=3-", 10, HTTP_RANGE_PART, 3, 7},
    {"bytes=3-99", 10, HTTP_RANGE_PART, 3, 7},
    {"bytes=9-9", 10, HTTP_RANGE_PART, 9, 1},
    {"bytes=-3", 10, HTTP_RANGE_PART, 7, 3},
    {"bytes=-99", 10, HTTP_RANGE_PART, 0, 10},
    {"bytes=2-99999999999999999999999999", 10, HTTP_RANGE_PART, 2, 8},
    {"bytes=10-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 10},
    {"bytes=99999999999999999999999999-", 10, HTTP_RANGE_UNSATISFIABLE, 0, 10},
    {"bytes=-0", 10, HTTP_RANGE_UNSATISFIABLE, 0, 10},
    {"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-1", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=1152921504606846974-", (uint64_t)1 << 60, HTTP_RANGE_PART, ((uint64_t)1 << 60) - 2, 2},
};

START_TEST(one_range_is_read_and_all_else_is_the_whole)
{
    uint64_t offset, length;

    for (size_t i = 0; i < sizeof(RANGES) / sizeof(RANGES[0]); i++) {
        enum http_range range = http_range_read(RANGES[i].header, RANGES[i].size, &offset, &length);

        ck_assert_msg(
            range == RANGES[i].range && offset == RANGES[i].offset && length == RANGES[i].length,
            "%s of %llu: %d %llu+%llu", RANGES[i].header, (unsigned long long)RANGES[i].size, range,
            (unsigned long long)offset, (unsigned long long)length);
    }
}
END_TEST

START_TEST(an_etag_is_found_in_a_list)
{
    static const struct {
        const char *header;
        bool listed;
    } LISTS[] = {{NULL, false},
                 {"", false},
                 {"\"a\"", true},
                 {"*", true},
                 {" \"b\" ,\"a\"", true},
                 {"W/\"a\"", true},
                 {"\"ab\"", false},
                 {"\"a\"b", false},
                 {"a", false},
                 {",,, \"a\" ,", true},
                 {"\"", false}};

    for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++)
        ck_assert_msg(http_etag_listed(LISTS[i].header, "\"a\"") == LISTS[i].listed, "%s",
                      LISTS[i].header);
}
END_TEST

CHECK_MAIN("http_range", one_range_is_read_and_all_else_is_the_whole, an_etag_is_found_in_a_list)
