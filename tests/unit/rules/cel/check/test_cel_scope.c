/* Which nodes are dotted names, and which variable hides which. */
#include "rules/cel/check/cel_scope.h"

#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"
#include "tests/support/check_main.h"

static struct cel_env *env;
static struct cel_arena *arena;

static void before(void)
{
    env = cel_env_create(cel_libraries, NULL);
    arena = cel_arena_create(CEL_TREE_BYTES);
}

static void after(void)
{
    cel_arena_destroy(arena);
    cel_env_destroy(env);
}

/* NULL: no dotted name. */
static const char *dotted(const struct cel_scope *scope, const char *source)
{
    static char name[CEL_DOTTED_MAX];
    struct cel_issues issues = {0};
    const struct cel_node *tree = cel_parse(env, source, strlen(source), arena, &issues);

    ck_assert_msg(tree != NULL, "%s", source);
    return cel_scope_dotted(scope, tree, name) ? name : NULL;
}

START_TEST(what_is_more_than_names_is_none)
{
    static const char *const sources[] = {"1",       "f()",          "a[0].b",     "a.f().b",
                                          "a.`b.c`", "a.`b-c`.d",    "has(a.b).c", "[a].b",
                                          "a.?b",    "has(a.`b c`)", "'a'.b"};

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        ck_assert_msg(!dotted(NULL, sources[i]), "%s", sources[i]);
}
END_TEST

START_TEST(names_are_written_out)
{
    ck_assert_str_eq(dotted(NULL, "a"), "a");
    ck_assert_str_eq(dotted(NULL, "a.b.if"), "a.b.if");
    ck_assert_str_eq(dotted(NULL, ".a.b"), ".a.b");
    ck_assert_str_eq(dotted(NULL, "has(a.b.c)"), "a.b.c");
    ck_assert_str_eq(dotted(NULL, "a.`b`"), "a.b");
}
END_TEST

START_TEST(a_variable_is_hidden_by_the_inner_one)
{
    struct cel_scope outer = {.name = "x"}, middle = {.outer = &outer, .name = "y"};
    struct cel_scope inner = {.outer = &middle, .name = "x"};

    ck_assert_ptr_eq(cel_scope_find(&inner, "x"), &inner);
    ck_assert_ptr_eq(cel_scope_find(&middle, "x"), &outer);
    ck_assert_ptr_null(cel_scope_find(&inner, "z"));
    ck_assert_ptr_null(cel_scope_find(NULL, "x"));
    ck_assert_ptr_null(dotted(&inner, "y.z"));
    ck_assert_str_eq(dotted(&inner, ".y.z"), ".y.z");
    ck_assert_str_eq(dotted(&inner, "yy.z"), "yy.z");
}
END_TEST

CHECK_MAIN_WITH("cel_scope", before, after, what_is_more_than_names_is_none, names_are_written_out,
                a_variable_is_hidden_by_the_inner_one)
