/* Comprehensions: what they absorb and what not, lists and maps that grow, and the budget. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(all_and_exists_absorb_errors)
{
    cel_is_false("[1, 0, 2].all(x, 4 / x > 1 && x < 2)");
    cel_is_true("[0, 1].exists(x, 1 / x == 1)");
    cel_is_true("[1, 0].exists(x, 1 / x == 1)");
    cel_is_false("[0, 5].all(x, 10 / x > 3)");
    cel_fails_at("[0, 1].all(x, 10 / x > 3)", NULL, 17, "division by zero");
    cel_fails_at("[0, 1].exists(x, 10 / x < 3)", NULL, 20, "division by zero");
}
END_TEST

START_TEST(the_others_do_not)
{
    cel_fails_at("[1, 0].exists_one(x, 1 / x == 1)", NULL, 23, "division by zero");
    cel_fails_at("[1, 0].map(x, 1 / x)", NULL, 16, "division by zero");
    cel_fails_at("[1, 0].filter(x, 1 / x == 1)", NULL, 19, "division by zero");
    cel_fails_at("[1, 2].filter(x, x)", NULL, 17, "no such overload");
    cel_fails_at("{'a': 0}.map(k, k.size() / 0)", NULL, 25, "division by zero");
}
END_TEST

START_TEST(only_lists_and_maps_have_elements)
{
    cel_fails_at("x.map(y, y)", "{\"x\": \"abc\"}", 0, "a value of type string has no elements");
    cel_fails_at("x.all(y, y)", "{\"x\": null}", 0, "null_type has no elements");
    cel_fails_at("(1 / 0).map(y, y)", NULL, 3, "division by zero");
}
END_TEST

START_TEST(lists_grow_in_order)
{
    cel_gives("[3, 1, 2].map(x, x * 10)", NULL,
              "{\"listValue\":{\"values\":[{\"int64Value\":\"30\"},{\"int64Value\":\"10\"},"
              "{\"int64Value\":\"20\"}]}}");
    cel_is_true("[1, 2, 3, 4].filter(x, x % 2 == 0) == [2, 4]");
    cel_is_true("[1, 2, 3, 4].map(x, x % 2 == 0, x * x) == [4, 16]");
    cel_is_true("{'a': 1, 'b': 2}.map(k, k) == ['a', 'b']");
    cel_is_true("[[1, 2], [3]].map(l, l.map(x, x + 1)) == [[2, 3], [4]]");
    cel_is_true("[1, 2].map(x, [x].map(y, y + x)) == [[2], [4]]");
    cel_is_true("[].map(x, x / 0) == []");
    cel_is_true("[1, 2, 3].exists_one(x, x > 2) && ![1, 2, 3].exists_one(x, x > 1)");
}
END_TEST

START_TEST(two_variables_see_index_and_key)
{
    cel_is_true("[5, 6].all(i, v, v == i + 5)");
    cel_is_true("{'a': 'x', 'b': 'y'}.exists(k, v, k == 'b' && v == 'y')");
    cel_is_true("[7, 8].transformList(i, v, v - i) == [7, 7]");
    cel_is_true("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2) == {'b': 4}");
    cel_is_true("['x', 'y'].transformMapEntry(i, v, {v: i}) == {'x': 0, 'y': 1}");
    cel_fails_at("['x', 'x'].transformMapEntry(i, v, {v: i})", NULL, 11, "repeated key: 'x'");
}
END_TEST

START_TEST(names_hide_what_is_outside)
{
    cel_gives("[1, 2].map(x, x).size() + x", "{\"x\": 40}", "{\"int64Value\":\"42\"}");
    cel_gives("[[1], [2]].map(x, x.map(x, x * 3)[0])", "{\"x\": 1}",
              "{\"listValue\":{\"values\":[{\"int64Value\":\"3\"},{\"int64Value\":\"6\"}]}}");
    cel_gives("cel.bind(x, 2, cel.bind(x, x + 1, x * 10))", "{\"x\": 1}",
              "{\"int64Value\":\"30\"}");
    cel_gives("cel.bind(broken, 1 / 0, true || broken > 1)", NULL, "{\"boolValue\":true}");
    cel_fails_at("cel.bind(broken, 1 / 0, broken > 1)", NULL, 19, "division by zero");
}
END_TEST

static const char FOUR_DEEP[] = "x.all(a, x.all(b, x.all(c, x.all(d, a + b + c + d < 1000))))";

START_TEST(the_budget_ends_it)
{
    char vars[2048] = "{\"x\": [0", answer[CEL_TEST_ANSWER];

    for (int i = 1; i < 100; i++)
        sprintf(vars + strlen(vars), ",%d", i);
    strcat(vars, "]}");
    cel_test_answer(FOUR_DEEP, vars, false, answer);
    ck_assert_msg(strstr(answer, "over budget"), "%s", answer);
    cel_gives("x.all(a, x.all(b, a + b < 1000))", vars, "{\"boolValue\":true}");
    /* An error that is absorbed does not buy more. */
    cel_test_answer("x.map(a, x.map(b, x.map(c, x.map(d, [a, b, c, d]))))", vars, false, answer);
    ck_assert_msg(strstr(answer, "over budget") || strstr(answer, "out of memory"), "%s", answer);
}
END_TEST

START_TEST(what_shares_its_parts_is_not_compared_for_ever)
{
    char source[4096] = "", answer[CEL_TEST_ANSWER];

    for (int i = 0; i < 40; i++) /* each holds the one before twice */
        sprintf(source + strlen(source), "cel.bind(v%d, %s%d%s%d%s, ", i, i ? "[v" : "[",
                i ? i - 1 : 1, i ? ", v" : ", ", i ? i - 1 : 1, "]");
    strcat(source, "v39 == v39");
    for (int i = 0; i < 40; i++)
        strcat(source, ")");
    cel_test_answer(source, NULL, false, answer);
    ck_assert_msg(strstr(answer, "over budget"), "%s", answer);
    *strstr(source, "v39 == v39") = ' ';
    memcpy(strstr(source, " 39 == v39"), "       v39", 10);
    cel_test_answer(source, NULL, false, answer);
    ck_assert_str_eq(answer, "no form as JSON");
}
END_TEST

CHECK_MAIN("cel_loop", all_and_exists_absorb_errors, the_others_do_not,
           only_lists_and_maps_have_elements, lists_grow_in_order, two_variables_see_index_and_key,
           names_hide_what_is_outside, the_budget_ends_it,
           what_shares_its_parts_is_not_compared_for_ever)
