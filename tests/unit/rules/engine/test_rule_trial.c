/* The tests of rule files: the samples pass theirs, whatever is expected wrongly fails at its line,
 * and a restart at every moment changes nothing.
 */
#include <glob.h>

#include "common/file.h"
#include "rules/engine/rule_trial.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

static char told[8192];

/* Of one test of 'text': 1, 0 with what was told, or -1 with the error. */
static int run(const char *text, size_t number, bool restarts)
{
    struct rule_trial_options options = {.restarts = restarts};
    struct rule_document *document = rule_bed_parse(text);
    struct error err = {0};
    struct rule_trial *trial = rule_trial_create(&document, &err);
    struct rule_issues issues = {0};
    size_t at = 0;
    int rc;

    ck_assert_ptr_null(document);
    ck_assert_ptr_nonnull(trial);
    rc = rule_trial_run(trial, number, &options, &issues, &err);
    told[0] = '\0';
    for (size_t i = 0; i < rule_issues_kept(&issues); i++)
        at += (size_t)snprintf(told + at, sizeof(told) - at, "%u: %s\n", issues.items[i].line,
                               issues.items[i].message);
    if (rc < 0)
        snprintf(told, sizeof(told), "%s", error_text(&err));
    rule_issues_clear(&issues);
    rule_trial_destroy(trial);
    return rc;
}

static size_t tests_of(const char *text)
{
    struct rule_document *document = rule_bed_parse(text);
    size_t count = document->test_count;

    rule_document_destroy(document);
    return count;
}

START_TEST(the_packs_pass_their_own_tests)
{
    glob_t files;
    size_t ran = 0;

    ck_assert_int_eq(glob(TEST_DIR "/../rules/packs/*.yaml", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct error err = {0};
        size_t length, count;
        char *text = file_read(files.gl_pathv[i], 1 << 20, &length, &err);

        ck_assert_msg(text != NULL, "%s", error_text(&err));
        count = tests_of(text);
        ck_assert_msg(count > 0, "%s has no tests", files.gl_pathv[i]);
        for (size_t n = 0; n < count; n++) {
            ck_assert_msg(run(text, n, false) == 1, "%s: %s", files.gl_pathv[i], told);
            ck_assert_msg(run(text, n, true) == 1, "%s, restarted: %s", files.gl_pathv[i], told);
            ran++;
        }
        free(text);
    }
    ck_assert_uint_ge(ran, 7);
    globfree(&files);
}
END_TEST

#define HEAD                                                                                       \
    "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: a, title: A, version: 1, owner: o}\nspec:\n" \
    "  scope: {type: t}\n"
#define BOOT "  action: {boot: {image: diag, params: {dimm: event.component.id}}}\n"
#define TESTS                                                                                      \
    "tests:\n  - name: n\n    assets: {m1: {class: server, rack: r1}, m2: {class: server, rack: "  \
    "r1}, gen: {count: 20, id: \"s%d\", site: x}}\n"
#define ALERT(at) "      - {at: " at ", event: {type: t, asset: m1, component: {id: B1}}}\n"

static void passes(const char *text)
{
    ck_assert_msg(run(text, 0, false) == 1, "%s", told);
    ck_assert_msg(run(text, 0, true) == 1, "restarted: %s", told);
}

static void fails(const char *text, const char *words)
{
    char first[sizeof(told)];

    ck_assert_int_eq(run(text, 0, false), 0);
    ck_assert_msg(strstr(told, words) != NULL, "%s", told);
    strcpy(first, told);
    ck_assert_int_eq(run(text, 0, true), 0);
    ck_assert_str_eq(told, first);
}

START_TEST(decisions_are_compared_member_by_member)
{
    passes(HEAD BOOT TESTS "    feed:\n" ALERT("1m") "    expect:\n"
                                                     "      - {at: 59s, decisions: []}\n"
                                                     "      - {at: 1m, decisions: [{do: boot, "
                                                     "asset: m1, image: diag, params: {dimm: B1}}],"
                                                     " total: 1}\n"
                                                     "      - {at: 1h, decisions: [], total: 1}\n");
    fails(HEAD BOOT TESTS "    feed:\n" ALERT(
              "1m") "    expect:\n"
                    "      - {at: 1m, decisions: [{do: boot, params: {dimm: B2}}]}\n",
          "13: boot was not decided by 1m: what was: boot at 1m for m1, image diag, dimm 'B1'");
    fails(HEAD BOOT TESTS
          "    feed:\n" ALERT("1m") "    expect:\n"
                                    "      - {at: 1m, decisions: [{do: boot, asset: m2}]}\n",
          "boot for m2 was not decided by 1m: what was: boot at 1m for m1");
    fails(HEAD BOOT TESTS "    feed:\n" ALERT("1m") "    expect:\n"
                                                    "      - {at: 1h, decisions: []}\n",
          "13: this was decided, and is not expected: boot at 1m");
    fails(HEAD BOOT TESTS "    feed:\n" ALERT("1m") "    expect:\n"
                                                    "      - {at: 1h, total: 2}\n",
          "13: 1 boot was started by 1h, not 2: the last alert, at 1m, ended as acts");
    fails(HEAD "  match: event.count > 1\n" BOOT TESTS "    feed:\n"
               "      - {at: 1m, event: {type: t, asset: m1, count: 1}}\n    expect:\n"
               "      - {at: 1m, decisions: [{do: boot}]}\n",
          "no rule is for it; the nearest is a: event.count > 1 is false, event.count is 1");
}
END_TEST

START_TEST(what_differs_is_told_apart)
{
    /* What another expectation has taken is not in the place of the one that is missing. */
    fails(
        HEAD BOOT TESTS "    feed:\n" ALERT("1m") "    expect:\n"
                                                  "      - {at: 1m, decisions: [{do: boot, asset: "
                                                  "m1}, {do: boot, asset: m2}]}\n",
        "13: boot for m2 was not decided by 1m: nothing else was; the last alert, at 1m, ended as "
        "acts");
    fails(HEAD "  limits: [{by: asset.rack, max: 1}]\n" BOOT TESTS "    feed:\n" ALERT(
              "0s") "      - {at: 1s, event: {type: t, asset: m2, component: {id: B2}}}\n    "
                    "expect:\n      - {at: 1s, total: 2}\n",
          "15: 1 boot was started by 1s, not 2: 1 task is waiting for room under limits or stages; "
          "the "
          "last alert, at 1s, ended as acts");
    fails(HEAD "  approval: {levels: [{role: shift, timeout: 1h}]}\n" BOOT TESTS
               "    feed:\n      - {at: 0s, each: gen, event: {type: t, component: {id: B1}}}\n"
               "    expect:\n      - {at: 1s, total: 20}\n",
          "14: 0 boots were started by 1s, not 20: 20 tasks are waiting for approval; the last "
          "alert");
}
END_TEST

START_TEST(decisions_of_a_moment_have_no_order)
{
    passes(HEAD BOOT TESTS "    feed:\n" ALERT(
        "1m") "      - {at: 1m, event: {type: t, asset: m2, component: {id: B2}}}\n    expect:\n"
              "      - {at: 1m, decisions: [{do: boot}, {do: boot, asset: m1}]}\n");
    passes(HEAD BOOT TESTS "    feed:\n" ALERT(
        "1m") "      - {at: 1m, event: {type: t, asset: m2, component: {id: B2}}}\n    expect:\n"
              "      - {at: 1m, decisions: [{do: boot, asset: m2}, {do: boot, asset: m1}]}\n");
}
END_TEST

START_TEST(a_rule_that_fails_fails_its_test)
{
    fails(HEAD "  match: event.component.kind == 'dimm'\n" BOOT TESTS
               "    feed:\n" ALERT("1m") "    expect:\n      - {at: 1m, decisions: []}\n",
          "6: at 1m: match (line 6): ");
}
END_TEST

START_TEST(levels_are_asked_one_after_the_other)
{
    static const char approval[] =
        "  approval:\n    levels: [{role: shift, timeout: 1h}, {role: owner, count: 2, timeout: "
        "2h}]\n"
        "    distinct_people: true\n    on_timeout: else\n"
        "  else: {ticket: {queue: q, priority: 3, title: \"'not ' + asset.name\"}}\n";
    struct text text = {0};

    text_format(&text, "%s%s%s", HEAD, approval,
                BOOT TESTS "    feed:\n" ALERT(
                    "0s") "      - {at: 10m, approve: {by: eve, role: other}}\n"
                          "      - {at: 20m, approve: {by: ann, role: shift}}\n"
                          "      - {at: 30m, approve: {by: ann, role: owner}}\n"
                          "      - {at: 40m, approve: {by: bob, role: owner}}\n"
                          "      - {at: 50m, approve: {by: bob, role: owner}}\n"
                          "      - {at: 60m, approve: {by: cid, role: owner}}\n    expect:\n"
                          "      - {at: 10m, decisions: [{do: approve, level: 1}]}\n"
                          "      - {at: 50m, decisions: [{do: approve, level: 2}], total: 0}\n"
                          "      - {at: 1h, decisions: [{do: boot}]}\n");
    passes(text_string(&text));
    text_clear(&text);
    text_format(
        &text, "%s%s%s", HEAD, approval,
        BOOT TESTS "    feed:\n" ALERT(
            "0s") "      - {at: 20m, approve: {by: ann, role: shift}}\n    expect:\n"
                  "      - {at: 2h, decisions: [{do: approve, level: 2}]}\n"
                  "      - {at: 140m, decisions: [{do: ticket, queue: q, priority: 3, title: not "
                  "m1}]}\n"
                  "      - {at: 1d, total: 0}\n");
    passes(text_string(&text));
    text_clear(&text);
    text_format(&text, "%s%s%s", HEAD, approval,
                BOOT TESTS "    feed:\n" ALERT(
                    "0s") "      - {at: 20m, refuse: {by: ann, role: shift}}\n    expect:\n"
                          "      - {at: 20m, decisions: [{do: ticket}]}\n"
                          "      - {at: 1d, decisions: []}\n");
    passes(text_string(&text));
    text_clear(&text);
}
END_TEST

START_TEST(limits_hold_back)
{
    passes(HEAD "  limits: [{by: asset.rack, max: 1}]\n" BOOT TESTS "    feed:\n" ALERT(
        "0s") "      - {at: 1s, event: {type: t, asset: m2, component: {id: B2}}}\n    expect:\n"
              "      - {at: 599s, total: 1}\n"
              "      - {at: 10m, decisions: [{do: boot, asset: m2}], total: 2}\n"
              "      - {always: \"tasks.filter(t, t.state == 'running').size() <= 1\"}\n");
    passes(HEAD "  schedule: {latest: 2h}\n"
                "  limits: [{by: asset.site, max_percent: 12, min: 1}]\n" BOOT TESTS
                "    feed:\n      - {at: 0s, each: gen, event: {type: t, component: {id: B1}}}\n"
                "    expect:\n      - {at: 0s, total: 2}\n      - {at: 2h, total: 20}\n");
    /* Without it a task that finds no room within a quarter of an hour is dropped. */
    passes(HEAD "  limits: [{by: asset.site, max_percent: 12, min: 1}]\n" BOOT TESTS
                "    feed:\n      - {at: 0s, each: gen, event: {type: t, component: {id: B1}}}\n"
                "    expect:\n      - {at: 10m, total: 4}\n      - {at: 2h, total: 4}\n");
    fails(HEAD
          "  limits: [{by: asset.site, max_percent: 12, min: 1}]\n" BOOT TESTS
          "    feed:\n      - {at: 0s, each: gen, event: {type: t, component: {id: B1}}}\n"
          "    expect:\n      - {always: \"tasks.filter(t, t.state == 'running').size() < 2\"}\n",
          "14: does not hold at 0s");
}
END_TEST

START_TEST(what_is_required_is_asked_again_at_the_start)
{
    passes(HEAD "  limits: [{by: asset.rack, max: 1}]\n"
                "  require: [{expr: now < timestamp('2026-01-05T12:05:00Z'), because: too late}]\n"
                "  else: {ticket: {queue: q, priority: 1}}\n" BOOT TESTS
                "    feed:\n" ALERT("0s") "      - {at: 1s, event: {type: t, asset: m2, component: "
                                          "{id: B2}}}\n    expect:\n"
                                          "      - {at: 1m, decisions: [{do: boot, asset: m1}]}\n"
                                          "      - {at: 10m, decisions: [{do: ticket, asset: m2, "
                                          "queue: q, title: A}], total: 1}\n");
}
END_TEST

START_TEST(what_the_window_counted_is_required_at_the_start_too)
{
    passes(HEAD "  window: {kind: sliding, key: asset.id, within: 1h, when: window.count >= 2}\n"
                "  require: [{expr: window.count == 2 && window.last > window.first, because: b}]\n"
                "  limits: [{by: asset.rack, max: 1}]\n"
                "  else: {ticket: {queue: q, priority: 1}}\n" BOOT TESTS "    feed:\n" ALERT("0s")
                    ALERT("1s") "      - {at: 1s, times: 2, every: 1s, event: {type: t, asset: m2, "
                                "component: {id: B2}}}\n"
                                "    expect:\n"
                                "      - {at: 2s, decisions: [{do: boot, asset: m1}]}\n"
                                "      - {at: 1h, decisions: [{do: boot, asset: m2}]}\n");
}
END_TEST

START_TEST(what_is_expected_by_a_key_without_a_value_fails)
{
    fails(HEAD "  absent: [{expect: seen, key: event.component.slot, within: 1h, then: {ticket: "
               "{queue: q, priority: 1}}}]\n" BOOT TESTS
               "    feed:\n" ALERT("0s") "    expect:\n      - {at: 1s, total: 1}\n",
          "absent 1 (line 6): ");
}
END_TEST

START_TEST(stages_go_on_when_they_have_soaked)
{
    static const char rollout[] = HEAD
        "  schedule: {latest: 30d}\n  rollout:\n    key: event.component.id\n"
        "    stages: [{max: 1, soak: 1h}, {max_percent: 10, of: asset.site, soak: 1h}, {max: 5}]\n"
        "    halt_when: rollout.failed >= 1\n"
        "    on_halt: {ticket: {queue: halted, priority: 1, title: "
        "\"string(rollout.failed)\"}}\n" BOOT TESTS
        "    feed:\n      - {at: 0s, each: gen, event: {type: t, component: {id: B1}}}\n";
    struct text text = {0};

    text_format(&text, "%s%s", rollout,
                "    expect:\n      - {at: 69m, total: 1}\n      - {at: 70m, total: 3}\n"
                "      - {at: 139m, total: 3}\n      - {at: 140m, total: 8}\n"
                "      - {at: 1d, total: 20}\n");
    passes(text_string(&text));
    text_clear(&text);
    text_format(&text, "%s%s", rollout,
                "      - {at: 75m, task: {asset: s2, state: failed}}\n"
                "    expect:\n      - {at: 70m, total: 3}\n"
                "      - {at: 75m, decisions: [{do: halt}, {do: ticket, queue: halted, title: "
                "\"1\"}]}\n      - {at: 10d, total: 3}\n");
    passes(text_string(&text));
    text_clear(&text);
}
END_TEST

START_TEST(schedules_open_their_hours)
{
    static const char schedule[] = HEAD
        "  schedule:\n    windows: [{weekdays: [tue], from: \"01:00\", to: \"02:00\"}]\n"
        "    spread: 30m\n    latest: 20h\n  else: {ticket: {queue: q, priority: 1}}\n" BOOT TESTS;
    struct text text = {0};

    /* Tests begin on a Monday at 12:00. */
    text_format(
        &text, "%s%s", schedule,
        "    feed:\n" ALERT(
            "0s") "    expect:\n"
                  "      - {at: 0s, decisions: [{do: schedule}]}\n      - {at: 13h, total: 0}\n"
                  "      - {at: 810m, decisions: [{do: boot}]}\n");
    passes(text_string(&text));
    text_clear(&text);
    text_format(&text, "%s%s", schedule,
                "    feed:\n" ALERT(
                    "15h") "    expect:\n"
                           "      - {at: 34h, decisions: [{do: schedule}]}\n"
                           "      - {at: 35h, decisions: [{do: ticket, queue: q}], total: 0}\n");
    passes(text_string(&text));
    text_clear(&text);
}
END_TEST

START_TEST(what_is_expected_of_a_task)
{
    static const char absent[] = HEAD
        "  absent: [{expect: task.finished, key: task.id, within: 30m,\n"
        "    then: {ticket: {queue: late, priority: 1, title: task.id + ' ' + task.state}}}]\n" BOOT
            TESTS;
    struct text text = {0};

    text_format(&text, "%s%s", absent,
                "    feed:\n" ALERT("0s") "    expect:\n"
                                          "      - {at: 1d, decisions: [{do: boot}]}\n");
    passes(text_string(&text));
    text_clear(&text);
    text_format(&text, "%s%s", absent,
                "    feed:\n" ALERT(
                    "0s") "      - {at: 1m, task: {asset: m1, state: running}}\n    expect:\n"
                          "      - {at: 0s, decisions: [{do: boot}]}\n"
                          "      - {at: 30m, decisions: [{do: ticket, title: t1 running}]}\n");
    passes(text_string(&text));
    text_clear(&text);
    text_format(&text, "%s%s", absent,
                "    feed:\n" ALERT(
                    "0s") "      - {at: 1m, task: {asset: m2, state: failed}}\n    expect:\n"
                          "      - {at: 1d, decisions: [{do: boot}]}\n");
    fails(text_string(&text), "14: m2 has no task at 1m");
    text_clear(&text);
}
END_TEST

START_TEST(what_is_suppressed_counts_where_it_is_named)
{
    static const char suppress[] =
        HEAD "  suppress: [{type: work, key: asset.id, for: 1h, because: people work there}]\n" BOOT
            TESTS "    feed:\n      - {at: 0s, event: {type: work, asset: m1}}\n" ALERT("1m");
    struct text text = {0};

    text_format(&text, "%s    expect:\n      - {at: 1m, decisions: []}\n", suppress);
    passes(text_string(&text));
    text_clear(&text);
    text_format(&text, "%s    expect:\n      - {at: 1m, decisions: [{do: suppress, asset: m1}]}\n",
                suppress);
    passes(text_string(&text));
    text_clear(&text);
}
END_TEST

START_TEST(a_restart_changes_nothing)
{
    static const char held[] = HEAD
        "  hold: 2m\n  window: {kind: sliding, key: asset.id, within: 1h, when: window.count >= "
        "2}\n  dedup: {key: asset.id, within: 1d}\n" BOOT TESTS "    feed:\n";
    struct text text = {0};

    text_format(&text, "%s%s", held,
                ALERT("0s") "      - {at: 1m, restart: true}\n" ALERT(
                    "3m") "      - {at: 4m, times: 3, "
                          "every: 10m, restart: "
                          "true}\n" ALERT("10m") "    expect:\n      "
                                                 "- {at: 4m, "
                                                 "decisions: []}\n"
                                                 "      - {at: 5m, "
                                                 "decisions: [{do: "
                                                 "boot, asset: "
                                                 "m1}]}\n"
                                                 "      - {at: 1h, "
                                                 "decisions: []}\n");
    passes(text_string(&text));
    text_clear(&text);
}
END_TEST

START_TEST(tests_have_bounds)
{
    ck_assert_int_eq(run(HEAD BOOT TESTS "    feed:\n      - {at: 0s, each: gen, times: 100000, "
                                         "every: 1s, event: {type: t}}\n    expect:\n"
                                         "      - {at: 0s, decisions: []}\n",
                         0, false),
                     -1);
    ck_assert_str_eq(told, "test 'n': the test feeds more than 1000000 alerts: less 'times', or a "
                           "smaller set");
    fails(HEAD BOOT TESTS "    feed:\n" ALERT("0s") "    expect:\n      - {at: 2s, total: 0}\n"
                                                    "      - {at: 1s, total: 0}\n",
          "14: 'at' is before that of the one above it");
}
END_TEST

CHECK_MAIN("rule_trial", the_packs_pass_their_own_tests, decisions_are_compared_member_by_member,
           what_differs_is_told_apart, decisions_of_a_moment_have_no_order,
           a_rule_that_fails_fails_its_test, levels_are_asked_one_after_the_other, limits_hold_back,
           what_is_required_is_asked_again_at_the_start,
           what_the_window_counted_is_required_at_the_start_too,
           what_is_expected_by_a_key_without_a_value_fails, stages_go_on_when_they_have_soaked,
           schedules_open_their_hours, what_is_expected_of_a_task,
           what_is_suppressed_counts_where_it_is_named, a_restart_changes_nothing,
           tests_have_bounds)
