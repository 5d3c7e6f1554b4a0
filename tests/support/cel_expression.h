/* cel_expression.h - an expression evaluated in one line of a test. Variables come as one JSON
 * object and are of any type; answers are the proto-JSON form without blanks, as
 * rules/cel/cel_json.h writes it. Unchecked:
 *   cel_gives("a + 1", "{\"a\": 1}", "{\"int64Value\":\"2\"}");
 *   cel_fails_at("1 / a", "{\"a\": 0}", 2, "divided by zero");
 * Checked, as rules are, and in less memory: what holds, and what is refused or fails:
 *   cel_holds("'abc'.charAt(1) == 'b'");
 *   cel_fails("'abc'.charAt(9)", "index out of range");
 */
#pragma once

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_program.h"

#define CEL_TEST_ANSWER 4096
#define CEL_TEST_MEMORY (1 << 24)

struct cel_test {
    struct cel_env *env;
    struct cel_arena *arena;
    struct cel_value slots[CEL_VARIABLES_MAX];
    json_t *vars;
    uint64_t budget;
};

static inline void cel_test_open_in(struct cel_test *test, const char *vars, size_t memory)
{
    struct error err = {0};
    const char *name;
    json_t *value;

    *test = (struct cel_test){.env = cel_env_create(cel_libraries, &err),
                              .arena = cel_arena_create(memory)};
    ck_assert_msg(test->env, "%s", error_text(&err));
    test->budget = CEL_BUDGET_DEFAULT;
    test->vars = json_loads(vars ? vars : "{}", 0, NULL);
    ck_assert_ptr_nonnull(test->vars);
    json_object_foreach(test->vars, name, value)
    {
        int slot;

        ck_assert_msg(cel_env_declare(test->env, name, "dyn", &slot, &err) == 0, "%s",
                      error_text(&err));
        test->slots[slot] = cel_json_value(test->arena, value);
    }
}

static inline void cel_test_open(struct cel_test *test, const char *vars)
{
    cel_test_open_in(test, vars, CEL_TEST_MEMORY);
}

static inline void cel_test_close(struct cel_test *test)
{
    cel_env_destroy(test->env);
    cel_arena_destroy(test->arena);
    json_decref(test->vars);
}

/* NULL: 'issues' says why. */
static inline struct cel_program *cel_test_compile(struct cel_test *test, const char *source,
                                                   bool checked, struct cel_issues *issues)
{
    struct cel_options options = {.unchecked = !checked};

    return cel_program_compile(test->env, source, strlen(source), &options, issues);
}

static inline struct cel_value cel_test_run(struct cel_test *test,
                                            const struct cel_program *program)
{
    struct cel_run run = {.slots = test->slots, .arena = test->arena, .budget = test->budget};

    return cel_program_run(program, &run);
}

/* "error at N: why", "line:column: issue" or the value. */
static inline void cel_test_tell(struct cel_test *test, const char *source, bool checked,
                                 char answer[CEL_TEST_ANSWER])
{
    struct cel_issues issues = {0};
    struct cel_program *program = cel_test_compile(test, source, checked, &issues);
    struct error err = {0};
    struct cel_value value;

    if (!program) {
        cel_issues_error(&issues, &err);
        snprintf(answer, CEL_TEST_ANSWER, "%s", error_text(&err));
    } else if ((value = cel_test_run(test, program)).kind == CEL_ERROR) {
        snprintf(answer, CEL_TEST_ANSWER, "error at %u: %s", value.extra, value.text);
    } else {
        json_t *json = cel_json_write(value);
        char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

        snprintf(answer, CEL_TEST_ANSWER, "%s", text ? text : "no form as JSON");
        free(text);
        json_decref(json);
    }
    cel_program_destroy(program);
    cel_issues_clear(&issues);
}

static inline void cel_test_answer(const char *source, const char *vars, bool checked,
                                   char answer[CEL_TEST_ANSWER])
{
    struct cel_test test;

    cel_test_open(&test, vars);
    cel_test_tell(&test, source, checked, answer);
    cel_test_close(&test);
}

/* Checked, with a budget and a cap in bytes. */
static inline void cel_test_limited(const char *source, uint64_t budget, size_t memory,
                                    char answer[CEL_TEST_ANSWER])
{
    struct cel_test test;

    cel_test_open_in(&test, NULL, memory);
    test.budget = budget;
    cel_test_tell(&test, source, true, answer);
    cel_test_close(&test);
}

static inline void cel_gives(const char *source, const char *vars, const char *expected)
{
    char answer[CEL_TEST_ANSWER];

    cel_test_answer(source, vars, false, answer);
    ck_assert_msg(strcmp(answer, expected) == 0, "%s: expected %s, not %s", source, expected,
                  answer);
}

static inline void cel_is_true(const char *source)
{
    cel_gives(source, NULL, "{\"boolValue\":true}");
}

static inline void cel_is_false(const char *source)
{
    cel_gives(source, NULL, "{\"boolValue\":false}");
}

/* The error's place, and words that it has. */
static inline void cel_fails_at(const char *source, const char *vars, unsigned offset,
                                const char *words)
{
    char answer[CEL_TEST_ANSWER], place[32];

    snprintf(place, sizeof(place), "error at %u: ", offset);
    cel_test_answer(source, vars, false, answer);
    ck_assert_msg(strncmp(answer, place, strlen(place)) == 0 && strstr(answer, words),
                  "%s: expected %s...%s, not %s", source, place, words, answer);
}

#define CEL_TEST_FEW_BYTES (1 << 20)
#define CEL_TEST_TRUE "{\"boolValue\":true}"

static inline void cel_holds(const char *source)
{
    char answer[CEL_TEST_ANSWER];

    cel_test_limited(source, CEL_BUDGET_DEFAULT, CEL_TEST_FEW_BYTES, answer);
    ck_assert_msg(strcmp(answer, CEL_TEST_TRUE) == 0, "%s: %s", source, answer);
}

/* The words are looked for in what the checker says, or the run. */
static inline void cel_fails(const char *source, const char *words)
{
    char answer[CEL_TEST_ANSWER];

    cel_test_limited(source, CEL_BUDGET_DEFAULT, CEL_TEST_FEW_BYTES, answer);
    ck_assert_msg(answer[0] != '{' && strstr(answer, words) != NULL, "%s: '%s' is not in '%s'",
                  source, words, answer);
}
