/* The tests inside a rule's file, as they are read. */
#include <string.h>

#include "common/text.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "tests/support/check_main.h"

#define HEAD                                                                                       \
    "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: a, version: 1, owner: o}\n"                  \
    "spec:\n  scope: {type: t}\n  action: {boot: {image: d}}\n"

static struct rule_document *document;

static void drop(void)
{
    rule_document_destroy(document);
    document = NULL;
}

static const struct rule_test *read_tests(const char *text)
{
    struct rule_issues issues = {0};
    struct text told = {0};

    document = rule_document_parse(text, strlen(text), &issues);
    rule_issues_write(&issues, "r", text, strlen(text), &told);
    ck_assert_msg(document != NULL, "%s", text_string(&told));
    text_clear(&told);
    rule_issues_clear(&issues);
    return document->tests;
}

START_TEST(machines_and_sets_of_them)
{
    const struct rule_test *test =
        read_tests(HEAD "tests:\n"
                        "  - name: two\n"
                        "    now: 2026-03-02T12:00:00+01:00\n"
                        "    assets:\n"
                        "      s1: {id: s1, labels: {no-auto-boot: 'true'}}\n"
                        "      gen: {count: 100, id: 's%d', firmware: {bios: '1.0'}}\n"
                        "    feed: [{at: 0s, each: gen, event: {type: t}}]\n"
                        "    expect: [{at: 1s, total: 0}]\n");

    ck_assert_uint_eq(document->test_count, 1);
    ck_assert_str_eq(test->name, "two");
    ck_assert_uint_eq(test->line, 8);
    ck_assert_int_eq(test->now_s, 1772449200);
    ck_assert_uint_eq(test->asset_count, 2);
    ck_assert_str_eq(test->assets[0].name, "s1");
    ck_assert_int_eq(test->assets[0].count, 0);
    ck_assert_str_eq(json_string_value(json_object_get(test->assets[0].data, "id")), "s1");
    ck_assert_int_eq(test->assets[1].count, 100);
    ck_assert_ptr_null(json_object_get(test->assets[1].data, "count"));
    ck_assert_uint_eq(test->assets[1].line, 12);
    ck_assert_str_eq(test->feed[0].each, "gen");
}
END_TEST

START_TEST(values_are_typed_as_yaml_1_2_has_them)
{
    const struct rule_test *test = read_tests(
        HEAD
        "tests:\n"
        "  - name: x\n    assets: {s1: {id: s1}}\n"
        "    expect: [{at: 1s, total: 0}]\n"
        "    feed:\n"
        "      - at: 90s\n"
        "        times: 5\n"
        "        every: 2m\n"
        "        event: {type: t, asset: s1, count: 5, raw: {a: -1, b: 1.5, c: 1e3, d: true,\n"
        "          e: null, f: ~, g: yes, h: '5', i: 007, j: 2026-01-01, k: [1, [x]], l: {},\n"
        "          m: 99999999999999999999, n: 1., o: .5, p: -, q: sha256:00, r: 0x1f, s: }}\n");
    const json_t *event = test->feed[0].event, *raw = json_object_get(event, "raw");
    static const char *const texts[][2] = {{"g", "yes"},        {"h", "5"},         {"i", "007"},
                                           {"j", "2026-01-01"}, {"q", "sha256:00"}, {"r", "0x1f"}};

    ck_assert_int_eq(test->now_s, RULE_TEST_NOW_S);
    ck_assert_int_eq(test->feed[0].at_ms, 90000);
    ck_assert_int_eq(test->feed[0].times, 5);
    ck_assert_int_eq(test->feed[0].every_ms, 120000);
    ck_assert_int_eq(json_integer_value(json_object_get(event, "count")), 5);
    ck_assert_int_eq(json_integer_value(json_object_get(raw, "a")), -1);
    ck_assert(json_real_value(json_object_get(raw, "b")) == 1.5);
    ck_assert(json_real_value(json_object_get(raw, "c")) == 1000);
    ck_assert(json_is_true(json_object_get(raw, "d")));
    ck_assert(json_is_null(json_object_get(raw, "e")) && json_is_null(json_object_get(raw, "f")));
    ck_assert(json_is_null(json_object_get(raw, "s")));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_str_eq(json_string_value(json_object_get(raw, texts[i][0])), texts[i][1]);
    ck_assert_str_eq(
        json_string_value(json_array_get(json_array_get(json_object_get(raw, "k"), 1), 0)), "x");
    ck_assert_uint_eq(json_object_size(json_object_get(raw, "l")), 0);
    ck_assert(json_real_value(json_object_get(raw, "m")) == 1e20);
    ck_assert(json_real_value(json_object_get(raw, "n")) == 1);
    ck_assert(json_real_value(json_object_get(raw, "o")) == 0.5);
    ck_assert_str_eq(json_string_value(json_object_get(raw, "p")), "-");
}
END_TEST

START_TEST(entries_and_expectations)
{
    const struct rule_test *test =
        read_tests(HEAD "tests:\n"
                        "  - name: x\n    assets: {s1: {id: s1}}\n"
                        "    feed:\n"
                        "      - {at: 0s, event: {type: t, asset: s1}}\n"
                        "      - {at: 1h, approve: {by: alice, role: shift-operator}}\n"
                        "      - {at: 2h, refuse: {by: bob, role: owner, because: no}}\n"
                        "      - {at: 3h, task: {asset: s1, state: failed}}\n"
                        "    expect:\n"
                        "      - {at: 1s, decisions: []}\n"
                        "      - {at: 2s, decisions: [{do: ticket, queue: q, priority: 0},\n"
                        "          {do: approve, level: 2, asset: s1, params: {a: b}}], total: 7}\n"
                        "      - {always: 'tasks.size() <= 5'}\n");
    const struct rule_test_decision *decision = test->expect[1].decisions;

    ck_assert_uint_eq(test->feed_count, 4);
    ck_assert_int_eq(test->feed[0].times, 1);
    ck_assert_str_eq(test->feed[1].approve.by, "alice");
    ck_assert_str_eq(test->feed[2].refuse.because, "no");
    ck_assert_ptr_null(test->feed[2].approve.by);
    ck_assert_str_eq(test->feed[3].task.asset, "s1");
    ck_assert_int_eq(test->feed[3].task.state, RULE_TEST_FAILED);
    ck_assert_uint_eq(test->feed[3].line, 14);
    ck_assert_uint_eq(test->expect_count, 3);
    ck_assert(test->expect[0].timed && test->expect[0].lists && test->expect[0].count == 0);
    ck_assert_int_eq(test->expect[0].total, -1);
    ck_assert_uint_eq(test->expect[1].count, 2);
    ck_assert_int_eq(decision[0].act, RULE_TEST_TICKET);
    ck_assert_int_eq(decision[0].priority, 0);
    ck_assert_int_eq(decision[0].level, -1);
    ck_assert_int_eq(decision[1].act, RULE_TEST_APPROVE);
    ck_assert_int_eq(decision[1].level, 2);
    ck_assert_str_eq(json_string_value(json_object_get(decision[1].params, "a")), "b");
    ck_assert_uint_eq(decision[1].line, 18);
    ck_assert_int_eq(test->expect[1].total, 7);
    ck_assert(!test->expect[2].timed && !test->expect[2].lists);
    ck_assert_str_eq(test->expect[2].always.text, "tasks.size() <= 5");
    ck_assert_ptr_nonnull(test->expect[2].always.program);
    ck_assert_ptr_null(rule_document_not_carried_out(document));
}
END_TEST

CHECK_MAIN_WITH("rule_test", NULL, drop, machines_and_sets_of_them,
                values_are_typed_as_yaml_1_2_has_them, entries_and_expectations)
