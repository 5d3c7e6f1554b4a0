/* + - * / % and the sign: what does not fit is an error, never a wrapped number. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(what_does_not_fit_is_an_error)
{
    static const char *const SOURCES[] = {
        "9223372036854775807 + 1",    "-9223372036854775808 + -1",
        "-9223372036854775808 - 1",   "9223372036854775807 * 2",
        "-9223372036854775808 * -1",  "-9223372036854775808 / -1",
        "-9223372036854775808 % -1",  "-(-9223372036854775808)",
        "18446744073709551615u + 1u", "0u - 1u",
        "18446744073709551615u * 2u", "5000000000 * 5000000000",
    };
    char answer[CEL_TEST_ANSWER];

    for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        cel_test_answer(SOURCES[i], NULL, false, answer);
        ck_assert_msg(strstr(answer, "overflow"), "%s: %s", SOURCES[i], answer);
    }
}
END_TEST

START_TEST(nothing_is_divided_by_zero)
{
    cel_fails_at("1 / 0", NULL, 2, "division by zero");
    cel_fails_at("1u / 0u", NULL, 3, "division by zero");
    cel_fails_at("1 % 0", NULL, 2, "modulus by zero");
    cel_fails_at("1u % 0u", NULL, 3, "modulus by zero");
    cel_gives("1.0 / 0.0", NULL, "{\"doubleValue\":\"Infinity\"}");
    cel_gives("-1.0 / 0.0", NULL, "{\"doubleValue\":\"-Infinity\"}");
    cel_gives("0.0 / 0.0", NULL, "{\"doubleValue\":\"NaN\"}");
}
END_TEST

START_TEST(nothing_is_converted)
{
    cel_fails_at("x + y", "{\"x\": 1, \"y\": 1.5}", 2, "no such overload: _+_(int, double)");
    cel_fails_at("1 + 1u", NULL, 2, "no such overload: _+_(int, uint)");
    cel_fails_at("'a' + 1", NULL, 4, "no such overload: _+_(string, int)");
    cel_fails_at("1.5 % 1.0", NULL, 4, "no such overload: _%_(double, double)");
    cel_fails_at("-'a'", NULL, 0, "no such overload");
    cel_fails_at("-(1u)", NULL, 0, "no such overload");
    cel_fails_at("[1] - [1]", NULL, 4, "no such overload");
    cel_fails_at("true + true", NULL, 5, "no such overload");
}
END_TEST

START_TEST(results_are_exact)
{
    cel_gives("7 / 2 * 2 + 7 % 2", NULL, "{\"int64Value\":\"7\"}");
    cel_gives("-7 / 2", NULL, "{\"int64Value\":\"-3\"}");
    cel_gives("-7 % 3", NULL, "{\"int64Value\":\"-1\"}");
    cel_gives("9223372036854775807 - 9223372036854775807", NULL, "{\"int64Value\":\"0\"}");
    cel_gives("18446744073709551615u / 2u", NULL, "{\"uint64Value\":\"9223372036854775807\"}");
    cel_gives("0.5 * 4.0 - 3.0", NULL, "{\"doubleValue\":-1.0}");
    cel_gives("-x", "{\"x\": 2.5}", "{\"doubleValue\":-2.5}");
}
END_TEST

START_TEST(texts_and_lists_are_joined)
{
    cel_gives("'a' + '' + 'bc'", NULL, "{\"stringValue\":\"abc\"}");
    cel_gives("b'a' + b'\\xff'", NULL, "{\"bytesValue\":\"Yf8=\"}");
    cel_gives("[1] + [] + ['a']", NULL,
              "{\"listValue\":{\"values\":[{\"int64Value\":\"1\"},{\"stringValue\":\"a\"}]}}");
    cel_gives("x + x", "{\"x\": [true]}",
              "{\"listValue\":{\"values\":[{\"boolValue\":true},{\"boolValue\":true}]}}");
}
END_TEST

START_TEST(times_are_moved_by_durations)
{
    cel_is_true("timestamp('2024-02-28T23:00:00Z') + duration('1h') == "
                "timestamp('2024-02-29T00:00:00Z')");
    cel_is_true("duration('1h') + timestamp(0) == timestamp(3600)");
    cel_is_true("timestamp(10) - timestamp(4) == duration('6s')");
    cel_is_true("timestamp(10) - duration('1m') == timestamp(-50)");
    cel_is_true("duration('1h') - duration('90m') == duration('-30m')");
    cel_fails_at("timestamp(1) + timestamp(1)", NULL, 13, "no such overload");
    cel_fails_at("duration('1s') - timestamp(1)", NULL, 15, "no such overload");
    cel_fails_at("timestamp('9999-12-31T23:59:59Z') + duration('1s')", NULL, 34, "range");
}
END_TEST

CHECK_MAIN("cel_arithmetic", what_does_not_fit_is_an_error, nothing_is_divided_by_zero,
           nothing_is_converted, results_are_exact, texts_and_lists_are_joined,
           times_are_moved_by_durations)
