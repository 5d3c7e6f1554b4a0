/* memory_pattern.h - write patterns over a block of memory, read them back. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MEMORY_PATTERNS 6

struct memory_fault {
    size_t offset; /* of the first wrong 64-bit word */
    uint64_t expected, found;
    size_t count; /* wrong words in this pass */
};

/* Pass 'pattern' (0 to MEMORY_PATTERNS - 1): all zeros, all ones, both chequers, each word its own
 * offset, and the offset's complement. */
void memory_pattern_fill(unsigned pattern, volatile uint64_t *words, size_t count);
/* 0: as filled. 1: 'ret_fault' is set. */
int memory_pattern_verify(unsigned pattern, const volatile uint64_t *words, size_t count,
                          struct memory_fault *ret_fault);
