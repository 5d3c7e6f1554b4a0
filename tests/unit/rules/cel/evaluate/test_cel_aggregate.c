/* Lists and maps as they are written, with elements that may be missing. */
#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

START_TEST(an_error_in_it_is_its_own)
{
    cel_fails_at("[1, 2 / 0]", NULL, 6, "division by zero");
    cel_fails_at("{'a': 2 / 0}", NULL, 8, "division by zero");
    cel_fails_at("{2 / 0: 'a'}", NULL, 3, "division by zero");
    cel_fails_at("{1: 'a', 1u: 'b'}", NULL, 0, "repeated key");
    cel_fails_at("{x: 'a', x: 'b'}", "{\"x\": \"k\"}", 0, "repeated key: 'k'");
    cel_fails_at("{1.5: 'a'}", NULL, 0, "unsupported key type");
    cel_fails_at("{[1]: 'a'}", NULL, 0, "unsupported key type");
}
END_TEST

START_TEST(they_hold_what_was_written)
{
    cel_gives("[x, 'a', [null]]", "{\"x\": true}",
              "{\"listValue\":{\"values\":[{\"boolValue\":true},{\"stringValue\":\"a\"},"
              "{\"listValue\":{\"values\":[{\"nullValue\":null}]}}]}}");
    cel_gives("{'k': x, 2u: b'z'}", "{\"x\": 1.5}",
              "{\"mapValue\":{\"entries\":[{\"key\":{\"stringValue\":\"k\"},\"value\":{"
              "\"doubleValue\":1.5}},{\"key\":{\"uint64Value\":\"2\"},\"value\":{"
              "\"bytesValue\":\"eg==\"}}]}}");
    cel_gives("[]", NULL, "{\"listValue\":{\"values\":[]}}");
    cel_gives("{}", NULL, "{\"mapValue\":{\"entries\":[]}}");
}
END_TEST

START_TEST(what_is_missing_is_left_out)
{
    const char *vars = "{\"m\": {\"a\": 1}}";

    cel_gives("[?m.?a, ?m.?b, ?m[?'a']].size()", vars, "{\"int64Value\":\"2\"}");
    cel_gives("{?'x': m.?a, ?'y': m.?b} == {'x': 1}", vars, "{\"boolValue\":true}");
    cel_fails_at("[?m.a]", vars, 4, "must be an optional, not int");
    cel_fails_at("{?'x': 1}", vars, 7, "must be an optional, not int");
    cel_fails_at("[?m.?a.?b]", vars, 8, "no such overload");
    cel_gives("[?m.?b.?c].size()", vars, "{\"int64Value\":\"0\"}");
}
END_TEST

START_TEST(optionals_are_gone_through)
{
    const char *vars = "{\"m\": {\"a\": {\"b\": [5]}}}";

    cel_gives("m.?a.b[0]", vars, "{\"optionalValue\":{\"int64Value\":\"5\"}}");
    cel_gives("m.?a.b[1]", vars, "{\"optionalValue\":null}");
    cel_gives("m.?x.b[0]", vars, "{\"optionalValue\":null}");
    cel_gives("m.?a.?x", vars, "{\"optionalValue\":null}");
    cel_gives("has(m.?a.b) && !has(m.?a.x) && !has(m.?x.b)", vars, "{\"boolValue\":true}");
}
END_TEST

CHECK_MAIN("cel_aggregate", an_error_in_it_is_its_own, they_hold_what_was_written,
           what_is_missing_is_left_out, optionals_are_gone_through)
