/* Each clause with what it takes, and the words when it is given something else. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(clauses_that_are_none)
{
    cel_fails("'%a'.format([1])", "unrecognized formatting clause \"a\"");
    cel_fails("'%E'.format([1.5])", "unrecognized formatting clause \"E\"");
    cel_fails("'%5d'.format([1])", "unrecognized formatting clause \"5\"");
    cel_fails("'%é'.format([1])", "unrecognized formatting clause \"é\"");
    cel_fails("'%'.format([1])", "the text ends in it");
    cel_fails("'%.3'.format([1.0])", "the text ends in it");
    cel_fails("'%.101f'.format([1.0])", "at most 100");
    cel_fails("'%.99999999999999999999f'.format([1.0])", "at most 100");
}
END_TEST

START_TEST(values_too_few_or_too_many)
{
    cel_fails("'%d %d %d'.format([0, 1])", "index 2 out of range");
    cel_fails("'%s'.format(['a', 'b'])", "2 values are given, 1 are used");
}
END_TEST

START_TEST(values_of_the_wrong_kind)
{
    cel_fails("'%b'.format(['abc'])",
              "error during formatting: only integers and bools can be formatted as binary, was "
              "given string");
    cel_fails("'%d'.format([duration('30m2s')])",
              "decimal clause can only be used on integers, was given google.protobuf.Duration");
    cel_fails("'%d'.format([1.5])",
              "decimal clause can only be used on integers, was given double");
    cel_fails("'%o'.format(['a'])", "octal clause can only be used on integers, was given string");
    cel_fails("'%x'.format([0.5])",
              "only integers, byte buffers, and strings can be formatted as hex, was given double");
    cel_fails("'%e'.format([null])",
              "scientific clause can only be used on doubles, was given null_type");
    cel_fails("'%f'.format([1])", "fixed-point clause can only be used on doubles, was given int");
    cel_fails("'%s'.format([[optional.none()]])", "durations, and timestamps, was given optional");
}
END_TEST

START_TEST(numbers)
{
    cel_holds("'%d %d %d'.format([1, -2, 3u]) == '1 -2 3'");
    cel_holds("'%d'.format([-9223372036854775808]) == '-9223372036854775808'");
    cel_holds("'%d'.format([18446744073709551615u]) == '18446744073709551615'");
    cel_holds("'%d %f %e'.format([0.0/0.0, 1.0/0.0, -1.0/0.0]) == 'NaN Infinity -Infinity'");
    cel_holds("'%x %X %x'.format([30, 6000u, -30]) == '1e 1770 -1e'");
    cel_holds("'%x %X'.format(['Hello', b'\\xfe']) == '48656c6c6f FE'");
    cel_holds("'%o %o'.format([11, uint(65535)]) == '13 177777'");
    cel_holds("'%b %b %b %b'.format([5, -8, true, false]) == '101 -1000 1 0'");
    cel_holds("'%.3f %f %.0f %.0f'.format([1.2345, 2.71828, 2.5, 3.5001]) == '1.234 2.718280 2 4'");
    cel_holds(
        "'%.6e %e %.f'.format([1052.032911275, 2.71828, 1.0]) == '1.052033e+03 2.718280e+00 1'");
    cel_holds("'%.100f'.format([1.7e308]).size() == 410");
}
END_TEST

START_TEST(texts)
{
    cel_holds("'%% %s%%'.format(['a']) == '% a%' && ''.format([]) == '' && '%%'.format([]) == '%'");
    cel_holds("'%s %s %s'.format([null, true, b'xyz']) == 'null true xyz'");
    cel_holds("'%s'.format([b'a\\xff\\xc3b']) == 'a\\ufffd\\ufffdb'");
    cel_holds("'%s %s'.format([type('a'), 3.14]) == 'string 3.14'");
    cel_holds("'%s'.format([timestamp('2023-02-03T23:31:20+00:00')]) == '2023-02-03T23:31:20Z'");
    cel_holds("'%s'.format([duration('1h45m47s')]) == '6347s'");
    cel_holds("'%s'.format([['abc', 3.14, null, [9, 8]]]) == '[abc, 3.14, null, [9, 8]]'");
    cel_holds("'%s'.format([{'key1': b'xyz', 'key5': null, 'key4': true, 'key3': 2.5}]) == "
              "'{key1: xyz, key3: 2.5, key4: true, key5: null}'");
    cel_holds("'%s'.format([{'strKey': 'x', 6: duration('422s'), true: 42}]) == "
              "'{6: 422s, strKey: x, true: 42}'");
    cel_holds("'%s %s'.format([[], {}]) == '[] {}'");
}
END_TEST

CHECK_MAIN("cel_string_format", clauses_that_are_none, values_too_few_or_too_many,
           values_of_the_wrong_kind, numbers, texts)
