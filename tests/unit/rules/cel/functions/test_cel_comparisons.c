/* == != < <= > >= as expressions; the values themselves: test_cel_value.c. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(order_without_meaning_is_an_error)
{
    cel_fails_at("'a' < 1", NULL, 4, "no such overload: _<_(string, int)");
    cel_fails_at("null <= null", NULL, 5, "no such overload: _<=_(null_type, null_type)");
    cel_fails_at("[1] > [0]", NULL, 4, "no such overload: _>_(list, list)");
    cel_fails_at("x >= 1", "{\"x\": {}}", 2, "no such overload: _>=_(map, int)");
    cel_fails_at("0.0 / 0.0 < 'a'", NULL, 10, "no such overload");
    cel_fails_at("1 / 0 < 1", NULL, 2, "division by zero");
    cel_fails_at("1 < 1 / 0", NULL, 6, "division by zero");
    cel_fails_at("1 == 1 / 0", NULL, 7, "division by zero");
}
END_TEST

START_TEST(numbers_of_all_kinds_are_in_order)
{
    cel_is_true("1 < 1.5 && 1u <= 1 && 2.0 > 1u && -1 < 0u && 1 >= 1.0");
    cel_is_true("9007199254740993 > 9007199254740992.0");
    cel_is_true("dyn(9007199254740993) != 9007199254740992.0");
    cel_is_true("0.0 == -0.0");
}
END_TEST

START_TEST(nan_is_neither)
{
    cel_gives("[n < 1.0, n <= 1.0, n > 1, n >= 1u, n == n, n != n].map(x, string(x)).size()",
              "{\"n\": 0}", "{\"int64Value\":\"6\"}");
    cel_is_false("0.0 / 0.0 < 1.0 || 0.0 / 0.0 >= 1 || 0.0 / 0.0 == 0.0 / 0.0");
    cel_is_true("0.0 / 0.0 != 0.0 / 0.0");
}
END_TEST

START_TEST(unlike_kinds_are_only_different)
{
    const char *vars = "{\"s\": \"1\", \"i\": 1, \"n\": null, \"l\": [1], \"m\": {\"a\": 1}}";

    cel_gives("s == i || n == i || l == m || i == 'x'", vars, "{\"boolValue\":false}");
    cel_gives("s != i && n != l && m != n && i != 'x'", vars, "{\"boolValue\":true}");
    cel_gives("l == [1.0] && m == {'a': 1u} && n == null && m != {'a': 2}", vars,
              "{\"boolValue\":true}");
}
END_TEST

CHECK_MAIN("cel_comparisons", order_without_meaning_is_an_error, numbers_of_all_kinds_are_in_order,
           nan_is_neither, unlike_kinds_are_only_different)
