/* ! && || ?: absorb errors, whichever side they stand on; other values than bool are errors. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(what_decides_wins_over_an_error)
{
    cel_is_false("false && 1 / 0 > 0");
    cel_is_false("1 / 0 > 0 && false");
    cel_is_true("true || 1 / 0 > 0");
    cel_is_true("1 / 0 > 0 || true");
    cel_is_true("a.void() || true");
    cel_is_true("true || no.such.name");
    cel_is_false("x && false && 1 / 0 > 0 || false");
    cel_gives("x || b", "{\"x\": 5, \"b\": true}", "{\"boolValue\":true}");
    cel_gives("x && b", "{\"x\": 5, \"b\": false}", "{\"boolValue\":false}");
}
END_TEST

START_TEST(what_decides_nothing_leaves_the_error)
{
    cel_fails_at("true && 1 / 0 > 0", NULL, 10, "division by zero");
    cel_fails_at("1 / 0 > 0 || false", NULL, 2, "division by zero");
    cel_fails_at("a.void() || false", NULL, 2, "undeclared reference to 'void'");
    /* An error says more than a wrong kind. */
    cel_fails_at("x || 1 / 0 > 0", "{\"x\": 5}", 7, "division by zero");
    cel_fails_at("x && true", "{\"x\": 5}", 2, "no such overload: _&&_(int)");
    cel_fails_at("false || 'a'", NULL, 6, "no such overload: _||_(string)");
    cel_fails_at("!x", "{\"x\": 0}", 0, "no such overload: !_(int)");
}
END_TEST

START_TEST(only_the_chosen_side_is_evaluated)
{
    cel_gives("true ? 1 : 1 / 0", NULL, "{\"int64Value\":\"1\"}");
    cel_gives("b ? 1 / 0 : 'x'", "{\"b\": false}", "{\"stringValue\":\"x\"}");
    cel_fails_at("1 / 0 > 0 ? 1 : 2", NULL, 2, "division by zero");
    cel_fails_at("n ? 1 : 2", "{\"n\": 1}", 2, "no such overload: _?_:_(int)");
}
END_TEST

START_TEST(many_in_a_row_are_one)
{
    cel_gives("a && b && c && d", "{\"a\": true, \"b\": true, \"c\": true, \"d\": true}",
              "{\"boolValue\":true}");
    cel_gives("a && (b && (c && d))", "{\"a\": true, \"b\": true, \"c\": true, \"d\": false}",
              "{\"boolValue\":false}");
    cel_gives("a || b && c || d", "{\"a\": false, \"b\": true, \"c\": true, \"d\": false}",
              "{\"boolValue\":true}");
    cel_is_true("true && true && true");
    cel_is_false("false || false");
}
END_TEST

CHECK_MAIN("cel_logic", what_decides_wins_over_an_error, what_decides_nothing_leaves_the_error,
           only_the_chosen_side_is_evaluated, many_in_a_row_are_one)
