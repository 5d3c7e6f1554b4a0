/* The set of admitted keys and the User-Id made of them. */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "controller/dispatch/admitted_keys.h"
#include "tests/support/check_main.h"

#define COUNT 100

static struct admitted_keys *keys;
static struct admitted_key items[COUNT];

static void make(void)
{
    keys = admitted_keys_create(NULL);
    for (int i = 0; i < COUNT; i++) { /* unsorted on purpose */
        memset(items[i].curve, (i * 37) % COUNT, 32);
        memset(&items[i].agent, (i * 61) % COUNT, 16);
    }
}

static void unmake(void)
{
    admitted_keys_destroy(keys);
    admitted_keys_destroy(NULL);
}

START_TEST(user_ids_that_are_none)
{
    static const char *const TEXTS[] = {"",
                                        "x",
                                        "00000000000000000000000000000000",
                                        "00000000000000000000000000000000.000000000000000",
                                        "00000000000000000000000000000000-0000000000000000",
                                        "0000000000000000000000000000000g.0000000000000000",
                                        "00000000000000000000000000000000.00000000000000000"};
    struct user_id user;

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
        ck_assert_int_eq(user_id_parse(TEXTS[i], &user), -1);
}
END_TEST

START_TEST(an_empty_set_admits_nobody)
{
    uint8_t curve[32] = {0};
    struct user_id user = {0};

    ck_assert(!admitted_keys_find(keys, curve, &user));
    ck_assert(!admitted_keys_hold(keys, &user));
}
END_TEST

START_TEST(the_first_set_is_awaited)
{
    ck_assert(!admitted_keys_wait(keys, 10));
    admitted_keys_replace(keys, NULL, 0, NULL);
    ck_assert(admitted_keys_wait(keys, 10)); /* an empty one is one */
}
END_TEST

START_TEST(each_key_gives_its_agent_and_holds)
{
    struct user_id user, parsed;
    char text[USER_ID_SIZE];

    ck_assert_int_eq(admitted_keys_replace(keys, items, COUNT, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        ck_assert(admitted_keys_find(keys, items[i].curve, &user));
        ck_assert(uuid_equal(&user.agent, &items[i].agent));
        ck_assert(admitted_keys_hold(keys, &user));
        user_id_format(&user, text);
        ck_assert_int_eq(user_id_parse(text, &parsed), 0);
        ck_assert_mem_eq(&user, &parsed, sizeof(user));
    }
}
END_TEST

START_TEST(a_revoked_key_is_gone_at_once)
{
    struct user_id user;

    admitted_keys_replace(keys, items, COUNT, NULL);
    admitted_keys_find(keys, items[0].curve, &user);
    admitted_keys_replace(keys, items + 1, COUNT - 1, NULL);
    ck_assert(!admitted_keys_hold(keys, &user));
    ck_assert(!admitted_keys_find(keys, items[0].curve, &user));
    ck_assert(admitted_keys_find(keys, items[1].curve, &user));
}
END_TEST

START_TEST(an_agents_old_key_is_not_its_new_one)
{
    struct user_id old, new;

    admitted_keys_replace(keys, items, 1, NULL);
    admitted_keys_find(keys, items[0].curve, &old);
    items[0].curve[0] ^= 1;
    admitted_keys_replace(keys, items, 1, NULL);
    ck_assert(admitted_keys_find(keys, items[0].curve, &new));
    ck_assert(uuid_equal(&old.agent, &new.agent));
    ck_assert(!admitted_keys_hold(keys, &old));
}
END_TEST

CHECK_MAIN_WITH("admitted_keys", make, unmake, user_ids_that_are_none, an_empty_set_admits_nobody,
                the_first_set_is_awaited, each_key_gives_its_agent_and_holds,
                a_revoked_key_is_gone_at_once, an_agents_old_key_is_not_its_new_one)
