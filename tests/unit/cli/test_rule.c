/* muster rule, muster automation, muster retention: switches say why, history says how long. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

START_TEST(rules_are_switched_with_a_reason)
{
    bench_misused(muster("rule", "arm", "ecc"), "--reason");
    bench_misused(muster("rule", "disarm", "ecc"), "--reason");
    bench_misused(muster("rule", "arm", "ecc", "--reason", "r", "--version", "2.1"), "no version");
    for (int i = 0; i < 6; i++)
        bench_answers(EXIT_OK, "{\"name\":\"ecc\",\"stage\":\"active\"}");
    ck_assert_int_eq(muster("rule", "arm", "ecc", "--reason", "mended"), 0);
    bench_called(0, "POST", "/v1/rules/ecc/arm", "{\"reason\":\"mended\"}");
    ck_assert_int_eq(muster("rule", "disarm", "ecc", "--reason", "too eager"), 0);
    bench_called(1, "POST", "/v1/rules/ecc/disarm", "{\"reason\":\"too eager\"}");
    ck_assert_int_eq(
        muster("rule", "arm", "ecc", "--reason", "r", "--version", "v2", "--waive-replay"), 0);
    bench_called(2, "POST", "/v1/rules/ecc/arm",
                 "{\"reason\":\"r\",\"version\":2,\"waive_replay\":true}");
    ck_assert_int_eq(muster("rule", "shadow", "ecc", "--reason", "r", "--version", "3"), 0);
    bench_called(3, "POST", "/v1/rules/ecc/shadow", "{\"reason\":\"r\",\"version\":3}");
    ck_assert_int_eq(muster("rule", "shadow", "ecc", "--reason", "r", "--off"), 0);
    bench_called(4, "POST", "/v1/rules/ecc/shadow", "{\"reason\":\"r\",\"off\":true}");
    ck_assert_int_eq(muster("rule", "deprecate", "ecc", "--reason", "r"), 0);
    bench_called(5, "POST", "/v1/rules/ecc/deprecate", "{\"reason\":\"r\"}");
}
END_TEST

START_TEST(versions_are_shown_and_compared)
{
    bench_misused(muster("rule", "diff", "ecc", "x"), "no version");
    bench_misused(muster("rule", "diff", "ecc", "1", "2", "3"), "two versions");
    bench_answers(EXIT_OK, "{\"name\":\"ecc\",\"version\":1}");
    bench_answers(EXIT_OK, "{\"items\":[{\"at\":\"2026-01-05T12:00:00Z\",\"act\":\"arm\","
                           "\"version\":1,\"who\":\"op\"}],\"next_cursor\":null}");
    bench_answers(EXIT_OK, "{\"name\":\"ecc\",\"from\":1,\"to\":2,\"diff\":\"--- a\\n+b\\n\"}");
    bench_answers(EXIT_OK, "{\"name\":\"ecc\",\"from\":1,\"to\":2,\"diff\":\"\"}");
    ck_assert_int_eq(muster("rule", "show", "ecc", "--version", "v1"), 0);
    bench_called(0, "GET", "/v1/rules/ecc?version=1", NULL);
    ck_assert_int_eq(muster("rule", "history", "ecc"), 0);
    ck_assert_ptr_nonnull(strstr(bench.said, "2026-01-05T12:00:00Z"));
    ck_assert_int_eq(muster("rule", "diff", "ecc", "1", "v2"), 0);
    bench_called(2, "GET", "/v1/rules/ecc/diff?from=1&to=2", NULL);
    ck_assert_str_eq(bench.said, "--- a\n+b\n");
    ck_assert_int_eq(muster("rule", "diff", "ecc"), 0);
    bench_called(3, "GET", "/v1/rules/ecc/diff", NULL);
}
END_TEST

#define REPLAYED                                                                                   \
    "{\"rule\":\"ecc\",\"version\":2,\"since\":\"2026-01-01T00:00:00Z\",\"until\":"                \
    "\"2026-01-08T00:00:00Z\",\"alerts\":12,\"would\":{\"acts\":3},\"did\":{},\"same\":1,"         \
    "\"changed\":1,"                                                                               \
    "\"new\":3,\"gone\":0,\"differences\":[{\"alert\":\"a1\",\"rule\":\"ecc\",\"shadow\":false,"   \
    "\"kind\":"                                                                                    \
    "\"alert\",\"did\":null,\"would\":{\"version\":2,\"ending\":\"acts\",\"until\":null,"          \
    "\"words\":"                                                                                   \
    "\"why\\u0007\",\"at\":\"2026-01-02T00:00:00Z\",\"document\":1}}]}"

START_TEST(a_rule_is_replayed)
{
    bench_file("ecc.yaml", "kind: Rule\n", 0600);
    bench_answers(EXIT_OK, REPLAYED);
    ck_assert_int_eq(muster("rule", "replay", bench_path("ecc.yaml"), "--since", "7d"), 0);
    ck_assert_str_eq(bench.calls[0].path, "/v1/rules/replay?name=ecc.yaml&since=7d");
    ck_assert_str_eq(bench.calls[0].bytes, "kind: Rule\n");
    ck_assert_str_eq(bench.said,
                     "ecc v2 over 12 alerts, 2026-01-01T00:00:00Z to 2026-01-08T00:00:00Z\n"
                     "  would: acts 3\n"
                     "  did:   nothing\n"
                     "  decisions that are the same 1, others 1, new 3, gone 0\n"
                     "2026-01-02T00:00:00Z  ecc, alert a1\n"
                     "    did    nothing\n"
                     "    would  v2 acts: why\\x07\n"
                     "and 3 more\n");
    bench_answers(EXIT_OK, REPLAYED);
    ck_assert_int_eq(muster("rule", "replay", "armed"), 0);
    ck_assert_str_eq(bench.calls[1].path, "/v1/rules/replay?name=armed");
    ck_assert_str_eq(bench.calls[1].bytes, "");
}
END_TEST

START_TEST(a_rule_is_pushed_and_armed)
{
    bench_file("ecc.yaml", "kind: Rule\n", 0600);
    bench_misused(muster("rule", "push", bench_path("ecc.yaml"), "--waive-replay"), "--reason");
    bench_answers(EXIT_OK, "{\"name\":\"ecc\",\"armed\":true}");
    ck_assert_int_eq(muster("rule", "push", bench_path("ecc.yaml"), "--arm", "--waive-replay",
                            "--reason", "it is new"),
                     0);
    ck_assert_str_eq(bench.calls[0].path,
                     "/v1/rules?name=ecc.yaml&arm=true&waive_replay=true&reason=it%20is%20new");
    ck_assert_str_eq(bench.calls[0].bytes, "kind: Rule\n");
}
END_TEST

START_TEST(automation_is_stopped_and_started_with_a_reason)
{
    bench_misused(muster("automation", "stop"), "--reason");
    bench_misused(muster("automation", "stop", "--site", "n", "--fleet", "--reason", "r"),
                  "either --site or --fleet");
    for (int i = 0; i < 5; i++)
        bench_answers(EXIT_OK, "{\"stopped\":true}");
    ck_assert_int_eq(muster("automation", "stop", "--reason", "power work"), 0);
    bench_called(0, "POST", "/v1/automation/stop", "{\"reason\":\"power work\"}");
    ck_assert_int_eq(muster("automation", "start", "--reason", "done"), 0);
    bench_called(1, "POST", "/v1/automation/start", "{\"reason\":\"done\"}");
    ck_assert_int_eq(muster("automation", "show"), 0);
    bench_called(2, "GET", "/v1/automation", NULL);
    ck_assert_int_eq(muster("automation", "stop", "--site", "north", "--reason", "r"), 0);
    bench_called(3, "POST", "/v1/automation/sites/north/stop", "{\"reason\":\"r\"}");
    ck_assert_int_eq(muster("automation", "start", "--fleet", "--reason", "r"), 0);
    bench_called(4, "POST", "/v1/automation/fleet/start", "{\"reason\":\"r\"}");
}
END_TEST

START_TEST(the_storm_brake_is_set_and_released)
{
    bench_misused(muster("automation", "brake", "--max", "5"), "--reason");
    bench_misused(muster("automation", "brake", "--reason", "r"), "either --max N or --off");
    bench_misused(muster("automation", "brake", "--reason", "r", "--max", "5", "--per", "1d"),
                  "--per");
    bench_misused(muster("automation", "brake", "--reason", "r", "--max", "x"), "max");
    bench_misused(muster("automation", "brake", "--reason", "r", "--off", "--site", "n", "--fleet"),
                  "either --site or --fleet");
    for (int i = 0; i < 5; i++)
        bench_answers(EXIT_OK, "{\"stopped\":false}");
    ck_assert_int_eq(muster("automation", "brake", "--max", "5", "--per", "1h", "--reason", "r"),
                     0);
    bench_called(0, "POST", "/v1/automation/brake", "{\"reason\":\"r\",\"per_s\":3600,\"max\":5}");
    ck_assert_int_eq(muster("automation", "brake", "--off", "--reason", "r"), 0);
    bench_called(1, "POST", "/v1/automation/brake", "{\"reason\":\"r\",\"off\":true}");
    ck_assert_int_eq(muster("automation", "release", "--reason", "seen"), 0);
    bench_called(2, "POST", "/v1/automation/release", "{\"reason\":\"seen\"}");
    ck_assert_int_eq(muster("automation", "brake", "--off", "--reason", "r", "--fleet"), 0);
    bench_called(3, "POST", "/v1/automation/fleet/brake", "{\"reason\":\"r\",\"off\":true}");
    ck_assert_int_eq(muster("automation", "release", "--reason", "seen", "--site", "north"), 0);
    bench_called(4, "POST", "/v1/automation/sites/north/release", "{\"reason\":\"seen\"}");
}
END_TEST

START_TEST(a_rule_is_shown_as_it_was_pushed)
{
    static const char answer[] = "{\"name\":\"ecc\",\"source\":\"kind: Rule\\nspec:\\n  x: 1\\n\"}";

    for (int i = 0; i < 3; i++)
        bench_answers(EXIT_OK, answer);
    ck_assert_int_eq(muster("rule", "show", "ecc"), 0);
    ck_assert_ptr_nonnull(strstr(bench.said, "ecc\n\nkind: Rule\nspec:\n  x: 1\n"));
    ck_assert_int_eq(muster("rule", "arm", "ecc", "--reason", "r"), 0);
    ck_assert_ptr_null(strstr(bench.said, "kind: Rule"));
    ck_assert_int_eq(muster("rule", "show", "ecc", "-o", "jsonl"), 0);
    ck_assert_ptr_nonnull(strstr(bench.said, "\"source\":\"kind: Rule\\nspec:"));
}
END_TEST

START_TEST(a_foreign_rule_is_not_found)
{
    bench_answers(EXIT_NOT_FOUND, "there is no rule");
    ck_assert_int_eq(muster("rule", "show", "a/b"), EXIT_NOT_FOUND);
    bench_called(0, "GET", "/v1/rules/a%2Fb", NULL);
}
END_TEST

START_TEST(history_is_kept_for_months_or_for_ever)
{
    bench_misused(muster("retention", "set", "task_log"), "--months N or --forever");
    bench_misused(muster("retention", "set", "task_log", "--months", "3", "--forever"),
                  "--months N or --forever");
    bench_answers(EXIT_OK, "{\"name\":\"task_log\",\"months\":13}");
    bench_answers(EXIT_OK, "{\"name\":\"task_log\",\"months\":null}");
    ck_assert_int_eq(muster("retention", "set", "task_log", "--months", "13"), 0);
    bench_called(0, "PUT", "/v1/retention/task_log", "{\"months\":13}");
    ck_assert_int_eq(muster("retention", "set", "task_log", "--forever"), 0);
    bench_called(1, "PUT", "/v1/retention/task_log", "{}");
}
END_TEST

#define GOOD                                                                                       \
    "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: a, version: 1, owner: o}\n"                  \
    "spec:\n  scope: {type: t}\n  action: {boot: {image: d}}\n"

START_TEST(rules_are_looked_at_without_a_server)
{
    unsetenv("MUSTER_SERVER");
    unsetenv("MUSTER_TOKEN_FILE");
    bench_misused(muster("rule", "lint"), "FILE...");
    ck_assert_int_eq(muster("rule", "lint", bench_path("none.yaml")), EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(bench.told, "none.yaml"));
    bench_file("good.yaml", GOOD, 0600);
    ck_assert_int_eq(muster("rule", "lint", bench_path("good.yaml")), EXIT_OK);
    ck_assert_ptr_nonnull(strstr(bench.said, "good.yaml: right\n"));
    bench_file("bad.yaml", GOOD "  holt: 1m\n  match: event.tpye == 'x'\n", 0600);
    ck_assert_int_eq(muster("rule", "lint", bench_path("good.yaml"), bench_path("bad.yaml")),
                     EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(bench.said, "good.yaml: right\n"));
    ck_assert_ptr_nonnull(strstr(
        bench.said, "bad.yaml:7:3: unknown field 'holt': is it 'hold'?\n    holt: 1m\n    ^\n"));
    ck_assert_ptr_nonnull(strstr(bench.said, "bad.yaml:8:10: "));
    ck_assert_ptr_nonnull(strstr(bench.said, "event.type"));
    ck_assert_str_eq(bench.told, "");
}
END_TEST

START_TEST(what_is_not_armed_is_said_beforehand)
{
    bench_file("later.yaml", GOOD "  approval: {levels: [{role: r, timeout: 1h}]}\n", 0600);
    ck_assert_int_eq(muster("rule", "lint", bench_path("later.yaml")), EXIT_OK);
    ck_assert_ptr_nonnull(strstr(
        bench.said, "later.yaml: right; this version does not arm it: 'approval' (line 7) is not"));
}
END_TEST

#define GOOD_IN_LINES                                                                              \
    "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: a, version: 1, owner: o}\n"                  \
    "spec:\n  scope: {type: t}\n  action:\n    boot: {image: d}\n"
#define REPORTS                                                                                    \
    "    report: [{to: siem, event: a.b}, {to: siem, event: a.c}, {to: soc, event: a.b}]\n"

START_TEST(what_goes_less_far_than_it_says_is_told_beforehand)
{
    json_t *list;
    const char *one, *two;

    bench_file("told.yaml", GOOD_IN_LINES REPORTS, 0600);
    ck_assert_int_eq(muster("rule", "lint", bench_path("told.yaml")), EXIT_OK);
    ck_assert_ptr_nonnull(strstr(bench.said, "told.yaml: right\n"));
    ck_assert_ptr_nonnull(strstr(bench.said, "told.yaml: report: there is no destination siem "));
    ck_assert_int_eq(muster("rule", "lint", "--json", bench_path("told.yaml")), EXIT_OK);
    list = json_loads(bench.said, 0, NULL);
    ck_assert_int_eq(json_unpack(json_array_get(list, 0), "{s:n, s:[ss!]}", "not_carried_out",
                                 "warnings", &one, &two),
                     0);
    ck_assert_ptr_nonnull(strstr(two, "no destination soc that delivers"));
    json_decref(list);
}
END_TEST

START_TEST(warnings_are_told_when_it_is_armed)
{
    static const char *const armed = "{\"name\":\"ecc\",\"warnings\":[\"one\\u0007\",\"two\"]}";

    bench_answers(EXIT_OK, armed);
    ck_assert_int_eq(muster("rule", "arm", "ecc", "--reason", "r", "-o", "table"), EXIT_OK);
    ck_assert_ptr_nonnull(strstr(bench.said, "warnings "));
    ck_assert_ptr_nonnull(strstr(bench.said, "one ,two\n"));
    bench_answers(EXIT_OK, armed);
    ck_assert_int_eq(muster("rule", "arm", "ecc", "--reason", "r", "-o", "json"), EXIT_OK);
    ck_assert_ptr_nonnull(strstr(bench.said, "\"warnings\": ["));
    bench_file("good.yaml", GOOD, 0600);
    bench_answers(EXIT_OK, "{\"name\":\"a\",\"version\":1,\"armed\":true,\"warnings\":[]}");
    ck_assert_int_eq(muster("rule", "push", bench_path("good.yaml"), "-o", "table"), EXIT_OK);
    ck_assert_ptr_null(strstr(bench.said, "warning"));
}
END_TEST

START_TEST(faults_are_told_to_programs_too)
{
    json_t *list;
    const char *file, *message, *later;
    json_int_t line, column;

    bench_file("bad.yaml", GOOD "  holt: 1m\n", 0600);
    bench_file("later.yaml", GOOD "  approval: {levels: [{role: r, timeout: 1h}]}\n", 0600);
    ck_assert_int_eq(
        muster("rule", "lint", "--json", bench_path("bad.yaml"), bench_path("later.yaml")),
        EXIT_USAGE);
    list = json_loads(bench.said, 0, NULL);
    ck_assert_uint_eq(json_array_size(list), 2);
    ck_assert_int_eq(json_unpack(json_array_get(list, 0), "{s:s, s:[{s:I, s:I, s:s}], s:n}", "file",
                                 &file, "issues", "line", &line, "column", &column, "message",
                                 &message, "not_carried_out"),
                     0);
    ck_assert_int_eq(line, 7);
    ck_assert_int_eq(column, 3);
    ck_assert_str_eq(message, "unknown field 'holt': is it 'hold'?");
    ck_assert_int_eq(
        json_unpack(json_array_get(list, 1), "{s:[], s:s}", "issues", "not_carried_out", &later),
        0);
    ck_assert_str_eq(later, "'approval' (line 7)");
    json_decref(list);
}
END_TEST

START_TEST(the_schema_is_printed_without_a_server)
{
    json_t *schema;

    unsetenv("MUSTER_SERVER");
    bench_misused(muster("rule", "schema", "x"), "rule schema");
    ck_assert_int_eq(muster("rule", "schema"), EXIT_OK);
    schema = json_loads(bench.said, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(schema, "$schema")),
                     "https://json-schema.org/draft/2020-12/schema");
    json_decref(schema);
}
END_TEST

#define TESTED                                                                                     \
    GOOD "tests:\n"                                                                                \
         "  - name: one alert boots\n    assets: {m1: {class: server}}\n"                          \
         "    feed: [{at: 0s, event: {type: %s, asset: m1}}]\n"                                    \
         "    expect: [{at: 0s, decisions: [{do: boot, asset: m1}]}]\n"

START_TEST(tests_of_rules_run_without_a_server)
{
    char right[1024], wrong[1024];

    unsetenv("MUSTER_SERVER");
    snprintf(right, sizeof(right), TESTED, "t");
    snprintf(wrong, sizeof(wrong), TESTED, "u");
    bench_misused(muster("rule", "test"), "rule test");
    bench_file("right.yaml", right, 0600);
    bench_file("wrong.yaml", wrong, 0600);
    bench_file("none.yaml", GOOD, 0600);
    bench_file("bad.yaml", GOOD "  holt: 1m\n", 0600);
    ck_assert_int_eq(muster("rule", "test", bench_path("right.yaml"), bench_path("none.yaml")),
                     EXIT_OK);
    ck_assert_ptr_nonnull(strstr(bench.said, "right.yaml: one alert boots\n"));
    ck_assert_ptr_nonnull(strstr(bench.said, "none.yaml: it has no tests\n"));
    ck_assert_ptr_nonnull(strstr(bench.said, "1 passed, 0 failed\n"));
    ck_assert_int_eq(muster("rule", "test", bench_path("wrong.yaml"), bench_path("bad.yaml"),
                            bench_path("right.yaml")),
                     EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(bench.said, "FAIL  "));
    ck_assert_ptr_nonnull(
        strstr(bench.said,
               "wrong.yaml:11:35: boot for m1 was not decided by 0s: the last alert, at 0s: no "
               "rule is for events of type 'u'\n"));
    ck_assert_ptr_nonnull(strstr(bench.said, "bad.yaml: the rule is wrong\n"));
    ck_assert_ptr_nonnull(strstr(bench.said, "unknown field 'holt'"));
    ck_assert_ptr_nonnull(strstr(bench.said, "1 passed, 2 failed\n"));
    ck_assert_int_eq(muster("rule", "test", bench_path("missing.yaml")), EXIT_USAGE);
}
END_TEST

CHECK_MAIN_WITH("cli rule", bench_make, bench_unmake, rules_are_switched_with_a_reason,
                versions_are_shown_and_compared, a_rule_is_pushed_and_armed, a_rule_is_replayed,
                the_storm_brake_is_set_and_released, rules_are_looked_at_without_a_server,
                what_is_not_armed_is_said_beforehand,
                what_goes_less_far_than_it_says_is_told_beforehand,
                warnings_are_told_when_it_is_armed, faults_are_told_to_programs_too,
                tests_of_rules_run_without_a_server, the_schema_is_printed_without_a_server,
                automation_is_stopped_and_started_with_a_reason, a_foreign_rule_is_not_found,
                a_rule_is_shown_as_it_was_pushed, history_is_kept_for_months_or_for_ever)
