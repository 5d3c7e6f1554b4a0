/* The estimate is never less than a run spends, and says when it cannot be told. */
#include "rules/cel/cel_program.h"

#include "tests/support/cel_expression.h"
#include "tests/support/check_main.h"

#define VARS                                                                                       \
    "{\"s\": \"abcdefghij\", \"l\": [1, 2, 3, 4, 5], \"t\": [\"a\", \"b\"], \"m\": {\"k\": [1]}, " \
    "\"n\": 3}"
#define LENGTH 32 /* more than any of them holds, with all that is in it */

/* What a run of it spent. */
static uint64_t spent(struct cel_test *test, const struct cel_program *program)
{
    struct cel_run run = {.slots = test->slots, .arena = test->arena, .budget = 1 << 30};

    cel_program_run(program, &run);
    return (1 << 30) - run.budget;
}

static uint64_t estimate(const char *source, size_t length, uint64_t *ret_spent)
{
    struct cel_issues issues = {0};
    struct cel_program *program;
    struct cel_test test;
    uint64_t cost;

    cel_test_open(&test, VARS);
    program = cel_test_compile(&test, source, false, &issues);
    ck_assert_msg(program, "%s: %s", source, issues.items[0].message);
    cost = cel_program_cost(program, length);
    *ret_spent = spent(&test, program);
    cel_program_destroy(program);
    cel_test_close(&test);
    return cost;
}

START_TEST(it_is_never_less_than_what_is_spent)
{
    static const char *const SOURCES[] = {
        "n > 2",
        "s == 'abcdefghij' && n in l && s in ['a', 'b']",
        "l.all(x, x > 0) && l.exists(x, x == 5) && l.exists_one(x, x == 4)",
        "l.map(x, l.map(y, x * y)).map(z, z.size())",
        "l.filter(x, x % 2 == 0).map(x, x + 1) == [3, 5]",
        "m.k.map(x, x).size() + l.size()",
        "(s + s + s).contains(s) && s.startsWith('a') && s.size() == 10",
        "cel.bind(a, l.map(x, [x, x]), a == a && a in [a])",
        "t.map(x, x + s).map(x, x.contains('z'))",
        "s.replace('', s) + ['a', s].join(s) + '%s %s'.format([l, m]) == s",
        "s.split('').map(p, string(1.5) + p).join('').size() > 0",
        "l.transformMap(i, v, v * 2).size() == 5",
        "l.transformMapEntry(i, v, {string(v): i}).size() == 5 && string(1.5) != s",
        "s.matches('(a|b|c)+') && t.all(x, x.matches('[a-z]'))",
        "t.all(x, s.matches(x) || s.matches('(?:' + x + '?){9}$')) && s.matches('.*.*.*=[0-9]')",
        "string(n) + s == s || n / 0 > 1",
        "l.map(x, string(x)).exists(x, x == '5') ? l + l : [1]",
        "m['k'][0] == 1 && has(m.k) && dyn(l) == [1, 2, 3, 4, 5]",
        "google.protobuf.Int32Value{value: n} == n",
        "google.protobuf.StringValue{value: s} + s == s + s",
        "google.protobuf.Struct{fields: {'a': l, 'b': {s: m}}}.a.map(x, x) == l",
        "google.protobuf.Struct{fields: m}.map(k, k + s).size() == 1",
        "google.protobuf.ListValue{values: l.map(x, [timestamp(x), b'abcdef', ''])}.size() == 5",
        "google.protobuf.Value{list_value: [{1: 1, 2u: 2, true: 3}, {}, [[], []]]} == l",
    };
    uint64_t cost, used;

    for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        cost = estimate(SOURCES[i], LENGTH, &used);
        ck_assert_msg(cost >= used && cost < UINT64_MAX, "%s: %llu, spent %llu", SOURCES[i],
                      (unsigned long long)cost, (unsigned long long)used);
    }
}
END_TEST

START_TEST(it_grows_with_what_it_looks_at)
{
    uint64_t used;

    ck_assert_uint_eq(estimate("n > 2", 10, &used), estimate("n > 2", 10, &used));
    ck_assert_uint_lt(estimate("l.all(x, x > 0)", 10, &used),
                      estimate("l.all(x, x > 0)", 1000, &used));
    ck_assert_uint_gt(estimate("l.all(x, l.all(y, x > y))", 1000, &used), 1000 * 1000);
    ck_assert_uint_gt(estimate("l.all(x, l.all(y, l.all(z, x > y)))", 10000, &used),
                      UINT64_C(1000000000000));
    ck_assert_uint_lt(estimate("[1, 2, 3].all(x, x > n)", 1000000, &used), 100000000);
}
END_TEST

START_TEST(what_cannot_be_told_is_said)
{
    uint64_t used;

    ck_assert_uint_eq(
        estimate("l.transformMapEntry(i, v, {string(v): i, 'x' + string(i): v}).size()", 10, &used),
        UINT64_MAX);
}
END_TEST

CHECK_MAIN("cel_cost", it_is_never_less_than_what_is_spent, it_grows_with_what_it_looks_at,
           what_cannot_be_told_is_said)
