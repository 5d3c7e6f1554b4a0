/* Inference: what may not be given, what is taken back, joins, and types that grow without end. */
#include "rules/cel/check/cel_infer.h"

#include <string.h>

#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "tests/support/check_main.h"

static struct cel_arena *arena;
static struct cel_infer infer;
static struct cel_infer_names known;

static void before(void)
{
    arena = cel_arena_create(1 << 22);
    infer = (struct cel_infer){.arena = arena};
    known = (struct cel_infer_names){0};
}

static void after(void)
{
    cel_arena_destroy(arena);
}

/* Parameters of one name are one variable within a test. */
static const struct cel_type *type(const char *text)
{
    const struct cel_type *parsed = cel_type_parse(arena, text, NULL);

    ck_assert_msg(parsed != NULL, "%s", text);
    return cel_infer_instance(&infer, parsed, &known);
}

static void is(const struct cel_type *given, const char *text)
{
    struct text out = {0};

    cel_type_write(cel_infer_final(&infer, given), &out);
    ck_assert_str_eq(text_string(&out), text);
    text_clear(&out);
}

START_TEST(other_types_do_not_go)
{
    static const char *const pairs[][2] = {
        {"int", "uint"},
        {"int", "double"},
        {"null", "int"},
        {"list<int>", "list<string>"},
        {"list<int>", "map<int, int>"},
        {"map<int, int>", "map<int, string>"},
        {"optional<int>", "int"},
        {"a.b", "a.c"},
        {"a.b<int>", "a.b<string>"},
        {"a.b<int>", "a.b"},
        {"null", "list<int>"},
        {"timestamp", "duration"},
        {"net.IP", "net.CIDR"},
        {"wrapper<int>", "wrapper<uint>"},
        {"wrapper<int>", "string"},
        {"list<wrapper<int>>", "list<string>"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        ck_assert_msg(!cel_infer_assignable(&infer, type(pairs[i][0]), type(pairs[i][1])),
                      "%s to %s", pairs[i][0], pairs[i][1]);
}
END_TEST

START_TEST(what_failed_is_forgotten)
{
    const struct cel_type *from[] = {type("int"), type("string")};
    const struct cel_type *to[] = {type("T"), type("bool")};

    ck_assert(!cel_infer_all_assignable(&infer, from, to, 2));
    ck_assert(cel_infer_known(to[0])->form == CEL_TYPE_PARAMETER);
    ck_assert(!cel_infer_assignable(&infer, type("map<int, int>"), type("map<T, string>")));
    is(type("T"), "dyn");
    ck_assert(cel_infer_assignable(&infer, type("string"), type("T")));
    is(type("T"), "string");
}
END_TEST

START_TEST(a_variable_is_no_part_of_itself)
{
    ck_assert(!cel_infer_assignable(&infer, type("list<T>"), type("T")));
    ck_assert(!cel_infer_assignable(&infer, type("T"), type("map<string, list<T>>")));
    ck_assert(cel_infer_assignable(&infer, type("T"), type("U")));
    ck_assert(cel_infer_assignable(&infer, type("U"), type("T")));
    ck_assert(!cel_infer_assignable(&infer, type("list<T>"), type("U")));
    ck_assert(!infer.exhausted);
}
END_TEST

START_TEST(variables_learn)
{
    ck_assert(cel_infer_assignable(&infer, type("list<int>"), type("list<T>")));
    is(type("map<string, T>"), "map<string, int>");
    ck_assert(!cel_infer_assignable(&infer, type("string"), type("T")));
    ck_assert(cel_infer_assignable(&infer, &cel_type_dyn, type("T")));
    is(type("T"), "dyn");
    ck_assert(cel_infer_assignable(&infer, type("string"), type("T")));
    ck_assert(cel_infer_assignable(&infer, type("U"), type("V")));
    ck_assert(cel_infer_assignable(&infer, type("bytes"), type("U")));
    is(type("V"), "bytes");
}
END_TEST

START_TEST(dyn_null_and_types_go)
{
    static const char *const pairs[][2] = {
        {"dyn", "int"},
        {"list<dyn>", "list<int>"},
        {"list<int>", "list<dyn>"},
        {"null", "timestamp"},
        {"duration", "null"},
        {"null", "optional<int>"},
        {"null", "a.b"},
        {"null", "net.IP"},
        {"null", "null"},
        {"type<int>", "type"},
        {"type<int>", "type<string>"},
        {"a.b<int>", "a.b<dyn>"},
        {"wrapper<int>", "int"},
        {"int", "wrapper<int>"},
        {"null", "wrapper<string>"},
        {"wrapper<bool>", "null"},
        {"list<wrapper<int>>", "list<int>"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        ck_assert_msg(cel_infer_assignable(&infer, type(pairs[i][0]), type(pairs[i][1])),
                      "%s to %s", pairs[i][0], pairs[i][1]);
}
END_TEST

START_TEST(joins_find_what_holds_both)
{
    is(cel_infer_join(&infer, NULL, type("int")), "int");
    is(cel_infer_join(&infer, type("int"), type("int")), "int");
    is(cel_infer_join(&infer, type("int"), type("string")), "dyn");
    is(cel_infer_join(&infer, type("list<int>"), type("list<dyn>")), "list<dyn>");
    is(cel_infer_join(&infer, type("dyn"), type("int")), "dyn");
    is(cel_infer_join(&infer, type("optional<int>"), type("null")), "optional<int>");
    is(cel_infer_join(&infer, type("null"), type("timestamp")), "timestamp");
    is(cel_infer_join(&infer, type("null"), type("int")), "dyn");
    is(cel_infer_join(&infer, type("wrapper<int>"), type("int")), "wrapper<int>");
    is(cel_infer_join(&infer, type("int"), type("wrapper<int>")), "wrapper<int>");
    is(cel_infer_join(&infer, type("null"), type("wrapper<int>")), "wrapper<int>");
    is(cel_infer_join(&infer, type("wrapper<int>"), type("null")), "wrapper<int>");
    is(cel_infer_join(&infer, type("wrapper<int>"), type("wrapper<uint>")), "dyn");
    is(cel_infer_join(&infer, type("list<int>"), type("list<wrapper<int>>")), "list<wrapper<int>>");
    is(cel_infer_join(&infer, type("list<T>"), type("list<int>")), "list<int>");
    is(cel_infer_join(&infer, type("map<int, U>"), type("map<int, list<V>>")),
       "map<int, list<dyn>>");
}
END_TEST

START_TEST(types_that_double_come_to_an_end)
{
    const struct cel_type *pair = type("int"), *other = pair;

    for (int i = 0; i < 100; i++) {
        pair = cel_infer_of(&infer, CEL_MAP, pair, pair);
        other = cel_infer_of(&infer, CEL_MAP, other, other);
    }
    ck_assert(!infer.exhausted);
    cel_infer_assignable(&infer, pair, other);
    ck_assert(infer.exhausted);
    is(pair, "dyn");
}
END_TEST

START_TEST(depth_and_memory_are_capped)
{
    struct cel_arena *small = cel_arena_create(300);
    struct cel_infer poor = {.arena = small};
    const struct cel_type *deep = cel_infer_fresh(&infer);

    for (int i = 0; i < 2 * CEL_INFER_DEPTH_MAX; i++)
        deep = cel_infer_of(&infer, CEL_LIST, deep, NULL);
    cel_infer_final(&infer, deep);
    ck_assert(infer.exhausted);
    for (int i = 0; i < 10; i++)
        cel_infer_fresh(&poor);
    ck_assert(poor.exhausted);
    ck_assert_ptr_eq(cel_infer_fresh(&poor), &cel_type_dyn);
    ck_assert_ptr_eq(cel_infer_of(&poor, CEL_LIST, &cel_type_dyn, NULL), &cel_type_dyn);
    cel_arena_destroy(small);
}
END_TEST

CHECK_MAIN_WITH("cel_infer", before, after, other_types_do_not_go, what_failed_is_forgotten,
                a_variable_is_no_part_of_itself, variables_learn, dyn_null_and_types_go,
                joins_find_what_holds_both, types_that_double_come_to_an_end,
                depth_and_memory_are_capped)
