/* The library of strings: positions, searches that a hostile text would make quadratic, and what
 * does not fit. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(positions_that_are_none)
{
    cel_fails("'tacocat'.charAt(30)", "index out of range: 30");
    cel_fails("'tacocat'.charAt(-1)", "index out of range: -1");
    cel_fails("'tacocat'.indexOf('a', 30)", "index out of range: 30");
    cel_fails("'abc'.indexOf('c', 3)", "index out of range: 3");
    cel_fails("'tacocat'.lastIndexOf('a', -1)", "index out of range: -1");
    cel_fails("'tacocat'.lastIndexOf('a', 30)", "index out of range: 30");
    cel_fails("'tacocat'.substring(40)", "index out of range: 40");
    cel_fails("'tacocat'.substring(-1)", "index out of range: -1");
    cel_fails("'tacocat'.substring(1, 50)", "index out of range: 50");
    cel_fails("'tacocat'.substring(49, 50)", "index out of range: 49");
    cel_fails("'tacocat'.substring(4, 3)", "invalid substring range. start: 4, end: 3");
    cel_fails("'a'.charAt(9223372036854775807)", "index out of range: 9223372036854775807");
}
END_TEST

START_TEST(kinds_that_are_wrong)
{
    cel_fails("dyn(42).charAt(2)", "no such overload");
    cel_fails("'hello'.indexOf(dyn(true))", "no such overload");
    cel_fails("dyn(['a', 1]).join()", "no such overload");
    cel_fails("42.split('2')", "no");
}
END_TEST

START_TEST(characters_and_parts)
{
    cel_holds("'tacocat'.charAt(3) == 'o' && 'tacocat'.charAt(7) == '' && ''.charAt(0) == ''");
    cel_holds("'©αT'.charAt(0) == '©' && '©αT'.charAt(1) == 'α' && '©αT'.charAt(2) == 'T'");
    cel_holds("'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(7) == ''");
    cel_holds("'tacocat'.substring(0, 4) == 'taco' && 'ta©o©αT'.substring(2, 6) == '©o©α'");
    cel_holds("'ta©o©αT'.substring(7, 7) == ''");
    cel_holds("'gums'.reverse() == 'smug' && 'a©α😀'.reverse() == '😀α©a' && ''.reverse() == ''");
    cel_holds("'TacoCÆt'.lowerAscii() == 'tacocÆt' && 'tacoCαt'.upperAscii() == 'TACOCαT'");
    cel_holds("'@[`{'.lowerAscii() == '@[`{' && '@[`{'.upperAscii() == '@[`{'");
}
END_TEST

START_TEST(searches)
{
    cel_holds("'tacocat'.indexOf('') == 0 && 'tacocat'.indexOf('ac') == 1");
    cel_holds("'tacocat'.indexOf('none') == -1 && 'tacocat'.indexOf('', 3) == 3");
    cel_holds("'ta©o©αT'.indexOf('©', 3) == 4 && 'ta©o©αT'.indexOf('©α', 5) == -1");
    cel_holds("'hello wello'.indexOf('ello', 6) == 7 && ''.indexOf('a') == -1");
    cel_holds("''.lastIndexOf('@@') == -1 && 'tacocat'.lastIndexOf('') == 7");
    cel_holds("'tacocat'.lastIndexOf('at') == 5 && 'tacocat'.lastIndexOf('a', 3) == 1");
    cel_holds("'tacocat'.lastIndexOf('', 3) == 3 && 'ta©o©αT'.lastIndexOf('©', 3) == 2");
    cel_holds("'ta©o©αT'.lastIndexOf('©α', 4) == 4 && 'hello wello'.lastIndexOf('ello', 6) == 1");
    cel_holds("'bananananana'.lastIndexOf('nana', 7) == 6 && 'aaa'.lastIndexOf('aa', 2) == 1");
    cel_holds("'hello wello'.lastIndexOf('low') == -1");
}
END_TEST

START_TEST(trimming)
{
    cel_holds("' \\f\\n\\r\\t\\vtext  '.trim() == 'text' && ''.trim() == '' && '  '.trim() == ''");
    cel_holds("'\\u0085\\u00a0\\u1680text'.trim() == 'text'");
    cel_holds("'text\\u2000\\u2001\\u2008\\u2009\\u200a'.trim() == 'text'");
    cel_holds("'\\u200atext\\u2028\\u2029\\u202F\\u205F\\u3000'.trim() == 'text'");
    cel_holds("'\\u180etext\\u200b\\ufeff'.trim() == '\\u180etext\\u200b\\ufeff'");
}
END_TEST

START_TEST(splitting_and_joining)
{
    cel_holds("'hello world'.split(' ') == ['hello', 'world']");
    cel_holds("'a b c'.split(' ', 0) == [] && 'a b c'.split(' ', 1) == ['a b c']");
    cel_holds("'a b c'.split(' ', 2) == ['a', 'b c'] && 'a b c'.split(' ', -1) == ['a', 'b', 'c']");
    cel_holds("'o©o©o'.split('©') == ['o', 'o', 'o'] && ',a,'.split(',') == ['', 'a', '']");
    cel_holds("'a©b'.split('') == ['a', '©', 'b'] && 'a©b'.split('', 2) == ['a', '©b']");
    cel_holds("''.split('') == [] && ''.split(',') == [''] && 'ab'.split('', 9) == ['a', 'b']");
    cel_holds("['x', 'y'].join() == 'xy' && ['x', 'y'].join('-') == 'x-y'");
    cel_holds("[].join() == '' && [].join('-') == '' && ['x'].join('-') == 'x'");
}
END_TEST

START_TEST(replacing)
{
    cel_holds("'{0} days {0} hours'.replace('{0}', '2') == '2 days 2 hours'");
    cel_holds("'{0} days {0} hours'.replace('{0}', '2', 1) == '2 days {0} hours'");
    cel_holds("'12 days'.replace('{0}', '2') == '12 days' && 'aa'.replace('a', 'b', 0) == 'aa'");
    cel_holds("'1 ©αT taco'.replace('αT', 'o©α') == '1 ©o©α taco'");
    cel_holds("'aaaa'.replace('aa', 'b', -1) == 'bb' && 'abab'.replace('ab', '') == ''");
    cel_holds("'h©'.replace('', '-') == '-h-©-' && 'h©'.replace('', '-', 2) == '-h-©'");
    cel_holds("''.replace('', '-') == '-' && ''.replace('', '-', 0) == ''");
}
END_TEST

START_TEST(quoting)
{
    cel_holds("strings.quote('first\\nsecond') == '\"first\\\\nsecond\"'");
    cel_holds("strings.quote('\\a\\b\\f\\r\\t\\v') == '\"\\\\a\\\\b\\\\f\\\\r\\\\t\\\\v\"'");
    cel_holds("strings.quote('a\\\\b\"c') == '\"a\\\\\\\\b\\\\\"c\"'");
    cel_holds("strings.quote('') == '\"\"' && strings.quote('ÿ😀') == '\"ÿ😀\"'");
}
END_TEST

START_TEST(what_does_not_fit_is_an_error)
{
    static const char doubled[] =
        "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]"
        ".map(x, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
        ".replace('', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb')).join() != ''";
    char out[CEL_TEST_ANSWER];

    cel_test_limited(doubled, CEL_BUDGET_DEFAULT, 1 << 24, out);
    ck_assert_str_eq(out, CEL_TEST_TRUE);
    cel_test_limited(doubled, CEL_BUDGET_DEFAULT, 1 << 16, out);
    ck_assert_ptr_nonnull(strstr(out, "out of memory"));
    cel_test_limited(doubled, 3000, 1 << 24, out);
    ck_assert_ptr_nonnull(strstr(out, "over budget"));
}
END_TEST

/* A few bytes that unroll into some hundred instructions. */
START_TEST(patterns_that_come_with_the_data_are_paid_for)
{
    static const char unrolled[] = "[300].all(x, 'a'.matches('^(a{' + string(x) + '}|a)$'))";
    static const char constant[] = "'a'.matches('^(a{300}|a)$')";
    char out[CEL_TEST_ANSWER];

    cel_holds(unrolled);
    cel_test_limited(unrolled, 500, 1 << 20, out);
    ck_assert_ptr_nonnull(strstr(out, "over budget"));
    cel_test_limited(constant, 500, 1 << 20, out);
    ck_assert_str_eq(out, CEL_TEST_TRUE);
    cel_fails("[1001].all(x, 'a'.matches('a{' + string(x) + '}'))", "at most 1000 repeats");
    cel_fails("['('].all(x, 'a'.matches(x))",
              "matches: pattern, character 1: this ( is not closed");
}
END_TEST

CHECK_MAIN("cel_strings", positions_that_are_none, kinds_that_are_wrong, characters_and_parts,
           searches, trimming, splitting_and_joining, replacing, quoting,
           what_does_not_fit_is_an_error, patterns_that_come_with_the_data_are_paid_for)
