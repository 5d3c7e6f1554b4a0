/* The fetch token: whole, of this controller, of this agent, not ended. */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "controller/dispatch/fetch_token.h"
#include "tests/support/check_main.h"

static const struct uuid AGENT = {{7, 1, 2}};
static uint8_t key[FETCH_KEY_BYTES];
static char token[FETCH_TOKEN_SIZE];

static void make(void)
{
    ck_assert_int_eq(fetch_key_make(key, NULL), 0);
    ck_assert_int_eq(fetch_token_make(key, &AGENT, 1000, token, NULL), 0);
    ck_assert_uint_eq(strlen(token), FETCH_TOKEN_SIZE - 1);
}

static int check(const char *text, int64_t now_us)
{
    struct uuid agent = {{0}};
    struct error err = {0};
    int rc = fetch_token_check(key, text, now_us, &agent, &err);

    if (rc == 0) {
        ck_assert(uuid_equal(&agent, &AGENT));
    } else {
        ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
        ck_assert(uuid_is_nil(&agent));
        ck_assert_ptr_null(strstr(err.text, token)); /* errors end in logs */
    }
    return rc;
}

START_TEST(what_is_no_token)
{
    char longer[FETCH_TOKEN_SIZE + 1];

    ck_assert_int_eq(check("", 0), -1);
    ck_assert_int_eq(check("x", 0), -1);
    strcpy(longer, token);
    strcat(longer, "A");
    ck_assert_int_eq(check(longer, 0), -1);
    memset(longer, '!', FETCH_TOKEN_SIZE - 1);
    longer[FETCH_TOKEN_SIZE - 1] = '\0';
    ck_assert_int_eq(check(longer, 0), -1);
}
END_TEST

START_TEST(every_changed_character_is_refused)
{
    for (size_t i = 0; i < FETCH_TOKEN_SIZE - 1; i++) {
        char was = token[i];

        token[i] = was == 'A' ? 'Q' : 'A'; /* differ in a bit that counts, at the end too */
        ck_assert_msg(check(token, 0) == -1, "character %zu", i);
        token[i] = was;
    }
    ck_assert_int_eq(check(token, 0), 0);
}
END_TEST

START_TEST(it_ends)
{
    ck_assert_int_eq(check(token, 999), 0);
    ck_assert_int_eq(check(token, 1000), -1);
}
END_TEST

START_TEST(another_run_of_the_controller_refuses_it)
{
    fetch_key_make(key, NULL);
    ck_assert_int_eq(check(token, 0), -1);
}
END_TEST

CHECK_MAIN_WITH("fetch_token", make, NULL, what_is_no_token, every_changed_character_is_refused,
                it_ends, another_run_of_the_controller_refuses_it)
