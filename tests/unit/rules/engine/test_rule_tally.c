/* Tallies: kept in the order of time, written and read as they are, bounded by merging neighbours.
 */
#include <string.h>

#include "common/error.h"
#include "rules/engine/rule_states.h"
#include "rules/engine/rule_tally.h"
#include "tests/support/check_main.h"

static struct error err;

START_TEST(entries_stand_in_the_order_of_time)
{
    struct rule_tally tally;

    rule_tally_begin(&tally);
    rule_tally_add(&tally, 20, 2);
    rule_tally_add(&tally, 10, 1);
    rule_tally_add(&tally, 30, 3);
    rule_tally_add(&tally, 20, 4);
    ck_assert_uint_eq(tally.count, 4);
    ck_assert_int_eq(tally.entries[0].time_us, 10);
    ck_assert(tally.entries[1].amount == 2 && tally.entries[2].amount == 4);
    ck_assert_int_eq(tally.newest_us, 30);
    rule_tally_remove(&tally, 20, 30);
    ck_assert_uint_eq(tally.count, 2);
    rule_tally_remove(&tally, INT64_MIN, INT64_MAX);
    ck_assert_uint_eq(tally.count, 0);
    ck_assert_int_eq(tally.newest_us, 30);
}
END_TEST

START_TEST(what_is_written_is_read)
{
    unsigned char bytes[RULE_TALLY_BYTES_MAX], again[RULE_TALLY_BYTES_MAX];
    struct rule_tally tally, read;
    size_t length;

    rule_tally_begin(&tally);
    length = rule_tally_write(&tally, bytes);
    ck_assert_uint_eq(length, RULE_TALLY_HEAD);
    for (int i = 0; i < RULE_TALLY_MAX; i++)
        rule_tally_add(&tally, -1000 + i, i * 0.5);
    length = rule_tally_write(&tally, bytes);
    ck_assert_uint_eq(length, RULE_TALLY_BYTES_MAX);
    ck_assert_uint_le(length, RULE_STATE_VALUE_MAX);
    ck_assert_int_eq(rule_tally_read(&read, bytes, length, &err), 0);
    ck_assert_uint_eq(rule_tally_write(&read, again), length);
    ck_assert_mem_eq(bytes, again, length);
}
END_TEST

START_TEST(bytes_of_no_tally_are_refused)
{
    unsigned char bytes[RULE_TALLY_BYTES_MAX];
    struct rule_tally tally;
    size_t length;

    rule_tally_begin(&tally);
    rule_tally_add(&tally, 10, 1);
    rule_tally_add(&tally, 20, 1);
    length = rule_tally_write(&tally, bytes);
    ck_assert_int_eq(rule_tally_read(&tally, bytes, length - 1, &err), -1);
    ck_assert_int_eq(rule_tally_read(&tally, bytes, 0, &err), -1);
    bytes[RULE_TALLY_HEAD + 7] = 21; /* the first behind the second */
    ck_assert_int_eq(rule_tally_read(&tally, bytes, length, &err), -1);
    bytes[RULE_TALLY_HEAD + 7] = 10;
    ck_assert_int_eq(rule_tally_read(&tally, bytes, length, &err), 0);
    memset(bytes + RULE_TALLY_HEAD + 8, 0xff, 8); /* NaN */
    ck_assert_int_eq(rule_tally_read(&tally, bytes, length, &err), -1);
    memset(bytes + RULE_TALLY_HEAD + 8, 0, 8);
    memset(bytes + RULE_TALLY_HEAD + 16, 0, 4); /* an entry of no alert */
    ck_assert_int_eq(rule_tally_read(&tally, bytes, length, &err), -1);
    /* The newest was never: right by itself, a second later it is no time at all. */
    memcpy(bytes, "\x80\0\0\0\0\0\0", 8);
    ck_assert_int_eq(rule_tally_read(&tally, bytes, RULE_TALLY_HEAD, &err), 0);
    bytes[7] = 1;
    ck_assert_int_eq(rule_tally_read(&tally, bytes, RULE_TALLY_HEAD, &err), -1);
}
END_TEST

START_TEST(neighbours_merge_when_there_are_too_many)
{
    struct rule_tally tally;
    double sum = 0;
    uint64_t count = 0;

    rule_tally_begin(&tally);
    for (int i = 0; i < 10000; i++)
        rule_tally_add(&tally, i * 1000, 2);
    ck_assert_uint_eq(tally.count, RULE_TALLY_MAX);
    for (size_t i = 0; i < tally.count; i++) {
        sum += tally.entries[i].amount;
        count += tally.entries[i].count;
        ck_assert(i == 0 || tally.entries[i].time_us > tally.entries[i - 1].time_us);
    }
    ck_assert(sum == 20000);
    ck_assert_uint_eq(count, 10000);
    /* As of the later: nothing is counted as older than it is. */
    ck_assert_int_eq(tally.entries[tally.count - 1].time_us, 9999000);
}
END_TEST

START_TEST(a_busy_window_is_nearly_exact)
{
    struct rule_tally tally;
    double sum = 0;

    rule_tally_begin(&tally);
    for (int i = 0; i < 50000; i++) {
        rule_tally_add(&tally, i * 1000, 1);
        rule_tally_remove(&tally, INT64_MIN, (i - 5000) * 1000 + 1);
    }
    for (size_t i = 0; i < tally.count; i++)
        sum += tally.entries[i].amount;
    ck_assert_msg(sum >= 5000 && sum <= 5000 * 1.03, "%g alerts in a window of 5000", sum);
}
END_TEST

CHECK_MAIN("rule_tally", a_busy_window_is_nearly_exact, entries_stand_in_the_order_of_time,
           what_is_written_is_read, bytes_of_no_tally_are_refused,
           neighbours_merge_when_there_are_too_many)
