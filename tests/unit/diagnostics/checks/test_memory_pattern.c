/* memory_pattern: one flipped bit is found in every pattern. */
#include "diagnostics/checks/memory_pattern.h"
#include "tests/support/check_main.h"

#define WORDS 4096

static uint64_t words[WORDS];

START_TEST(sound_memory_passes)
{
    struct memory_fault fault;

    for (unsigned i = 0; i < MEMORY_PATTERNS; i++) {
        memory_pattern_fill(i, words, WORDS);
        ck_assert_int_eq(memory_pattern_verify(i, words, WORDS, &fault), 0);
    }
}
END_TEST

START_TEST(a_flipped_bit_is_found_where_it_is)
{
    for (unsigned i = 0; i < MEMORY_PATTERNS; i++) {
        struct memory_fault fault = {.count = 0};

        memory_pattern_fill(i, words, WORDS);
        words[1234] ^= 1ULL << 37;
        words[4000] ^= 1;
        ck_assert_int_eq(memory_pattern_verify(i, words, WORDS, &fault), 1);
        ck_assert_uint_eq(fault.offset, 1234 * sizeof(uint64_t));
        ck_assert_uint_eq(fault.expected ^ fault.found, 1ULL << 37);
        ck_assert_uint_eq(fault.count, 2);
    }
}
END_TEST

START_TEST(every_bit_is_tried_both_ways_and_addresses_differ)
{
    uint64_t ones = 0, zeros = 0;
    struct memory_fault fault;

    for (unsigned i = 0; i < MEMORY_PATTERNS; i++) {
        memory_pattern_fill(i, words, WORDS);
        ones |= words[7];
        zeros |= ~words[7];
    }
    ck_assert_uint_eq(ones, UINT64_MAX);
    ck_assert_uint_eq(zeros, UINT64_MAX);
    /* An address line stuck at one value makes two places the same. */
    memory_pattern_fill(4, words, WORDS);
    words[8] = words[8 + 1024];
    ck_assert_int_eq(memory_pattern_verify(4, words, WORDS, &fault), 1);
}
END_TEST

CHECK_MAIN("memory_pattern", sound_memory_passes, a_flipped_bit_is_found_where_it_is,
           every_bit_is_tried_both_ways_and_addresses_differ)
