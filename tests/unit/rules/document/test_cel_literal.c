/* Literals of CEL: what each means, what is refused and where. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/document/cel_literal.h"
#include "tests/support/check_main.h"

static void ck_refused(const char *expression, size_t column, const char *message)
{
    enum cel_literal_type type;
    struct error err = {0};
    char *text = NULL;
    size_t at = 0;

    ck_assert_msg(cel_literal_parse(expression, &type, &text, &at, &err) == -1, "taken: %s",
                  expression);
    ck_assert_str_eq(error_text(&err), message);
    ck_assert_msg(at == column, "%s: at %zu", expression, at);
    ck_assert_ptr_null(text);
    ck_assert_int_eq(err.code, ERROR_INVALID);
}

static void ck_value(const char *expression, enum cel_literal_type wanted, const char *value)
{
    enum cel_literal_type type;
    struct error err = {0};
    char *text = NULL;
    size_t at;

    ck_assert_msg(cel_literal_parse(expression, &type, &text, &at, &err) == 0, "%s: %s", expression,
                  error_text(&err));
    ck_assert_int_eq(type, wanted);
    ck_assert_str_eq(text, value);
    free(text);
}

#define ONLY "only a CEL literal is supported by this version, such as 'c0', 2, 2u, 1.5 or true"
#define MORE "more than a literal: expressions are not supported by this version"

START_TEST(what_is_no_literal_is_refused)
{
    ck_refused("", 1, "the expression is empty");
    ck_refused("  ", 3, "the expression is empty");
    ck_refused("c0", 1, ONLY);
    ck_refused(" event.component.id", 2, ONLY);
    ck_refused("[1]", 1, ONLY);
    ck_refused("{'a': 1}", 1, ONLY);
    ck_refused("(1)", 1, ONLY);
    ck_refused("!true", 1, ONLY);
    ck_refused("truer", 1, ONLY);
    ck_refused("null", 1, "null is no value for a parameter: leave the parameter out");
    ck_refused("b'x'", 1, "bytes are no value for a parameter: write a string");
    ck_refused("rb'x'", 1, ONLY);
    ck_refused("br\"x\"", 1, "bytes are no value for a parameter: write a string");
    ck_refused("\xff", 1, "the expression must be UTF-8 text");
}
END_TEST

START_TEST(what_follows_a_literal_is_refused_where_it_starts)
{
    ck_refused("1 + 1", 3, MORE);
    ck_refused("'a' + 'b'", 5, MORE);
    ck_refused("'ä' 'b'", 5, MORE);
    ck_refused("2.", 2, MORE);
    ck_refused("2ux", 3, MORE);
    ck_refused("0xg", 2, MORE);
    ck_refused("1.5u", 4, MORE);
    ck_refused("true // yes", 6, MORE);
    ck_refused("'a''b'", 4, MORE);
}
END_TEST

START_TEST(broken_strings_are_refused)
{
    ck_refused("'a", 1, "this string is not closed");
    ck_refused("'a\"", 1, "this string is not closed");
    ck_refused(" 'a\n'", 2, "this string is not closed");
    ck_refused("'''a''", 1, "this string is not closed");
    ck_refused("'\\", 2, "CEL has no such escape: a backslash itself is written \\\\");
    ck_refused("'a\\q'", 3, "CEL has no such escape: a backslash itself is written \\\\");
    ck_refused("'\\8'", 2, "CEL has no such escape: a backslash itself is written \\\\");
    ck_refused("'\\07'", 2, "this escape takes 3 octal digits");
    ck_refused("'\\xg1'", 2, "this escape takes 2 hexadecimal digits");
    ck_refused("'\\u12'", 2, "this escape takes 4 hexadecimal digits");
    ck_refused("'\\000'", 2, "the character NUL is not allowed");
    ck_refused("'\\x00'", 2, "the character NUL is not allowed");
    ck_refused("'\\u0000'", 2, "the character NUL is not allowed");
    ck_refused("'\\ud800'", 2, "this escape names no character of Unicode");
    ck_refused("'\\U00110000'", 2, "this escape names no character of Unicode");
    ck_refused("'\\Uffffffff'", 2, "this escape names no character of Unicode");
}
END_TEST

START_TEST(numbers_out_of_range_are_refused)
{
    ck_refused("9223372036854775808", 1, "this number is too large");
    ck_refused("-9223372036854775809", 1, "this number is too large");
    ck_refused("99999999999999999999999999", 1, "this number is too large");
    ck_refused("18446744073709551616u", 1, "this number is too large");
    ck_refused("0x8000000000000000", 1, "this number is too large");
    ck_refused("1e400", 1, "this number is too large");
    ck_refused("-2u", 1, "an unsigned number cannot be negative");
    ck_refused("-", 1, "a number must have digits");
    ck_refused("- 2", 1, "a number must have digits");
    ck_refused("-x", 1, "a number must have digits");
}
END_TEST

START_TEST(strings_in_every_quoting)
{
    ck_value("'c0'", CEL_LITERAL_STRING, "c0");
    ck_value(" \"c0\" ", CEL_LITERAL_STRING, "c0");
    ck_value("''", CEL_LITERAL_STRING, "");
    ck_value("'''it's'''", CEL_LITERAL_STRING, "it's");
    ck_value("\"\"\"a\n\"b\"\"\"", CEL_LITERAL_STRING, "a\n\"b");
    ck_value("r'\\d+'", CEL_LITERAL_STRING, "\\d+");
    ck_value("R\"\\\"", CEL_LITERAL_STRING, "\\");
    ck_value("'\\\\ \\\" \\' \\` \\? \\n\\t'", CEL_LITERAL_STRING, "\\ \" ' ` ? \n\t");
    ck_value("'\\x41\\X42\\103\\u00e4\\U0001F600'", CEL_LITERAL_STRING,
             "ABC\xc3\xa4\xf0\x9f\x98\x80");
    ck_value("'\xc3\xa4'", CEL_LITERAL_STRING, "\xc3\xa4");
    ck_value("'\\xe4'", CEL_LITERAL_STRING, "\xc3\xa4");
}
END_TEST

START_TEST(numbers_and_booleans)
{
    ck_value("2", CEL_LITERAL_INT, "2");
    ck_value("-3", CEL_LITERAL_INT, "-3");
    ck_value("-0", CEL_LITERAL_INT, "0");
    ck_value("007", CEL_LITERAL_INT, "7");
    ck_value("0x1F", CEL_LITERAL_INT, "31");
    ck_value("9223372036854775807", CEL_LITERAL_INT, "9223372036854775807");
    ck_value("-9223372036854775808", CEL_LITERAL_INT, "-9223372036854775808");
    ck_value("2u", CEL_LITERAL_UINT, "2");
    ck_value("18446744073709551615U", CEL_LITERAL_UINT, "18446744073709551615");
    ck_value("0xfu", CEL_LITERAL_UINT, "15");
    ck_value("1.5", CEL_LITERAL_DOUBLE, "1.5");
    ck_value("-.5", CEL_LITERAL_DOUBLE, "-0.5");
    ck_value("0.1", CEL_LITERAL_DOUBLE, "0.1");
    ck_value("1e3", CEL_LITERAL_DOUBLE, "1000");
    ck_value("1.5E-7", CEL_LITERAL_DOUBLE, "1.5e-07");
    ck_value("1e22", CEL_LITERAL_DOUBLE, "1e+22");
    ck_value("true", CEL_LITERAL_BOOL, "true");
    ck_value(" false ", CEL_LITERAL_BOOL, "false");
}
END_TEST

CHECK_MAIN("cel_literal", what_is_no_literal_is_refused,
           what_follows_a_literal_is_refused_where_it_starts, broken_strings_are_refused,
           numbers_out_of_range_are_refused, strings_in_every_quoting, numbers_and_booleans)
