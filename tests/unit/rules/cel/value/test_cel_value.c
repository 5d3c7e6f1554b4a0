/* Values: equality and order across kinds, exact to the last bit of a number. */
#include "rules/cel/cel_value.h"

#include <math.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "tests/support/check_main.h"

static struct cel_value text(const char *string)
{
    return cel_string(string, strlen(string));
}

static void orders(struct cel_value low, struct cel_value high)
{
    int order = 0;

    ck_assert(cel_value_order(low, high, &order));
    ck_assert_int_lt(order, 0);
    ck_assert(cel_value_order(high, low, &order));
    ck_assert_int_gt(order, 0);
    ck_assert(!cel_value_equal(low, high));
    ck_assert(!cel_value_equal(high, low));
}

static void equals(struct cel_value left, struct cel_value right)
{
    int order = 1;

    ck_assert(cel_value_order(left, right, &order));
    ck_assert_int_eq(order, 0);
    ck_assert(cel_value_equal(left, right));
    ck_assert(cel_value_equal(right, left));
}

START_TEST(numbers_of_different_kinds_are_compared_exactly)
{
    int64_t odd = (INT64_C(1) << 53) + 1; /* no double is this number */

    equals(cel_int(1), cel_uint(1));
    equals(cel_int(1), cel_double(1));
    equals(cel_uint(1), cel_double(1));
    equals(cel_double(0.0), cel_double(-0.0));
    equals(cel_int(0), cel_double(-0.0));
    orders(cel_double(0x1p53), cel_int(odd));
    orders(cel_int(odd), cel_double(0x1p53 + 2));
    orders(cel_double(0x1p53), cel_uint((uint64_t)odd));
    equals(cel_int(INT64_MAX), cel_double(0x1p63)); /* the one that is not exact */
    orders(cel_int(INT64_MAX - 1), cel_double(0x1p63));
    orders(cel_int(INT64_MAX), cel_double(0x1.0000000000001p63));
    orders(cel_int(INT64_MAX), cel_uint((uint64_t)INT64_MAX + 1));
    equals(cel_int(INT64_MIN), cel_double(-0x1p63));
    orders(cel_double(-0x1.0000000000001p63), cel_int(INT64_MIN));
    equals(cel_uint(UINT64_C(1) << 63), cel_double(0x1p63));
    orders(cel_uint(UINT64_MAX), cel_double(0x1p64));
    orders(cel_int(-1), cel_uint(0));
    orders(cel_double(-0.5), cel_uint(0));
    orders(cel_double(-1.5), cel_int(-1));
    orders(cel_int(-2), cel_double(-1.5));
    orders(cel_int(1), cel_double(1.5));
    orders(cel_double(-INFINITY), cel_int(INT64_MIN));
    orders(cel_uint(UINT64_MAX), cel_double(INFINITY));
}
END_TEST

START_TEST(nan_equals_nothing_and_has_no_order)
{
    const struct cel_value others[] = {cel_double(NAN), cel_double(1), cel_int(1), cel_uint(1)};
    int order;

    for (size_t i = 0; i < 4; i++) {
        ck_assert(!cel_value_equal(cel_double(NAN), others[i]));
        ck_assert(!cel_value_order(cel_double(NAN), others[i], &order));
        ck_assert(!cel_value_order(others[i], cel_double(NAN), &order));
    }
}
END_TEST

START_TEST(other_kinds_are_in_order_only_among_themselves)
{
    struct cel_value early = {.kind = CEL_TIMESTAMP, .integer = -1, .extra = 999999999};
    struct cel_value late = {.kind = CEL_TIMESTAMP, .integer = 0, .extra = 0};
    int order;

    orders(cel_bool(false), cel_bool(true));
    orders(text(""), text("a"));
    orders(text("a"), text("ab"));
    orders(text("z"), text("\xc3\xa9"));
    orders(text("\xef\xbf\xbf"), text("\xf0\x90\x80\x80")); /* U+FFFF, U+10000 */
    orders(cel_bytes("\x7f", 1), cel_bytes("\x80", 1));
    orders(early, late);
    equals(late, late);
    ck_assert(!cel_value_order(text("a"), cel_bytes("a", 1), &order));
    ck_assert(!cel_value_equal(text("a"), cel_bytes("a", 1)));
    ck_assert(!cel_value_order(cel_null(), cel_null(), &order));
    ck_assert(cel_value_equal(cel_null(), cel_null()));
    ck_assert(!cel_value_equal(cel_null(), cel_int(0)));
    ck_assert(!cel_value_equal(cel_bool(true), cel_int(1)));
}
END_TEST

static struct cel_value list_of(struct cel_list *list, const struct cel_value *items, size_t count)
{
    *list = (struct cel_list){.count = count, .items = items};
    return cel_list(list);
}

START_TEST(lists_and_optionals_are_compared_deeply)
{
    struct cel_value inner[] = {cel_int(1), text("x")}, same[] = {cel_double(1), text("x")};
    struct cel_list lists[4];
    struct cel_value left = list_of(&lists[0], inner, 2), right = list_of(&lists[1], same, 2);
    struct cel_value outer[] = {cel_null(), left}, other[] = {cel_null(), right};
    struct cel_value some = {.kind = CEL_OPTIONAL, .inner = &outer[1]};
    struct cel_value some_too = {.kind = CEL_OPTIONAL, .inner = &other[1]};
    struct cel_value none = {.kind = CEL_OPTIONAL};

    ck_assert(cel_value_equal(list_of(&lists[2], outer, 2), list_of(&lists[3], other, 2)));
    ck_assert(!cel_value_equal(list_of(&lists[2], outer, 2), list_of(&lists[3], other, 1)));
    inner[0] = cel_double(NAN);
    ck_assert(!cel_value_equal(left, left));
    inner[0] = cel_int(1);
    ck_assert(cel_value_equal(some, some_too));
    ck_assert(!cel_value_equal(some, none));
    ck_assert(cel_value_equal(none, none));
}
END_TEST

START_TEST(a_list_that_shares_its_parts_is_not_walked_for_ever)
{
    struct cel_value items[60][2];
    struct cel_list lists[60];
    uint64_t steps = 10000;

    items[0][0] = items[0][1] = cel_int(1);
    for (size_t i = 0; i < 60; i++) { /* 2^60 leaves */
        if (i > 0)
            items[i][0] = items[i][1] = cel_list(&lists[i - 1]);
        lists[i] = (struct cel_list){.count = 2, .items = items[i]};
    }
    ck_assert_int_eq(cel_value_compare(cel_list(&lists[59]), cel_list(&lists[59]), &steps), -1);
    ck_assert_uint_eq(steps, 0);
    steps = 10000;
    ck_assert_int_eq(cel_value_compare(cel_list(&lists[3]), cel_list(&lists[3]), &steps), 1);
    ck_assert_uint_eq(steps, 10000 - 31);
}
END_TEST

START_TEST(a_value_too_deep_is_told)
{
    static struct cel_value items[CEL_VALUE_DEPTH_MAX + 1];
    static struct cel_list lists[CEL_VALUE_DEPTH_MAX + 1];
    uint64_t steps = UINT64_MAX;

    for (size_t i = 0; i <= CEL_VALUE_DEPTH_MAX; i++) {
        items[i] = i == 0 ? cel_int(1) : cel_list(&lists[i - 1]);
        lists[i] = (struct cel_list){.count = 1, .items = &items[i]};
    }
    ck_assert_int_eq(cel_value_compare(cel_list(&lists[CEL_VALUE_DEPTH_MAX]),
                                       cel_list(&lists[CEL_VALUE_DEPTH_MAX]), &steps),
                     -1);
    ck_assert_int_eq(cel_value_compare(cel_list(&lists[CEL_VALUE_DEPTH_MAX - 2]),
                                       cel_list(&lists[CEL_VALUE_DEPTH_MAX - 2]), &steps),
                     1);
}
END_TEST

START_TEST(errors_say_what_was_given)
{
    struct cel_arena *arena = cel_arena_create(4096);
    const struct cel_value args[] = {cel_int(1), text("x")};
    struct cel_value error = cel_no_overload(arena, "_+_", args, 2);

    ck_assert(cel_is(error, CEL_ERROR));
    ck_assert_str_eq(error.text, "no such overload: _+_(int, string)");
    ck_assert_uint_eq(error.extra, CEL_NOWHERE);
    cel_arena_destroy(arena);
    arena = cel_arena_create(8);
    ck_assert_str_eq(cel_no_overload(arena, "_+_", args, 2).text, cel_out_of_memory().text);
    cel_arena_destroy(arena);
}
END_TEST

START_TEST(a_string_is_as_long_as_its_code_points)
{
    ck_assert_uint_eq(cel_string_size(text("")), 0);
    ck_assert_uint_eq(cel_string_size(text("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb1")), 4);
}
END_TEST

CHECK_MAIN("cel_value", numbers_of_different_kinds_are_compared_exactly,
           nan_equals_nothing_and_has_no_order, other_kinds_are_in_order_only_among_themselves,
           lists_and_optionals_are_compared_deeply,
           a_list_that_shares_its_parts_is_not_walked_for_ever, a_value_too_deep_is_told,
           errors_say_what_was_given, a_string_is_as_long_as_its_code_points)
