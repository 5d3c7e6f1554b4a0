/* Base64: what is none is refused; with and without padding, in both alphabets. */
#include "rules/cel/value/cel_base64.h"

#include <string.h>

#include "tests/support/check_main.h"

START_TEST(what_is_no_base64_is_refused)
{
    static const char *const BAD[] = {"A",    "AAAAA", "A=",   "A===",    "AA=A",
                                      "A A=", "=",     "AAA.", "QQ==QQ=="};
    unsigned char out[16];

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        ck_assert_msg(cel_base64_read(BAD[i], strlen(BAD[i]), out) == -1, "%s", BAD[i]);
}
END_TEST

START_TEST(what_is_written_reads_back)
{
    unsigned char bytes[257], back[260];
    char text[400];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 37);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        size_t written = cel_base64_write(bytes, length, text);

        ck_assert_uint_eq(written, (length + 2) / 3 * 4);
        ck_assert_int_eq(cel_base64_read(text, written, back), (ptrdiff_t)length);
        ck_assert_mem_eq(back, bytes, length);
        while (written > 0 && text[written - 1] == '=')
            written--;
        ck_assert_int_eq(cel_base64_read(text, written, back), (ptrdiff_t)length);
    }
}
END_TEST

START_TEST(both_alphabets_are_read)
{
    unsigned char out[8];

    ck_assert_int_eq(cel_base64_read("-_-_", 4, out), 3);
    ck_assert_mem_eq(out, "\xfb\xff\xbf", 3);
    ck_assert_int_eq(cel_base64_read("+/+/", 4, out), 3);
    ck_assert_mem_eq(out, "\xfb\xff\xbf", 3);
    ck_assert_int_eq(cel_base64_read("aGVsbG8=", 8, out), 5);
    ck_assert_mem_eq(out, "hello", 5);
}
END_TEST

CHECK_MAIN("cel_base64", what_is_no_base64_is_refused, what_is_written_reads_back,
           both_alphabets_are_read)
