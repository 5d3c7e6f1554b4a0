/* How many agents are let in at once, and how many behind them. */
#include "controller/dispatch/hello_bucket.h"
#include "tests/support/check_main.h"

static size_t taken(struct hello_bucket *bucket, int64_t now_ms)
{
    size_t count = 0;

    while (hello_bucket_take(bucket, now_ms))
        count++;
    return count;
}

START_TEST(a_crowd_gets_ten_seconds_worth_and_then_its_rate)
{
    struct hello_bucket bucket;

    hello_bucket_fill(&bucket, 400, 1000);
    ck_assert_uint_eq(taken(&bucket, 1000), 4000);
    ck_assert_uint_eq(taken(&bucket, 1002), 0);
    ck_assert_uint_eq(taken(&bucket, 1500), 200);
}
END_TEST

START_TEST(quiet_times_save_no_more_than_a_full_bucket)
{
    struct hello_bucket bucket;

    hello_bucket_fill(&bucket, 2, 0);
    ck_assert_uint_eq(taken(&bucket, 3600000), 20);
    ck_assert_uint_eq(taken(&bucket, 3600000), 0);
    ck_assert_uint_eq(taken(&bucket, 3600499), 0);
    ck_assert_uint_eq(taken(&bucket, 3600500), 1);
}
END_TEST

CHECK_MAIN("hello_bucket", a_crowd_gets_ten_seconds_worth_and_then_its_rate,
           quiet_times_save_no_more_than_a_full_bucket)
