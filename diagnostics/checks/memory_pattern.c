/* memory_pattern.c - see memory_pattern.h. The words are volatile: the compiler may not skip the
 * reading back of what it has just written.
 */
#include "diagnostics/checks/memory_pattern.h"

static uint64_t value(unsigned pattern, size_t index)
{
    static const uint64_t FIXED[] = {0, UINT64_MAX, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa};

    if (pattern < 4)
        return FIXED[pattern];
    return pattern == 4 ? index * sizeof(uint64_t) : ~(uint64_t)(index * sizeof(uint64_t));
}

void memory_pattern_fill(unsigned pattern, volatile uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        words[i] = value(pattern, i);
}

int memory_pattern_verify(unsigned pattern, const volatile uint64_t *words, size_t count,
                          struct memory_fault *ret_fault)
{
    struct memory_fault fault = {.count = 0};

    for (size_t i = 0; i < count; i++) {
        uint64_t found = words[i], expected = value(pattern, i);

        if (found == expected)
            continue;
        if (fault.count++ == 0) {
            fault.offset = i * sizeof(uint64_t);
            fault.expected = expected;
            fault.found = found;
        }
    }
    if (fault.count == 0)
        return 0;
    *ret_fault = fault;
    return 1;
}
