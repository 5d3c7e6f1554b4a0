/* Types: what is refused, and that the notation is what is written again. */
#include "rules/cel/cel_type.h"

#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "tests/support/check_main.h"

static struct cel_arena *arena;

static void before(void)
{
    arena = cel_arena_create(1 << 20);
}

static void after(void)
{
    cel_arena_destroy(arena);
}

START_TEST(what_is_no_type_is_refused)
{
    static const char *const wrong[] = {
        "",
        "<int>",
        "list<",
        "list<int",
        "list<int>>",
        "list<a,b>",
        "map<int>",
        "map<int,",
        "int<int>",
        "dyn<int>",
        "int int",
        "1x",
        ".a",
        "a.",
        "T<int>",
        "type<a,b>",
        "x<a,b,c,d,e>",
        "optional<a, b>",
        "list<int, >",
        "a-b",
        "wrapper",
        "wrapper<>",
        "wrapper<int",
        "wrapper<null>",
        "wrapper<dyn>",
        "wrapper<T>",
        "wrapper<a.b>",
        "wrapper<timestamp>",
        "wrapper<list<int>>",
        "wrapper<int, int>",
        "wrapper<wrapper<int>>",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error err = {0};

        ck_assert_msg(!cel_type_parse(arena, wrong[i], &err), "%s", wrong[i]);
        ck_assert_int_eq(err.code, ERROR_INVALID);
    }
}
END_TEST

START_TEST(depth_is_capped)
{
    char text[400] = "";
    struct error err = {0};

    for (int i = 0; i < CEL_TYPE_DEPTH_MAX; i++)
        strcat(text, "list<");
    strcat(text, "int");
    for (int i = 0; i < CEL_TYPE_DEPTH_MAX; i++)
        strcat(text, ">");
    ck_assert_ptr_null(cel_type_parse(arena, text, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "16 deep"));
}
END_TEST

START_TEST(what_is_written_is_what_was_read)
{
    static const char *const texts[] = {
        "dyn",
        "bool",
        "null",
        "timestamp",
        "list<int>",
        "map<string, list<dyn>>",
        "optional<T>",
        "type",
        "type<int>",
        "net.IP",
        "tuple<A, B>",
        "acme.thing",
        "wrapper<int>",
        "list<wrapper<bytes>>",
        "a.wrapper<int>",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct cel_type *type = cel_type_parse(arena, texts[i], NULL);
        struct text out = {0};

        ck_assert_msg(type != NULL, "%s", texts[i]);
        cel_type_write(type, &out);
        ck_assert_str_eq(text_string(&out), texts[i]);
        text_clear(&out);
    }
}
END_TEST

START_TEST(a_bare_list_is_one_of_dyn)
{
    const struct cel_type *bare = cel_type_parse(arena, " list ", NULL);

    ck_assert(cel_type_equal(bare, cel_type_parse(arena, "list<dyn>", NULL)));
    ck_assert(!cel_type_equal(bare, cel_type_parse(arena, "list<int>", NULL)));
    ck_assert(
        !cel_type_equal(cel_type_parse(arena, "a.b", NULL), cel_type_parse(arena, "a.c", NULL)));
    ck_assert_ptr_eq(cel_type_of(CEL_MAP)->parameters[1], &cel_type_dyn);
    ck_assert_ptr_eq(cel_type_of(CEL_ERROR), &cel_type_dyn);
    ck_assert_int_eq(cel_type_parse(arena, "net.CIDR", NULL)->kind, CEL_CIDR);
    ck_assert_int_eq(cel_type_parse(arena, "T", NULL)->form, CEL_TYPE_PARAMETER);
    ck_assert_int_eq(cel_type_parse(arena, "Ta", NULL)->form, CEL_TYPE_OPAQUE);
}
END_TEST

START_TEST(a_wrapper_is_another_type_of_the_same_kind)
{
    const struct cel_type *wrapper = cel_type_parse(arena, "wrapper<int>", NULL);

    ck_assert(!cel_type_equal(wrapper, cel_type_of(CEL_INT)));
    ck_assert(cel_type_equal(wrapper, cel_type_parse(arena, "wrapper< int >", NULL)));
    ck_assert(!cel_type_equal(wrapper, cel_type_parse(arena, "wrapper<uint>", NULL)));
    ck_assert_int_eq(wrapper->kind, CEL_INT);
    ck_assert(wrapper->nullable && !cel_type_of(CEL_INT)->nullable);
}
END_TEST

START_TEST(expressions_name_types_their_own_way)
{
    ck_assert_ptr_null(cel_type_named("timestamp"));
    ck_assert_ptr_null(cel_type_named("dyn"));
    ck_assert_int_eq(cel_type_named("google.protobuf.Timestamp")->kind, CEL_TIMESTAMP);
    ck_assert_int_eq(cel_type_named("null_type")->kind, CEL_NULL);
    ck_assert_int_eq(cel_type_named("list")->kind, CEL_LIST);
}
END_TEST

CHECK_MAIN_WITH("cel_type", before, after, what_is_no_type_is_refused, depth_is_capped,
                what_is_written_is_what_was_read, a_bare_list_is_one_of_dyn,
                a_wrapper_is_another_type_of_the_same_kind, expressions_name_types_their_own_way)
