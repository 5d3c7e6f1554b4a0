/* Errors: setters return -1, long words are cut, a prefix keeps what was there. */
#include <string.h>

#include "common/error.h"
#include "tests/support/check_main.h"

START_TEST(nobody_needs_to_listen)
{
    ck_assert_int_eq(error_set(NULL, "x"), -1);
    ck_assert_int_eq(error_set_code(NULL, ERROR_STALE, "x"), -1);
    ck_assert_int_eq(error_prefix(NULL, "x"), -1);
    ck_assert_str_eq(error_text(NULL), "no reason given");
    error_clear(NULL);
}
END_TEST

START_TEST(setting_replaces_all)
{
    struct error err = {.code = ERROR_STALE, .sqlstate = "23505", .text = "old"};

    ck_assert_int_eq(error_set(&err, "%d of %s", 1, "two"), -1);
    ck_assert_int_eq(err.code, ERROR_FAILED);
    ck_assert_str_eq(err.sqlstate, "");
    ck_assert_str_eq(err.text, "1 of two");
    error_set_code(&err, ERROR_TIMEOUT, "late");
    ck_assert_int_eq(err.code, ERROR_TIMEOUT);
    ck_assert_int_eq(error_no_memory(&err), -1);
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
}
END_TEST

START_TEST(prefixes_stack_and_keep_the_code)
{
    struct error err = {.code = ERROR_CONFLICT, .sqlstate = "40001", .text = "row is gone"};

    ck_assert_int_eq(error_prefix(&err, "task %d", 7), -1);
    error_prefix(&err, "lease");
    ck_assert_str_eq(error_text(&err), "lease: task 7: row is gone");
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_str_eq(err.sqlstate, "40001");
}
END_TEST

START_TEST(long_words_are_cut_and_terminated)
{
    char words[2000];
    struct error err = {0};

    memset(words, 'w', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    error_set(&err, "%s", words);
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
    error_prefix(&err, "context");
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
    ck_assert_int_eq(strncmp(err.text, "context: www", 12), 0);
    error_prefix(&err, "%s", words);
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

START_TEST(cleared_is_none)
{
    struct error err = {.code = ERROR_FAILED, .sqlstate = "23505", .text = "old"};

    error_clear(&err);
    ck_assert_int_eq(err.code, ERROR_NONE);
    ck_assert_str_eq(err.sqlstate, "");
    ck_assert_str_eq(error_text(&err), "no reason given");
}
END_TEST

CHECK_MAIN("error", nobody_needs_to_listen, setting_replaces_all, prefixes_stack_and_keep_the_code,
           long_words_are_cut_and_terminated, cleared_is_none)
