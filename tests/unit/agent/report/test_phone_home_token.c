/* The secrets of phone-home: the same for the same boot, another for each other. */
#include <string.h>

#include "agent/report/phone_home_token.h"
#include "common/text.h"
#include "tests/support/check_main.h"

static const uint8_t key[32] = "0123456789abcdef0123456789abcde";
static const struct uuid task = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

START_TEST(token_is_of_the_key_the_task_and_the_attempt)
{
    uint8_t a[32], b[32], other_key[32];
    struct uuid other = task;

    ck_assert_int_eq(phone_home_token(key, &task, 1, a, NULL), 0);
    ck_assert_int_eq(phone_home_token(key, &task, 1, b, NULL), 0);
    ck_assert_mem_eq(a, b, 32);
    ck_assert_int_eq(phone_home_token(key, &task, 2, b, NULL), 0);
    ck_assert_mem_ne(a, b, 32);
    other.bytes[15]++;
    ck_assert_int_eq(phone_home_token(key, &other, 1, b, NULL), 0);
    ck_assert_mem_ne(a, b, 32);
    memcpy(other_key, key, 32);
    other_key[0] ^= 1;
    ck_assert_int_eq(phone_home_token(other_key, &task, 1, b, NULL), 0);
    ck_assert_mem_ne(a, b, 32);
}
END_TEST

START_TEST(session_is_of_the_nonce_too_and_no_token)
{
    uint8_t nonce[32] = {7}, a[32], b[32];

    ck_assert_int_eq(phone_home_session(key, &task, 1, nonce, a, NULL), 0);
    ck_assert_int_eq(phone_home_token(key, &task, 1, b, NULL), 0);
    ck_assert_mem_ne(a, b, 32);
    nonce[31] = 1;
    ck_assert_int_eq(phone_home_session(key, &task, 1, nonce, b, NULL), 0);
    ck_assert_mem_ne(a, b, 32);
}
END_TEST

/* RFC 5869 by python3: hmac(hmac(32 zero bytes, key), info || 01). Frozen: a restarted agent of a
 * later version serves boots that an earlier one armed. */
START_TEST(derivation_is_frozen)
{
    uint8_t token[32];
    char hex[65];

    ck_assert_int_eq(phone_home_token(key, &task, 1, token, NULL), 0);
    text_hex(token, 32, hex);
    ck_assert_str_eq(hex, "7865193153b975b02733b075c728b219508a780604444a81131e3e8eba358ec5");
}
END_TEST

START_TEST(hash_tells_the_secret_from_others)
{
    uint8_t token[32], hash[32];

    ck_assert_int_eq(phone_home_token(key, &task, 1, token, NULL), 0);
    phone_home_hash(token, hash);
    ck_assert(phone_home_is(token, hash));
    token[0] ^= 1;
    ck_assert(!phone_home_is(token, hash));
}
END_TEST

CHECK_MAIN("phone_home_token", token_is_of_the_key_the_task_and_the_attempt,
           session_is_of_the_nonce_too_and_no_token, derivation_is_frozen,
           hash_tells_the_secret_from_others)
