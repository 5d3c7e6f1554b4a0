/* cel_texts.c - contains, startsWith, endsWith and matches. */
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"
#include "rules/cel/regex/cel_regex.h"

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

/* What the budget allows, in steps. */
static uint64_t steps_of(const struct cel_run *run)
{
    return run->budget < UINT64_MAX / CEL_REGEX_COST_STEPS ? run->budget * CEL_REGEX_COST_STEPS
                                                           : UINT64_MAX;
}

/* For what was done, also when it failed: 'left' of 'most' steps are. */
static bool pay(struct cel_run *run, uint64_t most, uint64_t left)
{
    return cel_run_spend(run, (most - left) / CEL_REGEX_COST_STEPS);
}

struct cel_value cel_matches_compiled(struct cel_run *run, const struct cel_regex *regex,
                                      struct cel_value text)
{
    uint64_t most = steps_of(run), left = most;
    int rc = cel_regex_search(regex, text.text, text.extra, run->arena, &left);

    if (!pay(run, most, left) || left == 0)
        return cel_over_budget();
    return rc < 0 ? cel_out_of_memory() : cel_bool(rc);
}

CEL_FUNCTION(cel_matches)
{
    uint64_t most = steps_of(run), left;
    const struct cel_regex *regex;
    struct error err = {0};

    (void)count;
    if (most > CEL_REGEX_STEPS_MAX)
        most = CEL_REGEX_STEPS_MAX;
    left = most;
    regex = cel_regex_compile(run->arena, args[1].text, args[1].extra, &left, &err);
    if (!pay(run, most, left) || (!regex && run->budget == 0))
        return cel_over_budget();
    if (!regex)
        return cel_error_format(run->arena, "matches: %s", error_text(&err));
    return cel_matches_compiled(run, regex, args[0]);
}
