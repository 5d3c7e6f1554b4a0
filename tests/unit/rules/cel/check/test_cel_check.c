/* The checker: what it refuses and in which words, then the types that it finds. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_ast.h"
#include "rules/cel/cel_check.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_type.h"
#include "tests/support/check_main.h"

static struct cel_env *env;
static struct cel_arena *arena;
static struct cel_issues issues;

static const char *const VARIABLES[][2] = {
    {"event.type", "string"},
    {"event.time", "timestamp"},
    {"event.raw", "dyn"},
    {"now", "timestamp"},
    {"count", "int"},
    {"labels", "map<string, string>"},
    {"names", "list<string>"},
    {"ports", "map<int, list<dyn>>"},
    {"opt", "optional<map<string, int>>"},
    {"maybe", "optional<int>"},
    {"thing", "acme.thing"},
    {"box", "wrapper<int>"},
};

/* Of its own, so that no library changes what is tested here. */
static const char *const FUNCTIONS[][2] = {
    {"test_len", "(string) -> int"},       {"test_len", "(list<A>) -> int"},
    {"test_len", "string.() -> int"},      {"test_first", "list<A>.() -> A"},
    {"test_pair", "(A, B) -> pair<A, B>"}, {"test_either", "(int) -> int"},
    {"test_either", "(string) -> string"}, {"acme.round", "(double) -> int"},
    {"test_none", "() -> optional<T>"},    {"test_only", "string.(int) -> bool"},
};

static void before(void)
{
    struct error err = {0};

    env = cel_env_create(cel_libraries, &err);
    ck_assert_msg(env != NULL, "%s", error_text(&err));
    arena = cel_arena_create(CEL_TREE_BYTES);
    for (size_t i = 0; i < sizeof(VARIABLES) / sizeof(VARIABLES[0]); i++)
        ck_assert_int_eq(cel_env_declare(env, VARIABLES[i][0], VARIABLES[i][1], NULL, NULL), 0);
    for (size_t i = 0; i < sizeof(FUNCTIONS) / sizeof(FUNCTIONS[0]); i++)
        ck_assert_int_eq(cel_env_declare_function(env, FUNCTIONS[i][0], FUNCTIONS[i][1], NULL), 0);
}

static void after(void)
{
    cel_issues_clear(&issues);
    cel_arena_destroy(arena);
    cel_env_destroy(env);
}

static struct cel_node *check(const char *source)
{
    struct cel_node *tree;

    cel_issues_clear(&issues);
    cel_arena_reset(arena);
    tree = cel_parse(env, source, strlen(source), arena, &issues);
    ck_assert_msg(tree != NULL, "%s: %s", source, issues.items[0].message);
    return cel_check(env, tree, source, strlen(source), arena, &issues) == 0 ? tree : NULL;
}

static void is(const char *source, const char *type)
{
    const struct cel_node *tree = check(source);
    struct text text = {0};

    ck_assert_msg(tree != NULL, "%s: %s", source, issues.items[0].message);
    cel_type_write(tree->type, &text);
    ck_assert_msg(strcmp(text_string(&text), type) == 0, "%s: %s", source, text_string(&text));
    text_clear(&text);
}

static const struct {
    const char *source;
    unsigned column;
    const char *says;
} WRONG[] = {
    /* names */
    {"evnt.type", 1, "undeclared reference to 'evnt.type'; did you mean 'event.type'?"},
    {"1 == event.tpye.x", 6, "undeclared reference to 'event.tpye'; did you mean 'event.type'?"},
    {"event.x", 1, "undeclared reference to 'event.x'"},
    {"event", 1, "'event' is no value by itself, only what is below it: event.type"},
    {"has(event.tim)", 5, "did you mean 'event.time'?"},
    {"cont", 1, "undeclared reference to 'cont'; did you mean 'count'?"},
    {"nothing.at.all", 1, "undeclared reference to 'nothing'"},
    {".cont", 1, "did you mean 'count'?"},
    {"test_len", 1, "'test_len' is a function: it is called as test_len(...)"},
    {"names.all(name, nam == '')", 17, "undeclared reference to 'nam'; did you mean 'name'?"},
    {"cel.bind(x, x, 1)", 13, "undeclared reference to 'x'"},
    {"names.map(x, x)[0] == x", 23, "undeclared reference to 'x'"},
    {"cel.index(7)", 5, "undeclared reference to '@index7'"},
    /* functions */
    {"test_lne('')", 1, "undeclared function 'test_lne'; did you mean 'test_len'?"},
    {"names.test_frist()", 7, "undeclared function 'test_frist'; did you mean 'test_first'?"},
    {"names.exist(count, true)", 7, "undeclared function 'exist'; did you mean 'exists'?"},
    {"unheard(1)", 1, "undeclared function 'unheard'"},
    {"acme.rond(1.0)", 6, "undeclared function 'acme.rond'; did you mean 'acme.round'?"},
    {"acme.round('')", 6, "no matching overload of 'acme.round' for (string); there is (double)"},
    {"test_len(1)", 1,
     "no matching overload of 'test_len' for (int); there is (string) -> int, (list<A>) -> int"},
    {"test_len()", 1, "no matching overload of 'test_len' for ()"},
    {"names.test_len()", 7,
     "no matching overload of 'test_len' for list<string>.(); there is string.() -> int"},
    {"test_only('', 1)", 1, "; there is string.(int) -> bool"},
    {"test_len(1,2,3,4,5,6,7,8,9)", 1, "(int, int, int, int, int, int, int, int, ...)"},
    {"count + 'a'", 7, "no matching overload of '+' for (int, string)"},
    {"count + 1u", 7, "no matching overload of '+' for (int, uint)"},
    {"-'a'", 1, "no matching overload of '-' for (string)"},
    {"names['a']", 6, "no matching overload of '[]' for (list<string>, string)"},
    {"1 in names", 3, "no matching overload of 'in' for (int, list<string>)"},
    {"event.type == 1", 12, "no matching overload of '==' for (string, int)"},
    {"count == null", 7, "no matching overload of '==' for (int, null)"},
    /* operators with words of their own */
    {"count && true", 1, "expected bool, found int"},
    {"true || names", 9, "expected bool, found list<string>"},
    {"1 ? 2 : 3", 1, "expected bool, found int"},
    {"true ? 1 : 'a'", 6, "both ends of '? :' are of one type, found int, string"},
    /* fields */
    {"event.type.x", 12, "a value of type string has no field 'x'"},
    {"ports.x", 7, "a map<int, list<dyn>> has no field 'x': its keys are no strings"},
    {"[].length", 4, "a value of type list<dyn> has no field 'length'"},
    {"has(now.x)", 9, "a value of type timestamp has no field 'x'"},
    {"count.?x", 8, "a value of type int has no field 'x'"},
    {"maybe.x", 7, "a value of type int has no field 'x'"},
    {"thing.x", 7, "a value of type acme.thing has no field 'x'"},
    /* aggregates */
    {"A{b: 1}", 2, "messages are not supported, so no 'A{...}'"},
    {".a.B{b: 1}", 5, "so no 'a.B{...}': a map is written {'field': value}"},
    {"Int32Value{}", 11, "did you mean 'google.protobuf.Int32Value'?"},
    {"google.protobuf.Sruct{}", 22, "did you mean 'google.protobuf.Struct'?"},
    {"{1.5: 1}", 2, "a map's key is a bool, int, uint or string, found double"},
    {"{[1]: 1}", 2, "found list<int>"},
    {"[?1]", 3, "behind '?' stands an optional, found int"},
    {"{?'a': 1}", 8, "behind '?' stands an optional, found int"},
    {"google.protobuf.Int32Value{valeu: 1}", 28,
     "google.protobuf.Int32Value has no field 'valeu'; did you mean 'value'?"},
    {"google.protobuf.Int32Value{x: 1}", 28, "no field 'x'; did you mean 'value'?"},
    {"google.protobuf.Value{strin_value: ''}", 23, "did you mean 'string_value'?"},
    {"google.protobuf.Value{anything: ''}", 23, "google.protobuf.Value has no field 'anything'"},
    {"google.protobuf.Int32Value{value: 1, value: 2}", 38, "the field 'value' stands twice"},
    {"google.protobuf.Int32Value{value: 'a'}", 35,
     "the field 'value' of google.protobuf.Int32Value is of type int, found string"},
    {"google.protobuf.Int64Value{value: null}", 35, "is of type int, found null"},
    {"google.protobuf.UInt32Value{value: 1}", 36, "is of type uint, found int"},
    {"google.protobuf.Struct{fields: {1: 2}}", 32,
     "is of type map<string, dyn>, found map<int, int>"},
    {"google.protobuf.ListValue{values: 1}", 35, "is of type list<dyn>, found int"},
    {"google.protobuf.Int32Value{?value: 1}", 36, "behind '?' stands an optional, found int"},
    {"google.protobuf.Int32Value{value: 1}.value", 38,
     "a value of type wrapper<int> has no field 'value'"},
    {"google.protobuf.ListValue{}.values", 29, "a value of type list<dyn> has no field 'values'"},
    {"box + 1u", 5, "no matching overload of '+' for (wrapper<int>, uint)"},
    {"box == 'a'", 5, "no matching overload of '==' for (wrapper<int>, string)"},
    {"google.protobuf.Int32Value", 1, "undeclared reference to 'google'"},
    /* comprehensions */
    {"count.all(x, true)", 1, "over the elements of a list or a map, found int"},
    {"names.all(x, 1)", 14, "expected bool, found int"},
    {"names.filter(x, x)", 17, "expected bool, found string"},
    {"names.map(x, x, x)", 14, "expected bool, found string"},
    {"labels.transformMapEntry(k, v, [k])", 8,
     "no matching overload of 'transformMapEntry' for (map<dyn, dyn>, list<string>)"},
    {"[].map(x, [].map(y, x in y && y in x))", 33, "no matching overload of 'in'"},
};

START_TEST(what_is_wrong_is_told_in_words)
{
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        ck_assert_msg(!check(WRONG[i].source), "%s", WRONG[i].source);
        ck_assert_msg(issues.count == 1, "%s: %zu", WRONG[i].source, issues.count);
        ck_assert_msg(strstr(issues.items[0].message, WRONG[i].says), "%s: %s", WRONG[i].source,
                      issues.items[0].message);
        ck_assert_msg(issues.items[0].column == WRONG[i].column, "%s: column %u", WRONG[i].source,
                      issues.items[0].column);
    }
}
END_TEST

START_TEST(all_faults_are_told_once_each)
{
    ck_assert_ptr_null(check("cont + 1 == 2 && names.all(n, n == 1) || nothing(2 + 'a')"));
    ck_assert_uint_eq(issues.count, 4);
    /* What holds something wrong is not blamed as well. */
    ck_assert_ptr_null(check("[cont].map(c, c.x)[0].test_len() == -cont"));
    ck_assert_uint_eq(issues.count, 2);
}
END_TEST

START_TEST(thousands_of_faults_are_counted)
{
    static char source[CEL_SOURCE_MAX];
    size_t used = 0;

    for (int i = 0; i < 5000; i++)
        used += (size_t)snprintf(source + used, sizeof(source) - used, "%sxy", i ? "&&" : "");
    ck_assert_ptr_null(check(source));
    ck_assert_uint_eq(issues.count, 5000);
}
END_TEST

START_TEST(long_types_are_cut_in_messages)
{
    char source[500] = "count + ";

    for (int i = 0; i < 60; i++)
        strcat(source, "[");
    for (int i = 0; i < 60; i++)
        strcat(source, "]");
    ck_assert_ptr_null(check(source));
    ck_assert_ptr_nonnull(strstr(issues.items[0].message, "...)"));
}
END_TEST

START_TEST(types_without_end_are_an_issue)
{
    static char source[CEL_SOURCE_MAX];
    size_t used = 0;

    /* A pair of pairs of pairs: what has n levels is 2^n when it is written out. */
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(source + used, sizeof(source) - used,
                                 "cel.bind(p%d, test_pair(%s%.0d, %s%.0d), ", i + 1, i ? "p" : "1",
                                 i, i ? "p" : "1", i);
    used += (size_t)snprintf(source + used, sizeof(source) - used, "p60 == p60");
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(source + used, sizeof(source) - used, ")");
    ck_assert_ptr_null(check(source));
    ck_assert_msg(strstr(issues.items[0].message, "too large to be found"), "%s",
                  issues.items[0].message);
}
END_TEST

START_TEST(literals_and_operators)
{
    is("1", "int");
    is("null", "null");
    is("b''", "bytes");
    is("count + 1 < 3 && !(1.0 > 2.0) || now - event.time > duration('1h')", "bool");
    is("true ? 1 : count", "int");
    is("true ? dyn(1) : 'a'", "dyn");
    is("true ? now : null", "timestamp");
    is("true ? null : now", "timestamp");
    is("[optional.of(1), null]", "list<optional<int>>");
    is("[null, optional.of(1)]", "list<optional<int>>");
    is("[null, 1]", "list<dyn>");
    is("event.raw + event.raw", "dyn");
    is("event.raw + 1", "int");
    is("1 < 1.5", "bool");
    is("event.time == null", "bool");
    is("type(1)", "type<int>");
    is("type(1) == int", "bool");
    is("google.protobuf.Timestamp", "type<timestamp>");
}
END_TEST

START_TEST(lists_maps_and_fields)
{
    is("[]", "list<dyn>");
    is("[1, 2]", "list<int>");
    is("[1, 'a']", "list<dyn>");
    is("[[], [1]]", "list<list<int>>");
    is("[1] + []", "list<int>");
    is("[?maybe, 2]", "list<int>");
    is("[?event.raw]", "list<dyn>");
    is("{}", "map<dyn, dyn>");
    is("{'a': 1}.a", "int");
    is("{1: 2u, 2u: 3}", "map<dyn, dyn>");
    is("{?'a': maybe}", "map<string, int>");
    is("{event.raw: 1}", "map<dyn, int>");
    is("labels.site", "string");
    is("labels['site']", "string");
    is("labels.?site", "optional<string>");
    is("opt.a", "optional<int>");
    is("opt.?a", "optional<int>");
    is("has(opt.a) && has(labels.x) && has(event.type)", "bool");
    is("event.raw.a.b[0].c", "dyn");
    is("ports[1][0].x", "dyn");
}
END_TEST

START_TEST(comprehensions)
{
    is("names.map(n, [n])", "list<list<string>>");
    is("names.map(n, n == '', 1)", "list<int>");
    is("names.filter(n, n != '')", "list<string>");
    is("labels.filter(k, k != '')", "list<string>");
    is("labels.all(k, v, k == v)", "bool");
    is("names.exists(i, n, i == 1 && n == '')", "bool");
    is("names.exists_one(n, n == 'a')", "bool");
    is("ports.transformList(p, l, l)", "list<list<dyn>>");
    is("labels.transformMap(k, v, test_len(v))", "map<string, int>");
    is("labels.transformMapEntry(k, v, {v: k})", "map<string, string>");
    is("event.raw.map(x, x.y)", "list<dyn>");
    is("[1].map(x, [x, x]).map(x, [x, x])", "list<list<list<int>>>");
    is("{}.map(c, [c, type(c)])", "list<list<dyn>>");
    is("cel.bind(x, count, [x])", "list<int>");
    is("cel.block([count, cel.index(0) + 1], cel.index(1))", "int");
    is("[].all(x, x.y)", "bool");
}
END_TEST

START_TEST(wrappers_are_what_they_wrap_or_null)
{
    is("google.protobuf.BoolValue{}", "wrapper<bool>");
    is("google.protobuf.FloatValue{value: 1.5}", "wrapper<double>");
    is("google.protobuf.UInt64Value{value: 1u} + 1u", "uint");
    is("google.protobuf.Int32Value{value: google.protobuf.Int64Value{value: 1}}", "wrapper<int>");
    is("google.protobuf.Int32Value{?value: maybe}", "wrapper<int>");
    is("google.protobuf.StringValue{value: event.raw}", "wrapper<string>");
    is("google.protobuf.Value{struct_value: labels}", "dyn");
    is("google.protobuf.Struct{fields: labels}", "map<string, dyn>");
    is("google.protobuf.ListValue{values: names}", "list<dyn>");
    is("google.protobuf.Timestamp{seconds: count} < now", "bool");
    is("google.protobuf.Duration{}", "duration");
    is("google.protobuf.NullValue.NULL_VALUE", "null");
    is("box + 1", "int");
    is("box == null && box != 1 && box < 1.5", "bool");
    is("[box, count]", "list<wrapper<int>>");
    is("[count, box]", "list<wrapper<int>>");
    is("[box, count, event.raw]", "list<dyn>");
    is("[box, google.protobuf.StringValue{}]", "list<dyn>");
    is("false ? box : null", "wrapper<int>");
    is("true ? box : 42", "wrapper<int>");
    is("true ? 42 : box", "wrapper<int>");
    is("{box: 1}[1]", "int");
    is("google.protobuf.BoolValue{} && true", "bool");
    is("[box].map(b, b)", "list<wrapper<int>>");
}
END_TEST

START_TEST(calls)
{
    is("test_len('a') + 'a'.test_len()", "int");
    is("names.test_first()", "string");
    is("test_pair(1, 'a')", "pair<int, string>");
    is("test_either(count)", "int");
    is("test_either(event.raw)", "dyn");
    is("acme.round(1.5)", "int");
    is("test_none()", "optional<dyn>");
    is("test_len(event.raw)", "int");
}
END_TEST

START_TEST(every_node_has_its_type)
{
    const struct cel_node *tree = check("names.map(n, [n])");
    const struct cel_comprehension *fold = &tree->comprehension;

    ck_assert_int_eq(fold->range->type->kind, CEL_LIST);
    ck_assert_int_eq(fold->init->type->parameters[0]->parameters[0]->kind, CEL_STRING);
    ck_assert_int_eq(fold->condition->type->kind, CEL_BOOL);
    ck_assert_int_eq(fold->step->call.args[0]->type->kind, CEL_LIST);
    tree = check("event.type");
    ck_assert_int_ge(tree->slot, 0);
    ck_assert_ptr_eq(tree->select.operand->type, &cel_type_dyn);
}
END_TEST

CHECK_MAIN_WITH("cel_check", before, after, what_is_wrong_is_told_in_words,
                all_faults_are_told_once_each, thousands_of_faults_are_counted,
                long_types_are_cut_in_messages, types_without_end_are_an_issue,
                literals_and_operators, lists_maps_and_fields, comprehensions,
                wrappers_are_what_they_wrap_or_null, calls, every_node_has_its_type)
