/* JSON from outside: hostile documents are refused with their place; typed reads name the field. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "tests/support/check_main.h"

#define CAP (8 * 1024 * 1024)

static json_t *parse(const char *text)
{
    return json_parse(text, strlen(text), CAP, NULL);
}

static void ck_refused_bytes(const char *bytes, size_t length, const char *message)
{
    struct error err = {0};
    json_t *value = json_parse(bytes, length, CAP, &err);

    ck_assert_msg(!value, "accepted: %.60s", bytes);
    ck_assert_str_eq(error_text(&err), message);
    ck_assert_int_eq(err.code, ERROR_INVALID);
}

static void ck_refused(const char *text, const char *message)
{
    ck_refused_bytes(text, strlen(text), message);
}

static void ck_refused_repeat(const char *before, const char *unit, size_t count, const char *after,
                              const char *message)
{
    struct text text = {0};

    text_append(&text, before, strlen(before));
    for (size_t i = 0; i < count; i++)
        text_append(&text, unit, strlen(unit));
    text_append(&text, after, strlen(after));
    ck_assert(text_ok(&text));
    ck_refused_bytes(text.bytes, text.length, message);
    text_clear(&text);
}

START_TEST(what_is_not_json_is_refused)
{
    ck_refused_bytes(NULL, 0, "1:0: '[' or '{' expected");
    ck_refused("", "1:0: '[' or '{' expected");
    ck_refused("5", "1:1: '[' or '{' expected");
    ck_refused("{} x", "1:4: end of file expected");
    ck_refused("{\"a\": 1,}", "1:9: string or '}' expected");
    ck_refused("{\n\"a\": nul}", "2:8: invalid token");
    ck_refused("[NaN]", "1:4: invalid token");
    ck_refused("\xef\xbb\xbf{}", "1:1: '[' or '{' expected");
}
END_TEST

START_TEST(hostile_strings_are_refused)
{
    ck_refused("{\"a\": \"\\u0000\"}", "1:14: \\u0000 is not allowed");
    ck_refused("{\"\\u0000\": 1}", "1:9: NUL byte in object key not supported");
    ck_refused("{\"a\": \"\\ud800\"}", "1:14: invalid Unicode '\\uD800'");
    ck_refused("{\"a\": \"\\udc00x\"}", "1:15: invalid Unicode '\\uDC00'");
    ck_refused("{\"a\": \"\\ud800\\u0041\"}", "1:20: invalid Unicode '\\uD800\\u0041'");
    ck_refused("{\"a\": \"\xed\xa0\x80\"}", "1:7: unable to decode byte 0xed");
    ck_refused("{\"a\": \"\xc0\xaf\"}", "1:7: unable to decode byte 0xc0");
    ck_refused_bytes("{\"a\": \"\0\"}", 10, "1:7: control character 0x0");
    ck_refused("{\"a\": \"x\ny\"}", "1:8: unexpected newline");
    ck_refused("{\"a\": \"x", "1:8: premature end of input");
    ck_refused("{\"a\": \"\\", "1:8: invalid escape");
    ck_refused("\"", "1:1: premature end of input");
}
END_TEST

START_TEST(numbers_out_of_range_are_refused)
{
    ck_refused("{\"a\": 1e400000}", "1:14: real number overflow");
    ck_refused("{\"a\": -1e400000}", "1:15: real number overflow");
    ck_refused("{\"a\": 9223372036854775808}", "1:25: too big integer");
    ck_refused("{\"a\": 01}", "1:7: invalid token");
}
END_TEST

START_TEST(duplicate_keys_are_refused)
{
    ck_refused("{\"a\": 1, \"a\": 2}", "1:12: duplicate object key");
    ck_refused("{\"a\": 1, \"\\u0061\": 2}", "1:17: duplicate object key");
}
END_TEST

START_TEST(depth_is_refused_before_the_parser_recurses)
{
    ck_refused_repeat("", "[", 10000, "", "1:65: nested deeper than 64 levels");
    ck_refused_repeat("{\"a\":\n", "{\"a\":\n", 10000, "", "65:1: nested deeper than 64 levels");
    ck_refused_repeat("", "[", CAP, "", "1:65: nested deeper than 64 levels");
    ck_refused_repeat("[\"é\",", "[", 64, "", "1:69: nested deeper than 64 levels");
}
END_TEST

START_TEST(brackets_in_strings_are_no_depth)
{
    json_t *value =
        parse("{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
              "[[\\\"[[[[[[[\\\\\"}");

    ck_assert_ptr_nonnull(value);
    json_decref(value);
    value = parse("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                  "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    ck_assert_ptr_nonnull(value);
    json_decref(value);
}
END_TEST

START_TEST(long_keys_are_refused_long_values_are_not)
{
    struct text text = {0};
    json_t *value;

    ck_refused_repeat("{\"", "k", 1024 * 1024, "\": 1}", "1:2: a key longer than 1024 bytes");
    ck_refused_repeat("{\n \"", "k", 1025, "\" \n : 1}", "2:2: a key longer than 1024 bytes");
    text_format(&text, "{\"%01024d\": \"%01048576d\"}", 0, 0);
    value = parse(text_string(&text));
    ck_assert_ptr_nonnull(value);
    json_decref(value);
    text_clear(&text);
}
END_TEST

START_TEST(the_callers_cap_holds)
{
    struct error err = {0};

    ck_assert_ptr_null(json_parse("[1234]", 6, 5, &err));
    ck_assert_str_eq(error_text(&err), "1:1: larger than 5 bytes");
}
END_TEST

START_TEST(errors_do_not_repeat_the_document)
{
    struct error err = {0};
    const char *text = "{\"password\": \"hunter2\" \"hunter2\"}";

    ck_assert_ptr_null(json_parse(text, strlen(text), CAP, &err));
    ck_assert_ptr_null(strstr(error_text(&err), "hunter2"));
    ck_assert_int_eq(strncmp(error_text(&err), "1:32: ", 6), 0);
}
END_TEST

START_TEST(strings_are_read_by_name)
{
    json_t *object = parse("{\"s\": \"text\", \"n\": 1, \"z\": null}");
    const char *value = "untouched";
    struct error err = {0};

    ck_assert_int_eq(json_read_string(NULL, "s", 9, &value, &err), -1);
    ck_assert_str_eq(error_text(&err), "must be an object with s, not nothing");
    ck_assert_int_eq(json_read_string(object, "none", 9, &value, &err), 0);
    ck_assert_int_eq(json_read_string(object, "z", 9, &value, &err), 0);
    ck_assert_int_eq(json_read_string(object, "n", 9, &value, &err), -1);
    ck_assert_str_eq(error_text(&err), "n must be a string, not a number");
    ck_assert_int_eq(json_read_string(object, "s", 3, &value, &err), -1);
    ck_assert_str_eq(error_text(&err), "s is longer than 3 bytes");
    ck_assert_str_eq(value, "untouched");
    ck_assert_int_eq(json_read_string(object, "s", 4, &value, &err), 1);
    ck_assert_str_eq(value, "text");
    json_decref(object);
}
END_TEST

START_TEST(numbers_and_booleans_are_read_by_name)
{
    json_t *object = parse("{\"n\": 7, \"f\": 7.0, \"b\": true, \"z\": null}");
    struct error err = {0};
    int64_t number = -1;
    bool flag = false;

    ck_assert_int_eq(json_read_int(object, "f", 0, 9, &number, &err), -1);
    ck_assert_str_eq(error_text(&err), "f must be a whole number, not a fraction");
    ck_assert_int_eq(json_read_int(object, "n", 8, 9, &number, &err), -1);
    ck_assert_str_eq(error_text(&err), "n must be 8 to 9, not 7");
    ck_assert_int_eq(json_read_int(object, "z", 0, 9, &number, &err), 0);
    ck_assert_int_eq(number, -1);
    ck_assert_int_eq(json_read_int(object, "n", 7, 7, &number, &err), 1);
    ck_assert_int_eq(number, 7);
    ck_assert_int_eq(json_read_bool(object, "n", &flag, &err), -1);
    ck_assert_str_eq(error_text(&err), "n must be true or false, not a number");
    ck_assert_int_eq(json_read_bool(object, "z", &flag, &err), 0);
    ck_assert(!flag);
    ck_assert_int_eq(json_read_bool(object, "b", &flag, &err), 1);
    ck_assert(flag);
    json_decref(object);
}
END_TEST

START_TEST(unknown_fields_name_the_nearest)
{
    static const char *const known[] = {"target_mac", "image_id", NULL};
    json_t *good = parse("{\"image_id\": 1}"), *typo = parse("{\"targetmac\": 1}");
    json_t *hostile = parse("{\"\\u001b[2J\": 1}"), *array = parse("[]");
    struct error err = {0};

    ck_assert_int_eq(json_refuse_unknown(good, known, &err), 0);
    ck_assert_int_eq(json_refuse_unknown(typo, known, &err), -1);
    ck_assert_str_eq(error_text(&err), "unknown field \"targetmac\": is it target_mac?");
    ck_assert_int_eq(json_refuse_unknown(hostile, known, &err), -1);
    ck_assert_str_eq(error_text(&err), "unknown field \"?[2J\"");
    ck_assert_int_eq(json_refuse_unknown(array, known, &err), -1);
    ck_assert_str_eq(error_text(&err), "must be an object, not an array");
    json_decref(good);
    json_decref(typo);
    json_decref(hostile);
    json_decref(array);
}
END_TEST

CHECK_MAIN("json", what_is_not_json_is_refused, hostile_strings_are_refused,
           numbers_out_of_range_are_refused, duplicate_keys_are_refused,
           depth_is_refused_before_the_parser_recurses, brackets_in_strings_are_no_depth,
           long_keys_are_refused_long_values_are_not, the_callers_cap_holds,
           errors_do_not_repeat_the_document, strings_are_read_by_name,
           numbers_and_booleans_are_read_by_name, unknown_fields_name_the_nearest)
