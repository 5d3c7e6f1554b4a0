/* How large the batches of a partition are, by how its last one went. */
#include <string.h>

#include "common/error.h"
#include "controller/intake/alert_batch.h"
#include "controller/intake/alert_source.h"
#include "controller/intake/kafka_partition.h"
#include "tests/support/check_main.h"

static struct kafka_partition *partition;

static void set_up(void)
{
    const struct alert_source source = {.name = (char *)"s", .topic = (char *)"t"};
    struct error err = {0};

    partition = kafka_partition_create("cluster", "t", 0, &source, &err);
    ck_assert_msg(partition != NULL, "%s", error_text(&err));
}

static void tear_down(void)
{
    kafka_partition_destroy(partition);
}

/* A batch of as many as there may be came back. */
static void settle(int rc, enum error_code code, int64_t took_ms)
{
    partition->job = (struct alert_job){
        .rc = rc, .err = {.code = code}, .took_ms = took_ms, .count = partition->batch_max};
    ck_assert_int_eq(kafka_partition_settle(partition, 1), rc);
}

START_TEST(what_takes_long_is_made_smaller)
{
    size_t first = partition->batch_max;

    settle(1, 0, 5000);
    ck_assert_uint_eq(partition->batch_max, first / 2);
    settle(1, 0, 5);
    ck_assert_uint_eq(partition->batch_max, first);
}
END_TEST

/* The server ends a transaction that computes for long: as large again it would be ended again. */
START_TEST(what_takes_too_long_to_be_kept_is_made_smaller)
{
    size_t first = partition->batch_max;

    settle(-1, ERROR_UNAVAILABLE, 10000);
    ck_assert_uint_eq(partition->batch_max, first / 2);
    settle(-1, ERROR_TIMEOUT, 30000);
    ck_assert_uint_eq(partition->batch_max, first / 4);
    settle(-1, ERROR_UNAVAILABLE, 5); /* it failed for something else */
    ck_assert_uint_eq(partition->batch_max, first / 4);
    for (int i = 0; i < 64; i++)
        settle(-1, ERROR_TIMEOUT, 30000);
    ck_assert_uint_ge(partition->batch_max, 1);
    ck_assert_uint_le(partition->batch_max, 16);
    ck_assert(!partition->halted);
}
END_TEST

/* Halved and doubled it is not the number that it began with: it ends at the bound all the same. */
START_TEST(none_is_made_larger_than_a_batch_may_be)
{
    for (int i = 0; i < 64; i++)
        settle(1, 0, 5000);
    for (int i = 0; i < 64; i++) {
        settle(1, 0, 5);
        ck_assert_uint_le(partition->batch_max, ALERT_BATCH_MAX);
    }
    ck_assert_uint_eq(partition->batch_max, ALERT_BATCH_MAX);
}
END_TEST

CHECK_MAIN_WITH("kafka_partition", set_up, tear_down, what_takes_long_is_made_smaller,
                what_takes_too_long_to_be_kept_is_made_smaller,
                none_is_made_larger_than_a_batch_may_be)
