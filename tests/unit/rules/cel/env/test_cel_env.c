/* What may be declared, and how it is found again. */
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_libraries.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "tests/support/check_main.h"

static struct cel_env *env;

static void before(void)
{
    env = cel_env_create(cel_libraries, NULL);
    ck_assert_ptr_nonnull(env);
}

static void after(void)
{
    cel_env_destroy(env);
}

static int declare(const char *name, const char *type)
{
    return cel_env_declare(env, name, type, NULL, NULL);
}

START_TEST(names_and_types_that_are_none_are_refused)
{
    static const char *const wrong[] = {"",   ".",   "a.",  ".a", "a..b",
                                        "1a", "a b", "a-b", "é",  "a.1b"};
    char longest[CEL_NAME_BYTES_MAX + 2];
    struct error err = {0};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(declare(wrong[i], "int") < 0, "%s", wrong[i]);
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_int_lt(declare(longest, "int"), 0);
    ck_assert_int_lt(cel_env_declare(env, "a", "list<", NULL, &err), 0);
    ck_assert_int_eq(strncmp(err.text, "'a': ", 5), 0);
    ck_assert_int_lt(cel_env_set_container(env, "a.", NULL), 0);
    ck_assert_int_lt(cel_env_declare_function(env, "", "() -> int", NULL), 0);
    ck_assert_int_lt(cel_env_declare_function(env, "f", "int", NULL), 0);
    ck_assert_uint_eq(cel_env_slots(env), 0);
}
END_TEST

START_TEST(a_name_is_declared_once)
{
    struct error err = {0};

    ck_assert_int_eq(declare("event.type", "string"), 0);
    ck_assert_int_lt(cel_env_declare(env, "event.type", "int", NULL, &err), 0);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_int_eq(declare("event", "dyn"), 0);
    ck_assert_int_eq(declare("event.type.if", "int"), 0);
}
END_TEST

START_TEST(there_is_a_most)
{
    char name[16];

    for (int i = 0; i < CEL_VARIABLES_MAX; i++) {
        snprintf(name, sizeof(name), "v%d", i);
        ck_assert_int_eq(declare(name, "int"), 0);
    }
    ck_assert_int_lt(declare("one_more", "int"), 0);
}
END_TEST

START_TEST(slots_count_from_zero)
{
    const struct cel_type *type;
    int slot = -1;

    ck_assert_int_eq(cel_env_declare(env, "a", "int", &slot, NULL), 0);
    ck_assert_int_eq(slot, 0);
    ck_assert_int_eq(cel_env_declare(env, "b.c", "list<int>", &slot, NULL), 0);
    ck_assert_int_eq(slot, 1);
    ck_assert_int_eq(cel_env_find(env, "b.c", &type), 1);
    ck_assert_int_eq(type->kind, CEL_LIST);
    ck_assert_int_eq(cel_env_find(env, "b", NULL), -1);
    ck_assert_str_eq(cel_env_slot_name(env, 1), "b.c");
    ck_assert_ptr_eq(cel_env_slot_type(env, 1), type);
    ck_assert_uint_eq(cel_env_slots(env), 2);
    ck_assert_str_eq(cel_env_first_within(env, "b"), "b.c");
    ck_assert_str_eq(cel_env_first_within(env, "b.c"), "b.c");
    ck_assert_ptr_null(cel_env_first_within(env, "b.c.d"));
}
END_TEST

START_TEST(functions_keep_their_overloads)
{
    const struct cel_signature *signatures;
    size_t count;

    ck_assert_int_eq(cel_env_declare_function(env, "zz.test", "(int) -> int", NULL), 0);
    ck_assert_int_eq(cel_env_declare_function(env, "aa_test", "(int) -> bool", NULL), 0);
    ck_assert_int_eq(cel_env_declare_function(env, "zz.test", "string.(int) -> int", NULL), 0);
    signatures = cel_env_signatures(env, "zz.test", &count);
    ck_assert_uint_eq(count, 2);
    ck_assert(!signatures[0].receiver && signatures[1].receiver);
    ck_assert_ptr_null(signatures[0].overload->call);
    ck_assert_ptr_null(cel_env_signatures(env, "zz", &count));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(a_wrong_name_finds_the_near_one)
{
    ck_assert_int_eq(declare("event.type", "string"), 0);
    ck_assert_int_eq(cel_env_declare_function(env, "zz.test", "(int) -> int", NULL), 0);
    ck_assert_str_eq(cel_env_nearest(env, "event.tpye", false), "event.type");
    ck_assert_ptr_null(cel_env_nearest(env, "event.tpye", true));
    ck_assert_str_eq(cel_env_nearest(env, "zz.tset", true), "zz.test");
    ck_assert_ptr_null(cel_env_nearest(env, "zz.tset", false));
}
END_TEST

START_TEST(the_container_can_be_taken_back)
{
    ck_assert_str_eq(cel_env_container(env), "");
    ck_assert_int_eq(cel_env_set_container(env, "a.b", NULL), 0);
    ck_assert_str_eq(cel_env_container(env), "a.b");
    ck_assert_int_eq(cel_env_set_container(env, "", NULL), 0);
    ck_assert_str_eq(cel_env_container(env), "");
}
END_TEST

START_TEST(one_stands_on_another)
{
    struct cel_env *above;
    struct error err = {0};
    size_t own, inherited;
    int slot = -1;

    ck_assert_int_eq(declare("event.type", "string"), 0);
    ck_assert_int_eq(declare("event.count", "int"), 0);
    above = cel_env_extend(env, &err);
    ck_assert_msg(above != NULL, "%s", error_text(&err));
    ck_assert_int_eq(cel_env_declare(above, "event.type", "string", NULL, &err), -1);
    ck_assert_int_eq(cel_env_declare_function(above, "f", "() -> int", &err), -1);
    for (int i = 0; i < 20; i++) {
        char name[16];

        snprintf(name, sizeof(name), "vars.v%d", i);
        ck_assert_int_eq(cel_env_declare(above, name, "bool", &slot, &err), 0);
        ck_assert_int_eq(slot, i + 2);
    }
    ck_assert_uint_eq(cel_env_slots(above), 22);
    ck_assert_uint_eq(cel_env_slots(env), 2);
    ck_assert_str_eq(cel_env_slot_name(above, 1), "event.count");
    ck_assert_str_eq(cel_env_slot_name(above, 21), "vars.v19");
    ck_assert_int_eq(cel_env_slot_type(above, 1)->kind, CEL_INT);
    ck_assert_int_eq(cel_env_slot_type(above, 2)->kind, CEL_BOOL);
    ck_assert_int_eq(cel_env_find(above, "event.type", NULL), 0);
    ck_assert_int_eq(cel_env_find(env, "vars.v0", NULL), -1);
    ck_assert_str_eq(cel_env_first_within(above, "event"), "event.type");
    ck_assert_str_eq(cel_env_nearest(above, "event.tpye", false), "event.type");
    ck_assert_ptr_nonnull(cel_env_nearest(above, "vars.w1", false));
    ck_assert_ptr_eq(cel_env_signatures(above, "size", &inherited),
                     cel_env_signatures(env, "size", &own));
    ck_assert_uint_eq(inherited, own);
    cel_env_destroy(above);
}
END_TEST

CHECK_MAIN_WITH("cel_env", before, after, names_and_types_that_are_none_are_refused,
                a_name_is_declared_once, there_is_a_most, slots_count_from_zero,
                functions_keep_their_overloads, a_wrong_name_finds_the_near_one,
                the_container_can_be_taken_back, one_stands_on_another)
