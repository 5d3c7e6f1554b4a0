/* storey: rules - a pattern and a text, with a line end between: the pattern compiles or says why
 * not, both ways of searching agree, a program stays below its cap, and a search below its steps.
 */
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/regex/cel_regex.h"

#define TABLE_MAX 150 /* instructions of a program whose table is tried: more take ms */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(const char *pattern, size_t length, const char *text, size_t text_length,
                   struct cel_arena *arena)
{
    uint64_t steps = CEL_REGEX_STEPS_MAX, most = UINT64_MAX, left = most;
    struct error err = {0};
    const struct cel_regex *regex = cel_regex_compile(arena, pattern, length, &steps, &err);
    int walked, looked_up;

    if (!regex) {
        if (err.code != ERROR_INVALID || err.text[0] == '\0')
            __builtin_trap();
        return;
    }
    if (cel_regex_size(regex) > CEL_REGEX_PROGRAM_MAX)
        __builtin_trap();
    walked = cel_regex_search(regex, text, text_length, arena, &left);
    if (most - left > cel_regex_steps(cel_regex_size(regex), text_length))
        __builtin_trap();
    if (cel_regex_size(regex) > TABLE_MAX)
        return;
    looked_up = cel_regex_search(cel_regex_quicken(regex, arena), text, text_length, arena, &left);
    if (walked >= 0 && looked_up >= 0 && walked != looked_up)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *pattern = (const char *)data;
    const char *text = size ? memchr(pattern, '\n', size) : NULL;
    size_t length = text ? (size_t)(text - pattern) : size;
    struct cel_arena *arena = cel_arena_create(4 << 20);

    if (arena)
        search(pattern, length, text ? text + 1 : "", text ? size - length - 1 : 0, arena);
    cel_arena_destroy(arena);
    return 0;
}
