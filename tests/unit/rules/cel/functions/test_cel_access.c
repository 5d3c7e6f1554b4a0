/* size, in, [], .field, has(), and the same of optionals. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(what_is_missing_is_named)
{
    cel_fails_at("{'a': 1}.b", NULL, 9, "no such key: 'b'");
    cel_fails_at("x.y", "{\"x\": {}}", 2, "no such key: 'y'");
    cel_fails_at("{'a': 1}['b']", NULL, 8, "no such key: 'b'");
    cel_fails_at("{1: 1}[2]", NULL, 6, "no such key: 2");
    cel_fails_at("{1u: 1}[2u]", NULL, 7, "no such key: 2u");
    cel_fails_at("{true: 1}[false]", NULL, 9, "no such key: false");
    cel_fails_at("{1: 1}[1.5]", NULL, 6, "no such key: 1.5");
    cel_fails_at("{1: 1}[null]", NULL, 6, "unsupported key type: null_type");
    cel_fails_at("[1, 2][2]", NULL, 6, "index out of range: the list has 2 elements");
    cel_fails_at("[1][-1]", NULL, 3, "index out of range");
    cel_fails_at("[1][18446744073709551615u]", NULL, 3, "index out of range");
    cel_fails_at("no", NULL, 0, "undeclared reference to 'no'");
}
END_TEST

START_TEST(what_has_no_parts_is_named)
{
    cel_fails_at("x.y", "{\"x\": 1}", 2, "no such field: 'y' of a value of type int");
    cel_fails_at("x.y.z", "{\"x\": {\"y\": null}}", 4,
                 "no such field: 'z' of a value of type null");
    cel_fails_at("has(x.y)", "{\"x\": [1]}", 6, "of a value of type list");
    cel_fails_at("x[0]", "{\"x\": \"a\"}", 1, "no such overload: _[_](string");
    cel_fails_at("[1]['0']", NULL, 3, "string as an index");
    cel_fails_at("[1][0.5]", NULL, 3, "double as an index");
    cel_fails_at("size(1)", NULL, 0, "no such overload: size(int)");
    cel_fails_at("1 in 2", NULL, 2, "no such overload: @in(int, int)");
}
END_TEST

START_TEST(parts_are_found)
{
    cel_gives("x.y[1].z", "{\"x\": {\"y\": [0, {\"z\": \"found\"}]}}",
              "{\"stringValue\":\"found\"}");
    cel_gives("[7, 8][1u] + [7, 8][0.0]", NULL, "{\"int64Value\":\"15\"}");
    cel_gives("{1: 'i', 'a': 's', true: 'b'}[1.0]", NULL, "{\"stringValue\":\"i\"}");
    cel_gives("size('\xc3\xa9\xe2\x82\xac') + size(b'\xc3\xa9') + [1].size() + {1: 2}.size()", NULL,
              "{\"int64Value\":\"6\"}");
    cel_is_true("has({'a': null}.a) && !has({'a': 1}.b)");
}
END_TEST

START_TEST(membership_follows_equality)
{
    cel_is_true("1 in [2, 1.0] && 1u in {1: 0} && 'a' in {'a': 0} && !('b' in ['a'])");
    cel_is_true("!('1' in [1]) && !(0.0 / 0.0 in [0.0 / 0.0]) && [1] in [[1]]");
    cel_is_false("1 in []");
    cel_fails_at("1 / 0 in [1]", NULL, 2, "division by zero");
    cel_fails_at("1 in [1 / 0]", NULL, 8, "division by zero");
}
END_TEST

START_TEST(among_constant_texts_too)
{
    const char *vars = "{\"x\": \"bb\", \"n\": 5}";

    cel_gives("x in ['a', 'bb', 'ccccccccccccccccccc']", vars, "{\"boolValue\":true}");
    cel_gives("x in ['a', 'b', 'bbb', 'cb', 'bc']", vars, "{\"boolValue\":false}");
    cel_gives("n in ['5']", vars, "{\"boolValue\":false}");
    cel_fails_at("no in ['5']", vars, 0, "undeclared");
    cel_gives("'' in ['x', '']", vars, "{\"boolValue\":true}");
    cel_gives("x == 'bb' && 'bb' == x && x != 'b' && n != 'bb' && !(n == 'bb')", vars,
              "{\"boolValue\":true}");
}
END_TEST

CHECK_MAIN("cel_access", what_is_missing_is_named, what_has_no_parts_is_named, parts_are_found,
           membership_follows_equality, among_constant_texts_too)
