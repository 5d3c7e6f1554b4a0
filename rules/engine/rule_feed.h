/* rule_feed.h - what a test feeds, one happening at a time: repetitions and sets unrolled, in the
 * order of time, and of the file where it is the same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct rule_fleet;
struct rule_test;
struct rule_test_entry;

#define RULE_FEED_MAX 1000000 /* happenings of one test */

struct rule_fed {
    int64_t at_us; /* since 1970 */
    const struct rule_test_entry *entry;
    size_t machine; /* of an event or a task; RULE_FLEET_NONE: the test has none of this name */
};

/* The caller's, free(). -1: more than RULE_FEED_MAX, or out of memory. */
int rule_feed_unroll(const struct rule_test *test, const struct rule_fleet *fleet,
                     struct rule_fed **ret, size_t *ret_count, struct error *err);
