/* cel_expect.h - expressions in unit tests: what holds, and what fails with which words.
 *   cel_holds("'abc'.charAt(1) == 'b'");
 *   cel_fails("'abc'.charAt(9)", "index out of range");
 * The words of an error are looked for in what the checker says and in what the run says.
 */
#pragma once

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_program.h"

#define CEL_EXPECT_TEXT 1024

/* "true", "false", "error: ..." or the name of another kind. */
static inline void cel_expect_run(const char *expression, uint64_t budget, size_t arena_cap,
                                  char out[CEL_EXPECT_TEXT])
{
    struct error err = {0};
    struct cel_env *env = cel_env_create(cel_libraries, &err);
    struct cel_issues issues = {0};
    struct cel_arena *arena = cel_arena_create(arena_cap);
    struct cel_run run = {.arena = arena, .budget = budget};
    struct cel_program *program;
    struct cel_value value;

    ck_assert_msg(env != NULL, "%s", error_text(&err));
    program = cel_program_compile(env, expression, strlen(expression), NULL, &issues);
    if (program) {
        value = cel_program_run(program, &run);
        if (value.kind == CEL_ERROR)
            snprintf(out, CEL_EXPECT_TEXT, "error: %s", value.text);
        else if (value.kind == CEL_BOOL)
            snprintf(out, CEL_EXPECT_TEXT, "%s", value.boolean ? "true" : "false");
        else
            snprintf(out, CEL_EXPECT_TEXT, "%s", cel_kind_name((enum cel_kind)value.kind));
    } else {
        cel_issues_error(&issues, &err);
        snprintf(out, CEL_EXPECT_TEXT, "error: %s", error_text(&err));
    }
    cel_program_destroy(program);
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    cel_env_destroy(env);
}

static inline void cel_holds(const char *expression)
{
    char out[CEL_EXPECT_TEXT];

    cel_expect_run(expression, CEL_BUDGET_DEFAULT, 1 << 20, out);
    ck_assert_msg(strcmp(out, "true") == 0, "%s: %s", expression, out);
}

static inline void cel_fails(const char *expression, const char *part)
{
    char out[CEL_EXPECT_TEXT];

    cel_expect_run(expression, CEL_BUDGET_DEFAULT, 1 << 20, out);
    ck_assert_msg(strncmp(out, "error: ", 7) == 0 && strstr(out, part) != NULL,
                  "%s: '%s' is not in '%s'", expression, part, out);
}
