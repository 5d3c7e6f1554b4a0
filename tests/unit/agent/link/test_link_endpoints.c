/* Each controller in turn; at once to one that was not tried, a pause when all were. */
#include <stdint.h>
#include <string.h>

#include "agent/link/link_endpoints.h"
#include "common/error.h"
#include "tests/support/check_main.h"

static const uint8_t KEYS[3][32] = {{1}, {2}, {3}};
static const char *const THREE[] = {"tcp://a:1", "tcp://b:2", "tcp://c:3", NULL};
static const char *const ONE[] = {"tcp://a:1", NULL};

START_TEST(none_is_an_error)
{
    const char *const none[] = {NULL};
    struct error err = {0};

    ck_assert_ptr_null(link_endpoints_create(NULL, NULL, KEYS[0], &err));
    ck_assert_ptr_null(link_endpoints_create(none, NULL, KEYS[0], &err));
    ck_assert_int_eq(err.code, ERROR_INVALID);
    link_endpoints_destroy(NULL);
}
END_TEST

START_TEST(in_turn_each_with_its_key)
{
    struct link_endpoints *endpoints = link_endpoints_create(THREE, KEYS, NULL, NULL);

    for (int i = 0; i < 7; i++) {
        const struct link_endpoint *next = link_endpoints_next(endpoints);

        ck_assert_str_eq(next->address, THREE[i % 3]);
        ck_assert_mem_eq(next->curve_public, KEYS[i % 3], 32);
    }
    link_endpoints_destroy(endpoints);
}
END_TEST

START_TEST(one_key_may_be_that_of_all)
{
    struct link_endpoints *endpoints = link_endpoints_create(THREE, NULL, KEYS[2], NULL);

    for (int i = 0; i < 3; i++)
        ck_assert_mem_eq(link_endpoints_next(endpoints)->curve_public, KEYS[2], 32);
    link_endpoints_destroy(endpoints);
}
END_TEST

START_TEST(a_lost_session_moves_on_at_once)
{
    struct link_endpoints *endpoints = link_endpoints_create(THREE, KEYS, NULL, NULL);

    for (int i = 0; i < 3; i++)
        link_endpoints_next(endpoints);
    ck_assert_int_eq(link_endpoints_pause(endpoints, 0, 2999), 4999); /* all were tried */
    link_endpoints_had_session(endpoints);
    ck_assert_int_eq(link_endpoints_pause(endpoints, 0, 2999), 999);
    link_endpoints_next(endpoints);
    ck_assert_int_eq(link_endpoints_pause(endpoints, 0, 0), 0);
    link_endpoints_next(endpoints);
    ck_assert_int_eq(link_endpoints_pause(endpoints, 0, 0), 2000);
    link_endpoints_destroy(endpoints);
}
END_TEST

START_TEST(one_alone_is_given_time)
{
    struct link_endpoints *endpoints = link_endpoints_create(ONE, NULL, KEYS[0], NULL);

    link_endpoints_next(endpoints);
    link_endpoints_had_session(endpoints);
    ck_assert_int_eq(link_endpoints_pause(endpoints, 0, 1), 2001);
    link_endpoints_destroy(endpoints);
}
END_TEST

START_TEST(what_reject_asked_for_counts)
{
    struct link_endpoints *endpoints = link_endpoints_create(THREE, KEYS, NULL, NULL);

    link_endpoints_next(endpoints);
    ck_assert_int_eq(link_endpoints_pause(endpoints, 60000, 7), 60007);
    ck_assert_int_eq(link_endpoints_pause(endpoints, 1, 7), 2007);
    ck_assert_int_eq(link_endpoints_pause(endpoints, LINK_RETRY_PARKED, 7), -1);
    link_endpoints_destroy(endpoints);
}
END_TEST

CHECK_MAIN("link_endpoints", none_is_an_error, in_turn_each_with_its_key,
           one_key_may_be_that_of_all, a_lost_session_moves_on_at_once, one_alone_is_given_time,
           what_reject_asked_for_counts)
