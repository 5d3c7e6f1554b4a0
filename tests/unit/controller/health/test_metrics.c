/* Metrics: what is added is printed in Prometheus's text format, and a collector is asked before.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "controller/health/metrics.h"
#include "rules/engine/rule_finding.h"
#include "tests/support/check_main.h"

static void collect(void *context)
{
    metric_set(METRIC_SESSIONS, *(uint64_t *)context);
}

static int prints(const char *line)
{
    struct text text = {0};
    int found;

    metrics_print(&text);
    found = strstr(text_string(&text), line) != NULL;
    text_clear(&text);
    return found;
}

START_TEST(counters_add_up_and_are_typed)
{
    metric_add(METRIC_TASKS_MOVED, 2);
    metric_add(METRIC_TASKS_MOVED, 3);
    ck_assert_uint_eq(metric_read(METRIC_TASKS_MOVED), 5);
    ck_assert(prints("# TYPE muster_tasks_moved_total counter\nmuster_tasks_moved_total 5\n"));
}
END_TEST

START_TEST(collector_is_asked_before_each_print_and_no_more_once_gone)
{
    uint64_t sessions = 7;

    metrics_collector(collect, &sessions);
    ck_assert(prints("\nmuster_agent_sessions 7\n"));
    metrics_collector(NULL, NULL);
    sessions = 9;
    ck_assert(prints("\nmuster_agent_sessions 7\n"));
}
END_TEST

START_TEST(decisions_are_told_apart_by_their_ending)
{
    for (int i = 0; i < RULE_ENDINGS; i++) {
        char line[96];

        metric_add((enum metric)(METRIC_DECISIONS + i), (uint64_t)(100 + i));
        snprintf(line, sizeof(line), "\nmuster_decisions_total{ending=\"%s\"} %d\n",
                 rule_ending_name((enum rule_ending)i), 100 + i);
        ck_assert_msg(prints(line), "%s", line);
    }
}
END_TEST

START_TEST(every_metric_has_its_help_and_type)
{
    struct text text = {0};
    size_t helps = 0, types = 0;

    metrics_print(&text);
    for (const char *at = text_string(&text); (at = strstr(at, "# HELP muster_")); at++)
        helps++;
    for (const char *at = text_string(&text); (at = strstr(at, "# TYPE muster_")); at++)
        types++;
    /* Those that differ in a label alone have one name. */
    ck_assert_uint_eq(helps, METRIC_COUNT - (RULE_ENDINGS - 1));
    ck_assert_uint_eq(types, helps);
    text_clear(&text);
}
END_TEST

static size_t name_length(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyz_");
}

/* 'name' stands in 'text' behind 'before', and goes no further there. */
static bool has(const char *text, const char *before, const char *name, size_t length)
{
    for (const char *at = text; (at = strstr(at, before));) {
        at += strlen(before);
        if (name_length(at) == length && strncmp(at, name, length) == 0)
            return true;
    }
    return false;
}

START_TEST(the_operators_page_has_every_metric_and_no_other)
{
    char *page = file_read(TEST_DIR "/../docs/operations.md", 1 << 20, NULL, NULL);
    struct text text = {0};

    ck_assert_ptr_nonnull(page);
    metrics_print(&text);
    for (const char *at = text_string(&text); (at = strstr(at, "# TYPE "));) {
        at += strlen("# TYPE ");
        ck_assert_msg(has(page, "`", at, name_length(at)), "docs/operations.md has no %.*s",
                      (int)name_length(at), at);
    }
    for (const char *at = page; (at = strstr(at, "`muster_"));) {
        at++;
        ck_assert_msg(has(text_string(&text), "# TYPE ", at, name_length(at)),
                      "docs/operations.md has %.*s", (int)name_length(at), at);
    }
    text_clear(&text);
    free(page);
}
END_TEST

CHECK_MAIN("metrics", counters_add_up_and_are_typed,
           collector_is_asked_before_each_print_and_no_more_once_gone,
           decisions_are_told_apart_by_their_ending, every_metric_has_its_help_and_type,
           the_operators_page_has_every_metric_and_no_other)
