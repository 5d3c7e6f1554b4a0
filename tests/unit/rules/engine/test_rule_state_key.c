/* Keys of states: different values make different bytes, equal ones the same; what cannot be a part
 * of a key is refused. */
#include <string.h>

#include "rules/engine/rule_state_key.h"
#include "tests/support/check_main.h"

static struct cel_value text(const char *string)
{
    return cel_string(string, strlen(string));
}

static struct rule_state_key of(struct cel_value first, struct cel_value second)
{
    struct rule_state_key key;

    memset(&key, 0, sizeof(key));
    rule_state_key_begin(&key, 0);
    ck_assert_ptr_null(rule_state_key_add(&key, first));
    ck_assert_ptr_null(rule_state_key_add(&key, second));
    return key;
}

static bool same(struct rule_state_key a, struct rule_state_key b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

START_TEST(bytes_are_as_they_are_kept)
{
    struct rule_state_key key;

    rule_state_key_begin(&key, 3);
    ck_assert_ptr_null(rule_state_key_add(&key, text("ab")));
    ck_assert_ptr_null(rule_state_key_add(&key, cel_int(-2)));
    ck_assert_ptr_null(rule_state_key_add(&key, cel_bool(true)));
    ck_assert_uint_eq(key.length, 1 + 5 + 11 + 4);
    ck_assert_mem_eq(key.bytes, "\3\4\0\2ab\2\0\10\xff\xff\xff\xff\xff\xff\xff\xfe\1\0\1\1",
                     key.length);
}
END_TEST

START_TEST(parts_do_not_run_together)
{
    ck_assert(!same(of(text("a"), text("bc")), of(text("ab"), text("c"))));
    ck_assert(!same(of(text(""), text("x")), of(text("x"), text(""))));
    ck_assert(!same(of(text("1"), text("")), of(cel_int(1), text(""))));
    ck_assert(!same(of(cel_bool(true), text("")), of(cel_int(1), text(""))));
    ck_assert(same(of(text("a"), text("bc")), of(text("a"), text("bc"))));
}
END_TEST

START_TEST(numbers_that_are_equal_are_the_same)
{
    struct cel_value time = {.kind = CEL_TIMESTAMP, .integer = 5, .extra = 1};

    ck_assert(same(of(cel_int(7), cel_int(0)), of(cel_uint(7), cel_uint(0))));
    ck_assert(!same(of(cel_int(-1), cel_int(0)), of(cel_uint(UINT64_MAX), cel_int(0))));
    ck_assert(same(of(time, time), of(time, time)));
    ck_assert(!same(of(time, cel_int(0)), of(cel_int(5), cel_int(0))));
}
END_TEST

START_TEST(what_is_no_key_is_refused)
{
    static const char long_text[1025];
    struct rule_state_key key;
    struct cel_list list = {0};

    rule_state_key_begin(&key, 0);
    ck_assert_ptr_nonnull(rule_state_key_add(&key, cel_null()));
    ck_assert_ptr_nonnull(rule_state_key_add(&key, cel_double(1.5)));
    ck_assert_ptr_nonnull(rule_state_key_add(&key, cel_list(&list)));
    ck_assert_str_eq(rule_state_key_add(&key, cel_error("why")), "why");
    ck_assert_ptr_null(rule_state_key_add(&key, cel_string(long_text, 1024)));
    ck_assert_ptr_null(rule_state_key_add(&key, text("")));
    ck_assert_ptr_nonnull(rule_state_key_add(&key, cel_string(long_text, 1024)));
    ck_assert_uint_le(key.length, RULE_STATE_KEY_MAX);
}
END_TEST

CHECK_MAIN("rule_state_key", bytes_are_as_they_are_kept, parts_do_not_run_together,
           numbers_that_are_equal_are_the_same, what_is_no_key_is_refused)
