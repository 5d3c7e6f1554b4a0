/* What matches() costs is what it does: a pattern made ready and run, in steps that are counted. */
#include <string.h>

#include "rules/cel/regex/cel_regex.h"
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

#define VARS_MAX 8192
#define NODES 32 /* more than the expression has */

static const char SOURCE[] = "text.matches(pattern)";

static void open(struct cel_test *test, const char *text, const char *pattern)
{
    char vars[VARS_MAX];
    json_t *json = json_pack("{ss ss}", "text", text, "pattern", pattern);
    char *written = json_dumps(json, 0);

    snprintf(vars, sizeof(vars), "%s", written);
    free(written);
    json_decref(json);
    cel_test_open(test, vars);
}

static struct cel_value spend(const char *text, const char *pattern, uint64_t budget,
                              uint64_t *ret_spent, char words[CEL_TEST_ANSWER])
{
    struct cel_issues issues = {0};
    struct cel_program *program;
    struct cel_value value;
    struct cel_test test;
    struct cel_run run;

    open(&test, text, pattern);
    program = cel_test_compile(&test, SOURCE, true, &issues);
    ck_assert_ptr_nonnull(program);
    run = (struct cel_run){.slots = test.slots, .arena = test.arena, .budget = budget};
    value = cel_program_run(program, &run);
    snprintf(words, CEL_TEST_ANSWER, "%s", value.kind == CEL_ERROR ? value.text : "");
    *ret_spent = budget - run.budget;
    cel_program_destroy(program);
    cel_test_close(&test);
    return value;
}

/* Steps of the same, done here. */
static uint64_t work(const char *text, const char *pattern)
{
    struct cel_arena *arena = cel_arena_create(1 << 24);
    uint64_t compile = CEL_REGEX_STEPS_MAX, search = UINT64_MAX;
    const struct cel_regex *regex =
        cel_regex_compile(arena, pattern, strlen(pattern), &compile, NULL);

    if (regex)
        cel_regex_search(regex, text, strlen(text), arena, &search);
    cel_arena_destroy(arena);
    return CEL_REGEX_STEPS_MAX - compile + UINT64_MAX - search;
}

START_TEST(a_pattern_from_the_data_costs_what_it_does)
{
    static const char *const patterns[] = {
        "a",         "(a*)*b",   "(?:a?){100}a{100}b",        "\\pL\\pN", "(?i)[^\\pL]*",
        "(?:){900}", "(a|b){9}", "[^\\x00-\\x{10FFFF}]{900}", "a(",       "a{1000}{",
    };
    char text[2001] = {0}, words[CEL_TEST_ANSWER];
    uint64_t spent;

    memset(text, 'a', sizeof(text) - 1);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        uint64_t steps = work(text, patterns[i]);

        spend(text, patterns[i], UINT32_MAX, &spent, words);
        ck_assert_msg(spent + 1 >= steps / CEL_REGEX_COST_STEPS &&
                          spent <= steps / CEL_REGEX_COST_STEPS + NODES,
                      "%s: %llu spent for %llu steps", patterns[i], (unsigned long long)spent,
                      (unsigned long long)steps);
    }
}
END_TEST

START_TEST(what_makes_nothing_ends_too)
{
    char words[CEL_TEST_ANSWER];
    uint64_t spent;

    spend("a", "([^\\x00-\\x{10FFFF}]{1000}){16}", CEL_BUDGET_DEFAULT, &spent, words);
    ck_assert_msg(strstr(words, "more time than there is"), "%s", words);
    ck_assert_uint_ge(spent, CEL_REGEX_STEPS_MAX / CEL_REGEX_COST_STEPS);
}
END_TEST

START_TEST(neither_making_nor_running_goes_past_the_budget)
{
    char text[2001] = {0}, words[CEL_TEST_ANSWER];
    static const char pattern[] = "(?:a?){100}a{100}b";
    uint64_t all, spent;

    memset(text, 'a', sizeof(text) - 1);
    ck_assert_int_eq(spend(text, pattern, UINT32_MAX, &all, words).kind, CEL_BOOL);
    for (uint64_t budget = 10; budget < all; budget += all / 23) {
        spend(text, pattern, budget, &spent, words);
        ck_assert_msg(strstr(words, "over budget"), "%llu: %s", (unsigned long long)budget, words);
        ck_assert_uint_eq(spent, budget);
    }
    ck_assert_int_eq(spend(text, pattern, all + 1, &spent, words).kind, CEL_BOOL);
}
END_TEST

CHECK_MAIN("cel_texts", a_pattern_from_the_data_costs_what_it_does, what_makes_nothing_ends_too,
           neither_making_nor_running_goes_past_the_budget)
