/* cel_texts.c - contains, startsWith, endsWith and matches. */
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"
#include "rules/cel/regex/cel_regex.h"

#define COMPILED_UNIT 8 /* bytes of a program, and of what it was made from, that cost 1 */

CEL_FUNCTION(cel_contains)
{
    (void)run;
    (void)count;
    return cel_bool(memmem(args[0].text, args[0].extra, args[1].text, args[1].extra) != NULL);
}

CEL_FUNCTION(cel_starts_with)
{
    (void)run;
    (void)count;
    return cel_bool(args[1].extra <= args[0].extra &&
                    memcmp(args[0].text, args[1].text, args[1].extra) == 0);
}

CEL_FUNCTION(cel_ends_with)
{
    (void)run;
    (void)count;
    return cel_bool(
        args[1].extra <= args[0].extra &&
        memcmp(args[0].text + args[0].extra - args[1].extra, args[1].text, args[1].extra) == 0);
}

struct cel_value cel_matches_compiled(struct cel_run *run, const struct cel_regex *regex,
                                      struct cel_value text)
{
    /* A character is looked at once by each instruction, at worst: 16 of them count as one. */
    if (!cel_run_spend(run, (uint64_t)text.extra * cel_regex_size(regex) / 16))
        return cel_over_budget();
    switch (cel_regex_search(regex, text.text, text.extra, run->arena)) {
    case 1:
        return cel_bool(true);
    case 0:
        return cel_bool(false);
    default:
        return cel_out_of_memory();
    }
}

CEL_FUNCTION(cel_matches)
{
    struct error err = {0};
    size_t before = cel_arena_used(run->arena);
    const struct cel_regex *regex;
    uint64_t cost;

    (void)count;
    regex = cel_regex_compile(run->arena, args[1].text, args[1].extra, &err);
    /* A few bytes may unroll into a program of the largest size: what it took says what it cost. */
    cost = (cel_arena_used(run->arena) - before) / COMPILED_UNIT;
    if (!cel_run_spend(run, cost < CEL_REGEX_COST_MAX ? cost : CEL_REGEX_COST_MAX))
        return cel_over_budget();
    if (!regex)
        return cel_error_format(run->arena, "matches: %s", error_text(&err));
    return cel_matches_compiled(run, regex, args[0]);
}
