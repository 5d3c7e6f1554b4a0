/* Values that may be missing. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(what_is_missing_has_no_value)
{
    cel_fails("optional.none().value()", "no value");
    cel_fails("[].first().value()", "no value");
    cel_fails("dyn([1]).unwrapOpt()", "no such overload");
    cel_fails("dyn(1).hasValue()", "no such overload");
}
END_TEST

START_TEST(making_and_asking)
{
    cel_holds("optional.of(null).hasValue() && !optional.none().hasValue()");
    cel_holds("optional.of(42).value() == 42");
    cel_holds("optional.none().or(optional.none()).orValue(42) == 42");
    cel_holds("optional.of(1).or(optional.of(2)).value() == 1 && optional.of(1).orValue(2) == 1");
    cel_holds("optional.none().or(optional.of(2)).value() == 2");
    cel_holds("optional.of(1) == optional.of(1) && optional.of(1) != optional.none()");
}
END_TEST

START_TEST(zeros_of_all_kinds)
{
    cel_holds("[dyn(null), false, 0, 0u, 0.0, '', b'', [], {}, duration('0'), timestamp(0),"
              " optional.none()].all(x, !optional.ofNonZeroValue(x).hasValue())");
    cel_holds("[dyn(true), 1, 1u, 0.1, 'a', b'a', [0], {0: 0}, duration('1ns'), timestamp(1),"
              " optional.of(0), int].all(x, optional.ofNonZeroValue(x).value() == x)");
}
END_TEST

START_TEST(lists)
{
    cel_holds("[optional.of(1), optional.none(), optional.of(2)].unwrapOpt() == [1, 2]");
    cel_holds("optional.unwrap([optional.none()]) == [] && optional.unwrap([]) == []");
    cel_holds("[1, 2].first().value() == 1 && [1, 2].last().value() == 2");
    cel_holds("!dyn([]).last().hasValue()");
}
END_TEST

START_TEST(indexes)
{
    cel_fails("'a'[?0]", "no matching overload of '[?]'");
    cel_fails("[1][?'a']", "no matching overload of '[?]'");
    cel_holds("['foo'][?0].value() == 'foo' && !['foo'][?1].hasValue() && ![][?-1].hasValue()");
    cel_holds("{'a': 1}[?'a'].value() == 1 && !{'a': 1}[?'b'].hasValue()");
    cel_holds("optional.of(['foo'])[?0].value() == 'foo' && !optional.none()[?0].hasValue()");
    cel_holds("optional.of({'a': [7]})['a'][0].value() == 7");
    cel_holds("optional.of({'a': {}}).a['x'].orValue('none') == 'none'");
    cel_holds("{1u: 1.0, 2: 2.0}[?1].value() == 1.0");
}
END_TEST

CHECK_MAIN("cel_optionals", what_is_missing_has_no_value, making_and_asking, zeros_of_all_kinds,
           lists, indexes)
