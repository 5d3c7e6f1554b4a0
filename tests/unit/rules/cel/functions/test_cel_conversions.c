/* int() uint() double() string() bytes() bool() timestamp() duration() dyn() type() */
#include <math.h>

#include "common/text.h"
#include "rules/cel/cel_conversions.h"
#include "rules/cel/functions/cel_standard.h"
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(what_the_other_type_cannot_hold_is_an_error)
{
    cel_fails_at("int(18446744073709551615u)", NULL, 0, "range");
    cel_fails_at("int(9223372036854775807.0)", NULL, 0, "range");
    cel_fails_at("int(-9223372036854775808.0)", NULL, 0, "range");
    cel_fails_at("int(0.0 / 0.0)", NULL, 0, "range");
    cel_fails_at("int('9223372036854775808')", NULL, 0, "range");
    cel_fails_at("int('-9223372036854775809')", NULL, 0, "range");
    cel_fails_at("uint(-1)", NULL, 0, "range");
    cel_fails_at("uint(-1.0)", NULL, 0, "range");
    cel_fails_at("uint(1e20)", NULL, 0, "range");
    cel_fails_at("uint('18446744073709551616')", NULL, 0, "range");
    cel_fails_at("timestamp(253402300800)", NULL, 0, "range");
    cel_fails_at("timestamp(-62135596801)", NULL, 0, "range");
    cel_fails_at("string(b'\\xff')", NULL, 0, "UTF-8");
    cel_fails_at("string(b'\\xed\\xa0\\x80')", NULL, 0, "UTF-8");
    cel_fails_at("string(b'\\xc0\\x80')", NULL, 0, "UTF-8");
    cel_fails_at("string(b'\\xf4\\x90\\x80\\x80')", NULL, 0, "UTF-8");
    cel_fails_at("string(b'a\\xe2\\x82')", NULL, 0, "UTF-8");
}
END_TEST

START_TEST(texts_that_are_no_numbers_are_refused)
{
    static const char *const SOURCES[] = {
        "int('')",       "int('1.0')",     "int(' 1')",    "int('0x1')",       "int('-')",
        "int('1\\x00')", "uint('-1')",     "uint('')",     "uint('+1')",       "double('')",
        "double(' 1')",  "double('0x10')", "double('1e')", "double('nan(1)')", "double('1,5')",
        "bool('TrUe')",  "bool('yes')",    "bool('')",     "double('1\\x00')", "int('１')",
    };
    char answer[CEL_TEST_ANSWER];

    for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        cel_test_answer(SOURCES[i], NULL, false, answer);
        ck_assert_msg(strstr(answer, "type conversion error"), "%s: %s", SOURCES[i], answer);
    }
}
END_TEST

START_TEST(kinds_without_a_conversion_are_refused)
{
    static const char *const SOURCES[] = {
        "int(true)",      "int(null)",  "uint([])",     "double(true)",   "string(null)",
        "string([1])",    "bytes(1)",   "bool(1)",      "timestamp(1.0)", "duration(1)",
        "duration(null)", "string({})", "double(b'1')",
    };
    char answer[CEL_TEST_ANSWER];

    for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        cel_test_answer(SOURCES[i], NULL, false, answer);
        ck_assert_msg(strstr(answer, "no such overload"), "%s: %s", SOURCES[i], answer);
    }
}
END_TEST

START_TEST(numbers_become_each_other)
{
    cel_is_true("int('-9223372036854775808') == -9223372036854775808");
    cel_is_true("int('+5') == 5 && int(7u) == 7 && int(-1.9) == -1 && int(true ? 3 : 4) == 3");
    cel_is_true("uint(1.9) == 1u && uint('18446744073709551615') == 18446744073709551615u");
    cel_is_true("double('1e3') == 1000.0 && double(3) == 3.0 && double(3u) == 3.0");
    cel_is_true("double('-inf') < 0.0 && double('Infinity') > 0.0 && double('NaN') != 0.0");
    cel_is_true("int(timestamp('1969-12-31T23:59:59.5Z')) == -1");
    cel_is_true("bool('1') && bool('t') && bool('TRUE') && !bool('0') && !bool('False')");
}
END_TEST

START_TEST(everything_becomes_text)
{
    cel_gives("string(-5)", NULL, "{\"stringValue\":\"-5\"}");
    cel_gives("string(18446744073709551615u)", NULL, "{\"stringValue\":\"18446744073709551615\"}");
    cel_gives("string(true) + string(false)", NULL, "{\"stringValue\":\"truefalse\"}");
    cel_gives("string(b'\\xc3\\xa9\\x00')", NULL, "{\"stringValue\":\"\xc3\xa9\\u0000\"}");
    cel_gives("string(timestamp(0))", NULL, "{\"stringValue\":\"1970-01-01T00:00:00Z\"}");
    cel_gives("string(duration('1h30m'))", NULL, "{\"stringValue\":\"5400s\"}");
    cel_gives("bytes('\xc3\xa9')", NULL, "{\"bytesValue\":\"w6k=\"}");
}
END_TEST

static void reads(double real, const char *expected)
{
    char text[CEL_DOUBLE_TEXT_SIZE];

    cel_double_text(real, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(doubles_are_written_shortest)
{
    reads(0.0, "0");
    reads(-0.0, "0");
    reads(1, "1");
    reads(-4.5e-3, "-0.0045");
    reads(0.1 + 0.2, "0.30000000000000004");
    reads(123456, "123456");
    reads(123.456, "123.456");
    reads(1e20, "100000000000000000000");
    reads(1e21, "1e+21");
    reads(1.5e300, "1.5e+300");
    reads(1e-6, "0.000001");
    reads(1.25e-7, "1.25e-7");
    reads(9007199254740993.0, "9007199254740992");
    reads(1.7976931348623157e308, "1.7976931348623157e+308");
    reads(5e-324, "5e-324");
    reads(NAN, "NaN");
    reads(INFINITY, "Infinity");
    reads(-INFINITY, "-Infinity");
}
END_TEST

START_TEST(types_are_values)
{
    cel_gives("type(1)", NULL, "{\"typeValue\":\"int\"}");
    cel_gives("type([])", NULL, "{\"typeValue\":\"list\"}");
    cel_gives("type(null)", NULL, "{\"typeValue\":\"null_type\"}");
    cel_gives("type(duration('1s'))", NULL, "{\"typeValue\":\"google.protobuf.Duration\"}");
    cel_is_true("type(1) == int && type(type(1)) == type && type(1u) != int");
    cel_is_true("type(dyn({})) == map");
    cel_fails_at("type(1 / 0)", NULL, 7, "division by zero");
}
END_TEST

/* Whose words they are goes into tables and JSON: a part of a character would be refused there. */
START_TEST(words_show_whole_characters)
{
    static const char *const SOURCES[] = {"int(x)",  "double(x)",   "ip(x)",
                                          "cidr(x)", "{'a': 1}[x]", "{x: 1, x + '': 2}"};
    char vars[256], answer[CEL_TEST_ANSWER];

    for (int shift = 0; shift < 3; shift++) {
        int length = snprintf(vars, sizeof(vars), "{\"x\": \"%.*s", shift, "aaa");

        for (int i = 0; i < 40; i++)
            length += snprintf(vars + length, sizeof(vars) - (size_t)length, "\xe2\x82\xac");
        snprintf(vars + length, sizeof(vars) - (size_t)length, "\"}");
        for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
            cel_test_answer(SOURCES[i], vars, false, answer);
            ck_assert_msg(strstr(answer, "'") && strstr(answer, "\xe2\x82\xac"), "%s: %s",
                          SOURCES[i], answer);
            ck_assert_msg(text_is_utf8(answer, strlen(answer)), "%s: %s", SOURCES[i], answer);
        }
    }
}
END_TEST

CHECK_MAIN("cel_conversions", what_the_other_type_cannot_hold_is_an_error,
           texts_that_are_no_numbers_are_refused, kinds_without_a_conversion_are_refused,
           numbers_become_each_other, everything_becomes_text, doubles_are_written_shortest,
           types_are_values, words_show_whole_characters)
