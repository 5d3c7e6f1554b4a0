/* Signatures of overloads: faults in them, receivers, parameters. */
#include "rules/cel/env/cel_signature.h"

#include "common/error.h"
#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
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

START_TEST(faults_are_refused)
{
    static const char *const wrong[] = {
        "",
        "int",
        "(int)",
        "(int) ->",
        "(int) -> nothing!",
        "(int,) -> int",
        "(int int) -> int",
        "int(int) -> int",
        ".(int) -> int",
        "(a, b, c, d, e, f, g, h, i) -> int",
        "a.(b, c, d, e, f, g, h, i) -> int",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct cel_signature signature = {0};
        struct error err = {0};

        ck_assert_msg(cel_signature_parse(arena, wrong[i], &signature, &err) < 0, "%s", wrong[i]);
        ck_assert_int_eq(err.code, ERROR_INVALID);
    }
}
END_TEST

START_TEST(parameters_stand_in_their_order)
{
    struct cel_signature signature = {0};

    ck_assert_int_eq(
        cel_signature_parse(arena, "( int ,map<string, T> )-> list<T>", &signature, NULL), 0);
    ck_assert(!signature.receiver);
    ck_assert_uint_eq(signature.count, 2);
    ck_assert_int_eq(signature.parameters[0]->kind, CEL_INT);
    ck_assert_int_eq(signature.parameters[1]->parameters[1]->form, CEL_TYPE_PARAMETER);
    ck_assert_int_eq(signature.result->kind, CEL_LIST);
    ck_assert_int_eq(cel_signature_parse(arena, "() -> dyn", &signature, NULL), 0);
    ck_assert_uint_eq(signature.count, 0);
}
END_TEST

START_TEST(a_receiver_comes_first)
{
    struct cel_signature signature = {0};

    ck_assert_int_eq(cel_signature_parse(arena, "net.IP.(uint) -> bool", &signature, NULL), 0);
    ck_assert(signature.receiver);
    ck_assert_uint_eq(signature.count, 2);
    ck_assert_int_eq(signature.parameters[0]->kind, CEL_ADDRESS);
    ck_assert_int_eq(cel_signature_parse(arena, "list<int>.() -> bool", &signature, NULL), 0);
    ck_assert_uint_eq(signature.count, 1);
}
END_TEST

CHECK_MAIN_WITH("cel_signature", before, after, faults_are_refused, parameters_stand_in_their_order,
                a_receiver_comes_first)
