/* Cursors: back as they were given, and nothing else is taken. */
#include <string.h>

#include "common/text.h"
#include "controller/api/cursor.h"
#include "tests/support/check_main.h"

static char key[CURSOR_KEY_MAX + 1];

static int decodes(const char *plain, size_t length)
{
    char text[CURSOR_SIZE];

    text_base64url(plain, length, text);
    return cursor_decode("tasks", text, key);
}

START_TEST(foreign_words_are_refused)
{
    ck_assert_int_eq(cursor_decode("tasks", "", key), -1);
    ck_assert_int_eq(cursor_decode("tasks", "!", key), -1);
    ck_assert_int_eq(cursor_decode("tasks", "AAAA", key), -1);
    ck_assert_int_eq(decodes("tasks\n", 6), -1);
    ck_assert_int_eq(decodes("tasks", 5), -1);
    ck_assert_int_eq(decodes("taskx\nabc", 9), -1);
    ck_assert_int_eq(decodes("tasks\na\0c", 9), -1);
    ck_assert_int_eq(decodes("tasks\n\xff", 7), -1);
    ck_assert_int_eq(decodes("tasks\nabc", 9), 0);
    ck_assert_str_eq(key, "abc");
}
END_TEST

START_TEST(too_long_a_key_is_refused_both_ways)
{
    char big[CURSOR_KEY_MAX + 2], text[CURSOR_SIZE * 2], plain[CURSOR_KEY_MAX + 20];

    memset(big, 'a', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    ck_assert_int_eq(cursor_encode("tasks", big, text), -1);
    ck_assert_int_eq(cursor_encode("tasks", big + 1, text), 0);
    ck_assert_int_eq(cursor_decode("tasks", text, key), 0);
    ck_assert_str_eq(key, big + 1);
    memcpy(plain, "tasks\n", 6);
    memcpy(plain + 6, big, sizeof(big) - 1);
    text_base64url(plain, 6 + sizeof(big) - 1, text);
    ck_assert_int_eq(cursor_decode("tasks", text, key), -1);
}
END_TEST

START_TEST(a_cursor_is_one_lists_own)
{
    char text[CURSOR_SIZE];

    ck_assert_int_eq(cursor_encode("tasks", "0191-x", text), 0);
    ck_assert_int_eq(cursor_decode("alerts", text, key), -1);
    ck_assert_int_eq(cursor_decode("task", text, key), -1);
    ck_assert_int_eq(cursor_decode("tasks", text, key), 0);
    ck_assert_str_eq(key, "0191-x");
}
END_TEST

CHECK_MAIN("cursor", foreign_words_are_refused, too_long_a_key_is_refused_both_ways,
           a_cursor_is_one_lists_own)
