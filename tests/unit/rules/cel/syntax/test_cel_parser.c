/* The parser: errors and where they stand, caps, precedence, every form of the syntax. */
#include <stdio.h>
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

static struct cel_node *parse_bytes(const char *source, size_t length)
{
    cel_issues_clear(&issues);
    cel_arena_reset(arena);
    return cel_parse(env, source, length, arena, &issues);
}

static struct cel_node *parse(const char *source)
{
    return parse_bytes(source, strlen(source));
}

static void parses_as(const char *source, const char *line)
{
    struct cel_node *tree = parse(source);
    char *text;

    ck_assert_msg(tree != NULL, "%s: %s", source, issues.items[0].message);
    text = cel_tree_line(tree);
    ck_assert_str_eq(text, line);
    free(text);
}

START_TEST(faults_have_a_place_and_words)
{
    static const struct {
        const char *source;
        unsigned line, column;
        const char *says;
    } cases[] = {
        {"", 1, 1, "found the end"},
        {"  // nothing", 1, 13, "found the end"},
        {"1 +", 1, 4, "expected an expression, found the end"},
        {"1 + 2\n3 +", 2, 1, "expected an operator or the end of the expression, found 3"},
        {"*a", 1, 1, "expected an expression, found *"},
        {"(a", 1, 3, "expected ')'"},
        {"f(a", 1, 4, "',' or ')'"},
        {"f(a,)", 1, 5, "found )"},
        {"[1 2]", 1, 4, "',' or ']'"},
        {"[,1]", 1, 3, "',' or ']'"},
        {"{a}", 1, 3, "':' behind the key"},
        {"{", 1, 2, "end"},
        {"{,a:1}", 1, 3, "',' or '}'"},
        {"a[1", 1, 4, "expected ']'"},
        {"a.", 1, 3, "a field's name"},
        {"a.true", 1, 3, "found true"},
        {"a.in", 1, 3, "found in"},
        {"a.1", 1, 2, "found .1"},
        {".", 1, 2, "a name behind '.'"},
        {"`a-b`", 1, 1, "expected an expression"},
        {"a.`b`()", 1, 6, "found ("},
        {"a.?b()", 1, 5, "found ("},
        {"a ? b", 1, 6, "expected ':'"},
        {"a ? b ? c : d : e", 1, 7, "expected ':'"},
        {"!-a", 1, 3, "a number behind '-'"},
        {"-!a", 1, 2, "found !"},
        {"a(){}", 1, 4, "found {"},
        {"(a){}", 1, 4, "found {"},
        {"a.b(){}", 1, 6, "found {"},
        {"A{}()", 1, 4, "found ("},
        {"A{b}", 1, 4, "':' behind the field"},
        {"A{1: 2}", 1, 3, "a field's name"},
        {"if", 1, 1, "'if' is a reserved word"},
        {"1 + while(2)", 1, 5, "'while' is a reserved word"},
        {"'\\q'", 1, 2, "no such escape"},
        {"\xc3\xa4", 1, 1, "in strings and comments only"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(!parse(cases[i].source), "%s", cases[i].source);
        ck_assert_msg(issues.count == 1, "%s", cases[i].source);
        ck_assert_msg(strstr(issues.items[0].message, cases[i].says), "%s: %s", cases[i].source,
                      issues.items[0].message);
        ck_assert_msg(issues.items[0].line == cases[i].line &&
                          issues.items[0].column == cases[i].column,
                      "%s: %u:%u", cases[i].source, issues.items[0].line, issues.items[0].column);
    }
}
END_TEST

START_TEST(faults_within_are_told_together)
{
    ck_assert_ptr_null(parse("'\\q' + if + 9223372036854775808 + has(a)"));
    ck_assert_uint_eq(issues.count, 4);
}
END_TEST

START_TEST(a_source_is_capped_utf8)
{
    static char source[CEL_SOURCE_MAX + 2];

    memset(source, ' ', sizeof(source) - 1);
    source[0] = '1';
    ck_assert_ptr_nonnull(parse_bytes(source, CEL_SOURCE_MAX));
    ck_assert_ptr_null(parse_bytes(source, CEL_SOURCE_MAX + 1));
    ck_assert_ptr_null(parse("'\xff'"));
    ck_assert_ptr_null(parse("'\xed\xa0\x80'"));
    ck_assert_ptr_null(parse_bytes("a\0", 2));
    ck_assert_ptr_null(parse_bytes("'\0\xff'", 4));
    ck_assert_uint_eq(parse_bytes("'\0\0'", 4)->literal.extra, 2);
}
END_TEST

/* 'count' times 'opening', then 'middle', then as often 'closing'. */
static const char *repeated(const char *opening, const char *middle, const char *closing, int count)
{
    static char source[CEL_SOURCE_MAX + 1];
    size_t used = 0;

    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(source + used, sizeof(source) - used, "%s", opening);
    used += (size_t)snprintf(source + used, sizeof(source) - used, "%s", middle);
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(source + used, sizeof(source) - used, "%s", closing);
    return source;
}

START_TEST(depth_is_capped)
{
    static const struct {
        const char *opening, *closing;
    } cases[] = {{"(", ")"},
                 {"[", "]"},
                 {"{1:", "}"},
                 {"f(", ")"},
                 {"", ".a"},
                 {"", "[0]"},
                 {"", "+1"},
                 {"", "<1"},
                 {"1?1:", ""},
                 {"-(", ")"},
                 {"", ".f()"},
                 {"[1].map(x,", ")"},
                 {"cel.bind(x,1,", ")"},
                 {"", ".?a"},
                 {"A{b:", "}"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct cel_node *tree = parse(repeated(cases[i].opening, "x", cases[i].closing, 40));

        ck_assert_msg(tree != NULL, "%s", cases[i].opening);
        ck_assert_uint_le(tree->depth, CEL_DEPTH_MAX);
        ck_assert_ptr_null(
            parse(repeated(cases[i].opening, "x", cases[i].closing, CEL_DEPTH_MAX + 1)));
        ck_assert_uint_eq(issues.count, 1);
        ck_assert_msg(strstr(issues.items[0].message, "at most 200"), "%s",
                      issues.items[0].message);
    }
}
END_TEST

START_TEST(the_number_of_nodes_is_capped)
{
    ck_assert_ptr_nonnull(parse(repeated("", "[1", ",1]", 1)));
    ck_assert_ptr_null(parse(repeated("", "[1", ",[]", 10500)));
    ck_assert_ptr_null(parse(repeated("", "x", "||x", 10500)));
    ck_assert_ptr_nonnull(strstr(issues.items[0].message, "at most 20000 parts"));
}
END_TEST

START_TEST(long_chains_are_flat)
{
    const struct cel_node *tree = parse(repeated("", "x", "&&x", 8000));

    ck_assert_ptr_nonnull(tree);
    ck_assert_uint_le(tree->depth, 15);
    tree = parse(repeated("", "x", "||x", 8000));
    ck_assert_ptr_nonnull(tree);
    ck_assert_uint_le(tree->depth, 15);
}
END_TEST

START_TEST(a_small_arena_is_an_issue)
{
    struct cel_arena *small = cel_arena_create(2000);
    const char *source = repeated("", "x", "+x", 100);

    ck_assert_ptr_null(cel_parse(env, source, strlen(source), small, &issues));
    ck_assert_uint_eq(issues.count, 1);
    cel_arena_destroy(small);
}
END_TEST

START_TEST(operators_bind_as_defined)
{
    parses_as("1 + 2 * 3 - 4 / 5 % 6", "_-_(_+_(1, _*_(2, 3)), _%_(_/_(4, 5), 6))");
    parses_as("a < b == c in d", "@in(_==_(_<_(a, b), c), d)");
    parses_as("a || b && c || d", "_||_(_||_(a, _&&_(b, c)), d)");
    parses_as("a || b || c || d", "_||_(_||_(a, b), _||_(c, d))");
    parses_as("a ? b : c ? d : e", "_?_:_(a, b, _?_:_(c, d, e))");
    parses_as("a || b ? c && d : e", "_?_:_(_||_(a, b), _&&_(c, d), e)");
    parses_as("!a.b && -c[0] != 1", "_&&_(!_(a.b), _!=_(-_(_[_](c, 0)), 1))");
    parses_as("(a + b) * c", "_*_(_+_(a, b), c)");
}
END_TEST

START_TEST(signs_pair_off)
{
    parses_as("!!a", "a");
    parses_as("!!!a", "!_(a)");
    parses_as("--a", "a");
    parses_as("---a", "-_(a)");
    parses_as("-1", "-1");
    parses_as("--1", "1");
    parses_as("---1", "-_(1)");
    parses_as("- 1.5", "-1.50000");
    parses_as("-1u", "-_(1u)");
    parses_as("4--4", "_-_(4, -4)");
    parses_as("4-4", "_-_(4, 4)");
    parses_as("!-1", "!_(-1)");
    parses_as("-9223372036854775808", "-9223372036854775808");
    parses_as("-1.f()", "-1.f()");
}
END_TEST

START_TEST(members_and_calls)
{
    parses_as("a.b.c", "a.b.c");
    parses_as(".a.b", ".a.b");
    parses_as(".f(x)", ".f(x)");
    parses_as("a.b(c, d).e", "a.b(c, d).e");
    parses_as("a.if.`x-y`", "a.if.x-y");
    parses_as("a.if(1)", "a.if(1)");
    parses_as("a.?b[?0]", "_[?_](_?._(a, 'b'), 0)");
    parses_as("a.?`b c`", "_?._(a, 'b c')");
    parses_as("f()", "f()");
    parses_as("1.f()", "1.f()");
}
END_TEST

START_TEST(aggregates)
{
    parses_as("[]", "[]");
    parses_as("[,]", "[]");
    parses_as("[1, ?a, ]", "[1, ?a]");
    parses_as("{}", "{}");
    parses_as("{'a': 1, ?b: c,}", "{'a': 1, ?b: c}");
    parses_as("A{}", "A{}");
    parses_as(".a.B{c: 1, ?`d-e`: 2, if: 3,}.c", ".a.B{c: 1, ?d-e: 2, if: 3}.c");
    parses_as("[a.B{}]", "[a.B{}]");
}
END_TEST

START_TEST(nodes_know_their_place)
{
    const struct cel_node *tree = parse("aa +\n b.cc(d)[1]");

    ck_assert_uint_eq(tree->offset, 3);
    ck_assert_uint_eq(tree->call.args[1]->offset, 13);
    ck_assert_uint_eq(tree->call.args[1]->call.args[0]->offset, 8);
    ck_assert_int_eq(tree->slot, -1);
    ck_assert_uint_eq(tree->depth, 4);
}
END_TEST

CHECK_MAIN_WITH("cel_parser", before, after, faults_have_a_place_and_words,
                faults_within_are_told_together, a_source_is_capped_utf8, depth_is_capped,
                the_number_of_nodes_is_capped, long_chains_are_flat, a_small_arena_is_an_issue,
                operators_bind_as_defined, signs_pair_off, members_and_calls, aggregates,
                nodes_know_their_place)
