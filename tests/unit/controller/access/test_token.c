/* Shapes of tokens and names of principals; what needs the database is shown by
 * tests/integration/api. */
#include <string.h>

#include "common/error.h"
#include "controller/access/token.h"
#include "tests/support/check_main.h"

START_TEST(what_has_not_a_tokens_shape_has_no_hash)
{
    char text[TOKEN_SIZE];
    uint8_t hash[TOKEN_HASH_BYTES];

    ck_assert_int_eq(token_make(text, hash, NULL), 0);
    ck_assert_int_eq(token_hash("", hash), -1);
    ck_assert_int_eq(token_hash("muster_", hash), -1);
    ck_assert_int_eq(token_hash(text + 1, hash), -1);
    text[0] = 'M';
    ck_assert_int_eq(token_hash(text, hash), -1);
    text[0] = 'm';
    text[20] = '+';
    ck_assert_int_eq(token_hash(text, hash), -1);
    text[20] = '\0';
    ck_assert_int_eq(token_hash(text, hash), -1);
}
END_TEST

START_TEST(a_token_hashes_to_what_is_stored)
{
    char text[TOKEN_SIZE], second[TOKEN_SIZE];
    uint8_t hash[TOKEN_HASH_BYTES], again[TOKEN_HASH_BYTES];

    ck_assert_int_eq(token_make(text, hash, NULL), 0);
    ck_assert_uint_eq(strlen(text), TOKEN_SIZE - 1);
    ck_assert_int_eq(token_hash(text, again), 0);
    ck_assert_mem_eq(hash, again, sizeof(hash));
    ck_assert_int_eq(token_make(second, again, NULL), 0);
    ck_assert_str_ne(text, second);
}
END_TEST

START_TEST(names_that_could_break_a_line_are_refused)
{
    char name[PRINCIPAL_NAME_SIZE + 1];
    struct error err = {0};

    memset(name, 'a', sizeof(name));
    name[PRINCIPAL_NAME_SIZE] = '\0';
    ck_assert_int_eq(principal_check_name("", &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(principal_check_name("a b", &err), -1);
    ck_assert_int_eq(principal_check_name("a\nb", &err), -1);
    ck_assert_int_eq(principal_check_name(name, &err), -1);
    ck_assert_int_eq(principal_check_name(name + 1, &err), 0);
    ck_assert_int_eq(principal_check_name("noc.shift-2@example.org", &err), 0);
}
END_TEST

CHECK_MAIN("token", what_has_not_a_tokens_shape_has_no_hash, a_token_hashes_to_what_is_stored,
           names_that_could_break_a_line_are_refused)
