/* Text: growth, UTF-8 by RFC 3629, hex and base64url with one spelling each. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "tests/support/check_main.h"

START_TEST(empty_text_is_a_string)
{
    struct text text = {0};
    char *taken;

    ck_assert_str_eq(text_string(&text), "");
    taken = text_take(&text);
    ck_assert_str_eq(taken, "");
    free(taken);
    text_clear(&text);
    text_append(&text, NULL, 0);
    ck_assert(text_ok(&text));
    ck_assert_str_eq(text_string(&text), "");
    text_clear(&text);
}
END_TEST

START_TEST(growth_keeps_what_was_there)
{
    struct text text = {0};

    for (int i = 0; i < 5000; i++)
        text_format(&text, "%04d", i);
    ck_assert(text_ok(&text));
    ck_assert_uint_eq(text.length, 20000);
    ck_assert_int_eq(memcmp(text.bytes + 4 * 1234, "1234", 4), 0);
    ck_assert_int_eq(text.bytes[20000], '\0');
    text_clear(&text);
    ck_assert_ptr_null(text.bytes);
}
END_TEST

START_TEST(too_much_breaks_it_for_good)
{
    struct text text = {0};

    text_append(&text, "x", 1);
    text_append(&text, "x", SIZE_MAX - 1);
    ck_assert(!text_ok(&text));
    text_append(&text, "y", 1);
    ck_assert_uint_eq(text.length, 1);
    ck_assert_ptr_null(text_take(&text));
    ck_assert(text_ok(&text));
}
END_TEST

START_TEST(utf8_is_that_of_rfc_3629)
{
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x7f",
                                      "\xc2\xc0",
                                      "\xe0\x80\x80",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xe2\x82",
                                      "\xe2\x82\x28",
                                      "\xf0\x80\x80\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf0\x9f\x98",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xff",
                                      "\xfe"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(text_is_utf8(good[i], strlen(good[i])), "good %zu", i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!text_is_utf8(bad[i], strlen(bad[i])), "bad %zu", i);
    ck_assert(!text_is_utf8("a\0b", 3));
}
END_TEST

/* Every two bytes, against what RFC 3629 says of them in words. */
START_TEST(all_pairs_of_bytes)
{
    for (unsigned a = 1; a < 256; a++)
        for (unsigned b = 1; b < 256; b++) {
            unsigned char pair[2] = {(unsigned char)a, (unsigned char)b};
            bool expected =
                (a < 0x80 && b < 0x80) || (a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf);

            ck_assert_int_eq(text_is_utf8(pair, 2), expected);
        }
}
END_TEST

START_TEST(outside_text_is_shown_harmlessly)
{
    char out[TEXT_SHOW_SIZE], exact[65], longer[66];

    ck_assert_str_eq(text_show("", out), "");
    ck_assert_str_eq(text_show("a\n\x1b[2J\x7f", out), "a??[2J?");
    ck_assert_str_eq(text_show("ü漢😀", out), "ü漢😀");
    ck_assert_str_eq(text_show("\xc2\x9b"
                               "x\xff\xe2\x82",
                               out),
                     "?x???");
    memset(exact, 'e', 64);
    exact[64] = '\0';
    ck_assert_str_eq(text_show(exact, out), exact);
    memset(longer, 'e', 65);
    longer[65] = '\0';
    text_show(longer, out);
    ck_assert_uint_eq(strlen(out), 67);
    ck_assert_str_eq(out + 64, "...");
    /* Never half a character. */
    memcpy(longer + 63, "\xc3\xbc", 3);
    text_show(longer, out);
    ck_assert(text_is_utf8(out, strlen(out)));
}
END_TEST

START_TEST(hex)
{
    uint8_t bytes[3] = {0x00, 0x9a, 0xff}, back[3] = {7, 7, 7};
    char out[7];

    text_hex(bytes, 3, out);
    ck_assert_str_eq(out, "009aff");
    ck_assert_int_eq(text_unhex("009AfF", back, 3), 0);
    ck_assert_mem_eq(back, bytes, 3);
    text_hex(bytes, 0, out);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(hex_digits_are_of_both_cases)
{
    ck_assert_int_eq(text_hex_digit('0'), 0);
    ck_assert_int_eq(text_hex_digit('9'), 9);
    ck_assert_int_eq(text_hex_digit('a'), 10);
    ck_assert_int_eq(text_hex_digit('F'), 15);
    for (const char *none = "g/:@`G \x80"; *none; none++)
        ck_assert_int_eq(text_hex_digit(*none), -1);
}
END_TEST

START_TEST(wrong_hex_leaves_the_output_alone)
{
    static const char *const bad[] = {"",       "009af",  "009aff0", "009afg",
                                      "009af ", "0x9aff", "-09aff"};
    uint8_t back[3] = {7, 7, 7}, untouched[3] = {7, 7, 7};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(text_unhex(bad[i], back, 3), -1);
    ck_assert_mem_eq(back, untouched, 3);
}
END_TEST

START_TEST(base64url_of_rfc_4648)
{
    static const char *const pairs[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};
    char out[16];
    uint8_t back[8];

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        size_t length = strlen(pairs[i][0]);

        text_base64url(pairs[i][0], length, out);
        ck_assert_str_eq(out, pairs[i][1]);
        ck_assert_int_eq(text_unbase64url(out, back, sizeof(back)), (int)length);
        ck_assert_mem_eq(back, pairs[i][0], length);
    }
}
END_TEST

START_TEST(wrong_base64url_is_refused)
{
    /* Padding, the other alphabet, spaces, a lone character, bits that say nothing. */
    static const char *const bad[] = {"Zg==", "+/+/", "Zm 9v", "Z", "Zm9vY", "Zh", "Zm9", "Zm9v\n"};
    uint8_t back[8];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(text_unbase64url(bad[i], back, sizeof(back)) == -1, "%s", bad[i]);
    ck_assert_int_eq(text_unbase64url("Zm9v", back, 2), -1);
    ck_assert_int_eq(text_unbase64url("Zm9v", back, 3), 3);
}
END_TEST

START_TEST(a_cut_character_is_taken_off)
{
    static const char *const cases[][2] = {
        {"", ""},       {"ab", "ab"},     {"a\xc3\xa4", "a\xc3\xa4"},
        {"a\xc3", "a"}, {"\xe2\x82", ""}, {"x\xf0\x9f\x98", "x"}};
    char text[16];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        strcpy(text, cases[i][0]);
        text_mend_utf8(text);
        ck_assert_str_eq(text, cases[i][1]);
    }
    strcpy(text, "\x80\x80"); /* never was text: nothing is read before it */
    text_mend_utf8(text);
}
END_TEST

START_TEST(strings_share_a_block)
{
    char block[8], *at = block;
    const char *first, *none, *second;

    ck_assert_uint_eq(text_room("ab") + text_room(NULL) + text_room(""), 4);
    first = text_pack(&at, "ab");
    none = text_pack(&at, NULL);
    second = text_pack(&at, "");
    ck_assert_str_eq(first, "ab");
    ck_assert_ptr_null(none);
    ck_assert_str_eq(second, "");
    ck_assert_ptr_eq(at, block + 4);
}
END_TEST

START_TEST(percents_become_bytes)
{
    static const char *const wrong[] = {"%",   "%4",  "%4g",  "%zz", "a%00",
                                        "%0a", "%7F", "a\tb", "%ff"};
    char out[8];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(text_unpercent(wrong[i], strlen(wrong[i]), out, sizeof(out)) < 0, "%s",
                      wrong[i]);
    ck_assert_int_eq(text_unpercent("%41", 2, out, sizeof(out)), -1); /* cut within */
    ck_assert_int_eq(text_unpercent("12345678", 8, out, sizeof(out)), -1);
    ck_assert_int_eq(text_unpercent("", 0, out, 0), -1);
    ck_assert_int_eq(text_unpercent("", 0, out, 1), 0);
    ck_assert_int_eq(text_unpercent("1%2b%C3%A4", 10, out, sizeof(out)), 4);
    ck_assert_str_eq(out, "1+\xc3\xa4");
    memcpy(out, "%41%42", 7);
    ck_assert_int_eq(text_unpercent(out, 6, out, 3), 2); /* in place */
    ck_assert_str_eq(out, "AB");
}
END_TEST

CHECK_MAIN("text", a_cut_character_is_taken_off, empty_text_is_a_string,
           growth_keeps_what_was_there, too_much_breaks_it_for_good, utf8_is_that_of_rfc_3629,
           all_pairs_of_bytes, outside_text_is_shown_harmlessly, hex, hex_digits_are_of_both_cases,
           wrong_hex_leaves_the_output_alone, base64url_of_rfc_4648, wrong_base64url_is_refused,
           strings_share_a_block, percents_become_bytes)
