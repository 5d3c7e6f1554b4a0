/* muster rule, muster automation, muster retention: switches say why, history says how long. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

START_TEST(rules_are_switched_with_a_reason)
{
    bench_misused(muster("rule", "arm", "ecc"), "--reason");
    bench_misused(muster("rule", "disarm", "ecc"), "--reason");
    bench_answers(EXIT_OK, "{\"name\":\"ecc\",\"stage\":\"active\"}");
    bench_answers(EXIT_OK, "{\"name\":\"ecc\",\"stage\":\"draft\"}");
    ck_assert_int_eq(muster("rule", "arm", "ecc", "--reason", "mended"), 0);
    bench_called(0, "POST", "/v1/rules/ecc/arm", "{\"reason\":\"mended\"}");
    ck_assert_int_eq(muster("rule", "disarm", "ecc", "--reason", "too eager"), 0);
    bench_called(1, "POST", "/v1/rules/ecc/disarm", "{\"reason\":\"too eager\"}");
}
END_TEST

START_TEST(automation_is_stopped_and_started_with_a_reason)
{
    bench_misused(muster("automation", "stop"), "--reason");
    bench_answers(EXIT_OK, "{\"stopped\":true}");
    bench_answers(EXIT_OK, "{\"stopped\":false}");
    bench_answers(EXIT_OK, "{\"stopped\":false}");
    ck_assert_int_eq(muster("automation", "stop", "--reason", "power work"), 0);
    bench_called(0, "POST", "/v1/automation/stop", "{\"reason\":\"power work\"}");
    ck_assert_int_eq(muster("automation", "start", "--reason", "done"), 0);
    bench_called(1, "POST", "/v1/automation/start", "{\"reason\":\"done\"}");
    ck_assert_int_eq(muster("automation", "show"), 0);
    bench_called(2, "GET", "/v1/automation", NULL);
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

CHECK_MAIN_WITH("cli rule", bench_make, bench_unmake, rules_are_switched_with_a_reason,
                automation_is_stopped_and_started_with_a_reason, a_foreign_rule_is_not_found,
                history_is_kept_for_months_or_for_ever)
