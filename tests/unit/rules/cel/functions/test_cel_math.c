/* The library of numbers. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(what_is_refused)
{
    cel_fails("math.abs(-9223372036854775808)", "overflow");
    cel_fails("math.bitShiftLeft(1u, -1)", "negative offset");
    cel_fails("math.bitShiftRight(1, -1)", "negative offset");
    cel_fails("math.greatest([])", "must not be empty");
    cel_fails("math.ceil(dyn(1))", "no such overload");
    cel_fails("math.sign(dyn(true))", "no such overload");
    cel_fails("math.bitAnd(2u, dyn(''))", "no such overload");
    cel_fails("math.greatest(dyn('a'), 1)", "no such overload");
    cel_fails("math.greatest(1, 2, 'a')", "no such overload");
    cel_fails("math.least(dyn([1, 'a']))", "no such overload");
    cel_fails("math.greatest('a', 1)", "math.greatest");
}
END_TEST

START_TEST(extremes)
{
    cel_holds("math.greatest(-5) == -5 && math.greatest(5u) == 5u && math.greatest(5.0) == 5.0");
    cel_holds("math.greatest(1, 1.0) == 1 && type(math.greatest(1, 1.0)) == int");
    cel_holds("type(math.greatest(1u, 1.0)) == uint && math.greatest(5u, -7) == 5u");
    cel_holds("math.greatest(9223372036854775807, 1) == 9223372036854775807");
    cel_holds("math.greatest(5.4, 10, 3u, -5.0, 9223372036854775807) == 9223372036854775807");
    cel_holds("math.greatest([5.4, 10, 3u, -5.0, 3.5]) == 10 && math.greatest([1, 2, 3]) == 3");
    cel_holds("math.greatest(1, 2, 3, 4, 5, 6, 7, 8) == 8 && math.least(8, 7, 6, 5) == 5");
    cel_holds("math.least(-3, 3) == -3 && math.least(1, 1u) == 1 && math.least(1.5, 2u) == 1.5");
    cel_holds("math.least([dyn(5.4), dyn(10u), dyn(3u), dyn(1u), dyn(3.5)]) == 1u");
    cel_holds("math.isNaN(math.greatest(1.0, 0.0/0.0)) && math.isNaN(math.least(0.0/0.0, 1.0))");
    cel_holds("math.greatest(18446744073709551615u, 1.0) == 18446744073709551615u");
}
END_TEST

START_TEST(doubles)
{
    cel_holds("math.ceil(-1.2) == -1.0 && math.floor(-1.2) == -2.0 && math.trunc(-1.2) == -1.0");
    cel_holds("math.round(-1.5) == -2.0 && math.round(1.4) == 1.0 && math.round(2.5) == 3.0");
    cel_holds("math.isNaN(math.round(0.0/0.0)) && !math.isNaN(1.0/0.0)");
    cel_holds("math.isInf(-1.0/0.0) && !math.isInf(0.0/0.0) && math.isFinite(1.0/1.5)");
    cel_holds("!math.isFinite(0.0/0.0) && !math.isFinite(-1.0/0.0)");
    cel_holds("math.sqrt(81) == 9.0 && math.sqrt(4u) == 2.0 && math.sqrt(2.25) == 1.5");
    cel_holds("math.isNaN(math.sqrt(-1.0))");
}
END_TEST

START_TEST(signs)
{
    cel_holds("math.abs(1u) == 1u && math.abs(-11) == 11 && math.abs(-11.5) == 11.5");
    cel_holds("math.sign(100u) == 1u && math.sign(0u) == 0u && math.sign(-11) == -1");
    cel_holds("math.sign(-32.0) == -1.0 && math.sign(0.0) == 0.0");
    cel_holds("math.isNaN(math.sign(0.0/0.0))");
}
END_TEST

START_TEST(bits)
{
    cel_holds("math.bitAnd(1, -1) == 1 && math.bitAnd(1u, 3u) == 1u && math.bitOr(4, -2) == -2");
    cel_holds("math.bitXor(4, -2) == -6 && math.bitNot(0u) == 18446744073709551615u");
    cel_holds("math.bitShiftLeft(1, 2) == 4 && math.bitShiftLeft(-1, 200) == 0");
    cel_holds("math.bitShiftLeft(1, 63) == -9223372036854775808");
    cel_holds("math.bitShiftRight(-1024, 3) == 2305843009213693824");
    cel_holds("math.bitShiftRight(-1024, 64) == 0 && math.bitShiftRight(1024u, 2) == 256u");
}
END_TEST

CHECK_MAIN("cel_math", what_is_refused, extremes, doubles, signs, bits)
