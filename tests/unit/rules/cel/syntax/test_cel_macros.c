/* Macros: what they refuse, and the trees that they stand for. */
#include "rules/cel/syntax/cel_macros.h"

#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"
#include "tests/support/cel_tree_line.h"
#include "tests/support/check_main.h"

static struct cel_env *env;
static struct cel_arena *arena;
static struct cel_issues issues;

static void before(void)
{
    env = cel_env_create(cel_libraries, NULL);
    arena = cel_arena_create(CEL_TREE_BYTES);
}

static void after(void)
{
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    cel_env_destroy(env);
}

static void becomes(const char *source, const char *line)
{
    struct cel_node *tree;
    char *text;

    cel_issues_clear(&issues);
    cel_arena_reset(arena);
    tree = cel_parse(env, source, strlen(source), arena, &issues);
    ck_assert_msg(tree != NULL, "%s: %s", source, issues.items[0].message);
    text = cel_tree_line(tree);
    ck_assert_str_eq(text, line);
    free(text);
}

START_TEST(wrong_arguments_are_named)
{
    static const struct {
        const char *source;
        unsigned column;
        const char *says;
    } cases[] = {
        {"has(a)", 5, "has() asks for a field; has is written has(value.field)"},
        {"has('a')", 5, "asks for a field"},
        {"has(has(a.b))", 11, "asks for a field"},
        {"has(a[0])", 6, "asks for a field"},
        {"has()", 1, "wrong number of arguments"},
        {"has(a.b, c)", 1, "wrong number of arguments"},
        {"a.all(x)", 3, "wrong number of arguments; all is written list.all(x, condition)"},
        {"a.all(1, x)", 7, "a variable is a plain name"},
        {"a.all(.x, x)", 7, "a variable is a plain name"},
        {"a.all(x.y, x)", 9, "a variable is a plain name"},
        {"a.exists(x, 1, x)", 13, "a variable is a plain name"},
        {"a.exists(x, x, x)", 13, "two variables have two names"},
        {"a.exists_one()", 3, "wrong number"},
        {"a.existsOne('x', x)", 13, "a variable is a plain name"},
        {"a.map(x)", 3, "wrong number"},
        {"a.map(f(x), x)", 7, "a variable is a plain name"},
        {"a.filter(x, x, x)", 3, "wrong number"},
        {"a.filter([x], x)", 10, "a variable is a plain name"},
        {"a.transformList(x, x)", 3, "wrong number"},
        {"a.transformMap(k, k, k)", 19, "two names"},
        {"a.transformMapEntry(k, 1, k)", 24, "a variable is a plain name"},
        {"a.optMap(1, 2)", 10, "a variable is a plain name"},
        {"a.optFlatMap(x)", 3, "wrong number"},
        {"cel.bind(a.b, 1, 2)", 12, "a variable is a plain name"},
        {"cel.bind(a, 1)", 5, "wrong number"},
        {"cel.block(a, b)", 11, "are a list"},
        {"cel.block([?a], b)", 11, "not optional"},
        {"cel.index(a)", 5, "a number from 0"},
        {"cel.index(-1)", 5, "a number from 0"},
        {"cel.iterVar(0, 'a')", 5, "numbers from 0"},
        {"cel.accuVar(10000, 0)", 5, "numbers from 0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cel_issues_clear(&issues);
        cel_arena_reset(arena);
        ck_assert_msg(!cel_parse(env, cases[i].source, strlen(cases[i].source), arena, &issues),
                      "%s", cases[i].source);
        ck_assert_uint_eq(issues.count, 1);
        ck_assert_msg(strstr(issues.items[0].message, cases[i].says), "%s: %s", cases[i].source,
                      issues.items[0].message);
        ck_assert_msg(issues.items[0].column == cases[i].column, "%s: %u", cases[i].source,
                      issues.items[0].column);
    }
}
END_TEST

START_TEST(names_without_their_form_are_functions)
{
    becomes("all(x, y)", "all(x, y)");
    becomes("a.has(b.c)", "a.has(b.c)");
    becomes("a.bind(x, 1, 2)", "a.bind(x, 1, 2)");
    becomes("a.map", "a.map");
    ck_assert_int_eq(cel_env_declare_function(env, "filter", "string.() -> bool", NULL), 0);
    becomes("a.filter()", "a.filter()");
}
END_TEST

START_TEST(has_tests_a_field)
{
    becomes("has(a.b.c)", "has a.b.c");
    becomes("has(a.?b.c)", "has _?._(a, 'b').c");
}
END_TEST

START_TEST(quantifiers)
{
    becomes("a.all(x, p)", "fold(x in a; @result = true; @not_strictly_false(@result); "
                           "_&&_(@result, p); @result)");
    becomes("a.all(i, x, p)", "fold(i, x in a; @result = true; @not_strictly_false(@result); "
                              "_&&_(@result, p); @result)");
    becomes("a.exists(x, p)", "fold(x in a; @result = false; @not_strictly_false(!_(@result)); "
                              "_||_(@result, p); @result)");
    becomes("a.exists_one(x, p)", "fold(x in a; @result = 0; true; "
                                  "_?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))");
    becomes("a.existsOne(k, v, p)", "fold(k, v in a; @result = 0; true; "
                                    "_?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))");
}
END_TEST

START_TEST(lists_and_maps_from_others)
{
    becomes("a.map(x, t)", "fold(x in a; @result = []; true; _+_(@result, [t]); @result)");
    becomes("a.map(x, p, t)", "fold(x in a; @result = []; true; "
                              "_?_:_(p, _+_(@result, [t]), @result); @result)");
    becomes("a.filter(x, p)", "fold(x in a; @result = []; true; "
                              "_?_:_(p, _+_(@result, [x]), @result); @result)");
    becomes("a.transformList(i, x, p, t)", "fold(i, x in a; @result = []; true; "
                                           "_?_:_(p, _+_(@result, [t]), @result); @result)");
    becomes("a.transformMap(k, v, t)", "fold(k, v in a; @result = {}; true; "
                                       "@map_insert(@result, k, t); @result)");
    becomes("a.transformMapEntry(k, v, p, e)", "fold(k, v in a; @result = {}; true; "
                                               "_?_:_(p, @map_insert(@result, e), @result); "
                                               "@result)");
}
END_TEST

START_TEST(names_for_values)
{
    becomes("cel.bind(x, v, x + x)", "fold(@unused in []; x = v; false; x; _+_(x, x))");
    becomes("o.optMap(x, t)",
            "fold(@unused in []; @optional = o; false; @optional; _?_:_(@optional.hasValue(), "
            "optional.of(fold(@unused in []; x = @optional.value(); false; x; t)), "
            "optional.none()))");
    becomes("o.optFlatMap(x, t)",
            "fold(@unused in []; @optional = o; false; @optional; _?_:_(@optional.hasValue(), "
            "fold(@unused in []; x = @optional.value(); false; x; t), optional.none()))");
    becomes("cel.block([a, cel.index(0)], cel.index(1))",
            "fold(@unused in []; @index0 = a; false; @index0; "
            "fold(@unused in []; @index1 = @index0; false; @index1; @index1))");
    becomes("cel.block([], 1)", "1");
    becomes("a.map(cel.iterVar(0, 1), cel.accuVar(1, 0))",
            "fold(@it:0:1 in a; @result = []; true; _+_(@result, [@ac:1:0]); @result)");
}
END_TEST

CHECK_MAIN_WITH("cel_macros", before, after, wrong_arguments_are_named,
                names_without_their_form_are_functions, has_tests_a_field, quantifiers,
                lists_and_maps_from_others, names_for_values)
