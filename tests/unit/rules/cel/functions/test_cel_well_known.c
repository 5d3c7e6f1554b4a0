/* The messages that are part of the language: what they refuse, then that each is a plain value. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

#define P "google.protobuf."

START_TEST(wrong_fields_are_told_with_their_place)
{
    cel_fails_at(P "Int32Value{value: 'a'}", NULL, 34, "is of type int, found string");
    cel_fails_at(P "Int32Value{value: x}", "{\"x\": null}", 34, "found null_type");
    cel_fails_at(P "UInt32Value{value: 1}", NULL, 35, "is of type uint, found int");
    cel_fails_at(P "BytesValue{value: 'a'}", NULL, 34, "is of type bytes, found string");
    cel_fails_at(P "Struct{fields: []}", NULL, 31, "is of type map<string, dyn>, found list");
    cel_fails_at(P "Value{null_value: 0}", NULL, 34, "is of type null, found int");
    cel_fails_at(P "Int32Value{value: 1 / x}", "{\"x\": 0}", 36, "division by zero");
    cel_fails_at(P "Int32Value{?value: x}", "{\"x\": 1}", 35, "must be an optional, not int");
    cel_fails_at(P "Int32Value{value: -123}.value", NULL, 40, "no such field: 'value'");
    cel_fails_at(P "Struct{fields: {'a': 1}}.fields", NULL, 41, "no such key: 'fields'");
    cel_fails(P "Int32Value{value: 1, value: 2}", "stands twice");
}
END_TEST

START_TEST(names_are_looked_at_without_the_checker_too)
{
    char answer[CEL_TEST_ANSWER];

    cel_test_answer(P "Int32Value{valu: 1}", NULL, false, answer);
    ck_assert_msg(strstr(answer, "1:28: no such field: google.protobuf.Int32Value has no 'valu'"),
                  "%s", answer);
    cel_test_answer(P "Int32Value{value: 1, value: 2}", NULL, false, answer);
    ck_assert_msg(
        strstr(answer, "1:38: google.protobuf.Int32Value: the field 'value' stands twice"), "%s",
        answer);
    cel_test_answer("a.B{c: 1}", NULL, false, answer);
    ck_assert_msg(strstr(answer, "1:4: messages are not supported"), "%s", answer);
}
END_TEST

START_TEST(what_is_out_of_range_is_refused)
{
    const char *vars = "{\"x\": 2147483648, \"y\": -2147483649}";

    cel_fails_at(P "Int32Value{value: x}", vars, 34, "2147483648 is out of range");
    cel_fails_at(P "Int32Value{value: y}", vars, 34, "-2147483649 is out of range");
    cel_fails_at(P "UInt32Value{value: uint(x) * 2u}", vars, 43, "4294967296 is out of range");
    cel_fails(P "Int32Value{value: 2147483648}", "1:35: range error");
    cel_fails(P "UInt32Value{value: 4294967296u}", "1:36: range error");
    cel_fails(P "Timestamp{nanos: -1}", "0 to 999999999");
    cel_fails(P "Timestamp{nanos: 1000000000}", "0 to 999999999");
    cel_fails(P "Timestamp{nanos: 4294967296}", "out of range");
    cel_fails(P "Timestamp{seconds: 253402300800}", "years are 0001 to 9999");
    cel_fails(P "Timestamp{seconds: -9223372036854775808}", "years are 0001 to 9999");
    cel_fails(P "Duration{seconds: 1, nanos: -1}", "with the sign of its seconds");
    cel_fails(P "Duration{seconds: -1, nanos: 1}", "with the sign of its seconds");
    cel_fails(P "Duration{nanos: 1000000000}", "-999999999 to 999999999");
    cel_fails(P "Duration{nanos: -1000000000}", "-999999999 to 999999999");
    cel_fails(P "Duration{seconds: -9223372036854775808, nanos: -1}", "out of range");
    cel_fails(P "Duration{seconds: 9223372036854775807}", "out of range");
    cel_fails(P "Duration{seconds: 9223372037}", "at most 292 years");
}
END_TEST

START_TEST(an_any_holds_nothing_known)
{
    cel_fails(P "Any{}", "conversion error");
    cel_fails(P "Any{value: b'a'}", "conversion error");
    cel_fails(P "Any{type_url: 'a.B'}", "messages are not supported");
    cel_fails_at(P "Any{}", NULL, 19, "conversion error");
}
END_TEST

START_TEST(wrappers_are_what_is_in_them)
{
    cel_holds(P "BoolValue{value: true} && !" P "BoolValue{}");
    cel_holds(P "Int32Value{value: -2147483648} == -2147483648 && " P "Int32Value{} == 0");
    cel_holds(P "Int64Value{value: 9223372036854775807} - 1 > 0 && " P "Int64Value{} == 0");
    cel_holds(P "UInt32Value{value: 4294967295u} == 4294967295u && " P "UInt32Value{} == 0u");
    cel_holds(P "UInt64Value{value: 1u} + 1u == 2u && " P "UInt64Value{} == 0u");
    cel_holds(P "DoubleValue{value: 1.333} == 1.333 && " P "DoubleValue{} == 0.0");
    cel_holds(P "StringValue{value: 'a'} + 'b' == 'ab' && " P "StringValue{} == ''");
    cel_holds(P "BytesValue{value: b'\\x00'}.size() == 1 && " P "BytesValue{} == b''");
    cel_holds(P "Int32Value{} != null && type(" P "Int32Value{}) == int");
    cel_holds(P "Int32Value{?value: optional.of(7)} == 7");
    cel_holds(P "Int32Value{?value: optional.none()} == 0");
    cel_holds("[1, 2].map(x, " P "Int32Value{value: x}) == [1, 2]");
    cel_holds(P "Int64Value{value: 34} == dyn(" P "DoubleValue{value: 34.0})");
    cel_holds("{" P "StringValue{value: 'a'}: 1}.a == 1");
}
END_TEST

START_TEST(a_float_has_32_bits)
{
    cel_holds(P "FloatValue{value: 1.333} != 1.333 && " P "FloatValue{value: 1.5} == 1.5");
    cel_holds(P "FloatValue{value: 1e-40} != 0.0 && " P "FloatValue{value: 1e-50} == 0.0");
    cel_holds(P "FloatValue{value: 1.4e55} == 1.0 / 0.0 && "
                "" P "FloatValue{value: -9.9e100} == -1.0 / 0.0");
    cel_holds("math.isNaN(" P "FloatValue{value: 0.0 / 0.0}) && " P "FloatValue{} == 0.0");
}
END_TEST

START_TEST(a_value_is_one_of_its_fields)
{
    cel_holds(P "Value{} == null");
    cel_holds(P "Value{null_value: null} == null");
    cel_holds(P "Value{null_value: " P "NullValue.NULL_VALUE} == null");
    cel_holds(P "Value{number_value: 12.5} == 12.5 && " P "Value{bool_value: false} == false");
    cel_holds(P "Value{string_value: ''} == '' && " P "Value{list_value: []} == []");
    cel_holds(P "Value{struct_value: {'a': 1.0}}.a == 1.0");
    cel_holds(P "Value{?string_value: optional.none(), bool_value: true} == true");
    cel_fails(P "Value{bool_value: true, string_value: 'a'}", "has one of its fields");
    cel_fails_at(P "Value{?bool_value: optional.of(true), string_value: 'a'}", NULL, 21,
                 "has one of its fields");
}
END_TEST

START_TEST(lists_and_structs_are_lists_and_maps)
{
    cel_holds(P "ListValue{} == [] && " P "Struct{} == {}");
    cel_holds(P "ListValue{values: [3.0, 'foo', null]} == [3.0, 'foo', null]");
    cel_holds(P "Struct{fields: {'uno': 1.0}}.uno == 1.0 && has(" P "Struct{fields: {'a': 1}}.a)");
}
END_TEST

START_TEST(times_are_seconds_and_nanos)
{
    cel_holds(P "Timestamp{} == timestamp(0)");
    cel_holds(P "Timestamp{seconds: 5, nanos: 7} == timestamp('1970-01-01T00:00:05.000000007Z')");
    cel_holds(P "Timestamp{seconds: -62135596800} == timestamp('0001-01-01T00:00:00Z')");
    cel_holds(P "Duration{} == duration('0s') && " P "Duration{nanos: -1} == duration('-1ns')");
    cel_holds(P "Duration{seconds: -5, nanos: -7} == duration('-5.000000007s')");
    cel_holds(P "Duration{seconds: 90, nanos: 500000000} == duration('1m30.5s')");
}
END_TEST

CHECK_MAIN("cel_well_known", wrong_fields_are_told_with_their_place,
           names_are_looked_at_without_the_checker_too, what_is_out_of_range_is_refused,
           an_any_holds_nothing_known, wrappers_are_what_is_in_them, a_float_has_32_bits,
           a_value_is_one_of_its_fields, lists_and_structs_are_lists_and_maps,
           times_are_seconds_and_nanos)
