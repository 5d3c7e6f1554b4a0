/* So many at once, then so many a minute, and one address' flood is its own. */
#include <stdio.h>

#include "controller/api/rate_limit.h"
#include "tests/support/check_main.h"

static struct rate_limit *limit;

static void make(void)
{
    limit = rate_limit_create(3, 60, NULL);
    ck_assert_ptr_nonnull(limit);
}

static void unmake(void)
{
    rate_limit_destroy(limit);
}

START_TEST(a_burst_then_a_rate)
{
    for (int i = 0; i < 3; i++)
        ck_assert(rate_limit_take(limit, "10.0.0.1", 1000));
    ck_assert(!rate_limit_take(limit, "10.0.0.1", 1000));
    ck_assert(!rate_limit_take(limit, "10.0.0.1", 1900));
    ck_assert(rate_limit_take(limit, "10.0.0.1", 2001));
    ck_assert(!rate_limit_take(limit, "10.0.0.1", 2001));
}
END_TEST

START_TEST(a_long_rest_gives_no_more_than_the_burst)
{
    ck_assert(rate_limit_take(limit, "10.0.0.1", 1000));
    for (int i = 0; i < 3; i++)
        ck_assert(rate_limit_take(limit, "10.0.0.1", 100000000));
    ck_assert(!rate_limit_take(limit, "10.0.0.1", 100000000));
}
END_TEST

START_TEST(a_clock_that_stands_gives_nothing)
{
    for (int i = 0; i < 3; i++)
        ck_assert(rate_limit_take(limit, "10.0.0.1", 5000));
    ck_assert(!rate_limit_take(limit, "10.0.0.1", 4000));
}
END_TEST

START_TEST(others_have_their_own)
{
    int served = 0;

    while (rate_limit_take(limit, "10.0.0.1", 1000))
        continue;
    /* One of 4096 buckets is empty: of a hundred addresses nearly all find another. */
    for (int i = 0; i < 100; i++) {
        char address[20];

        snprintf(address, sizeof(address), "10.0.1.%d", i);
        served += rate_limit_take(limit, address, 1000);
    }
    ck_assert_int_ge(served, 90);
}
END_TEST

START_TEST(destroying_nothing_is_fine)
{
    rate_limit_destroy(NULL);
}
END_TEST

CHECK_MAIN_WITH("rate_limit", make, unmake, a_burst_then_a_rate,
                a_long_rest_gives_no_more_than_the_burst, a_clock_that_stands_gives_nothing,
                others_have_their_own, destroying_nothing_is_fine)
