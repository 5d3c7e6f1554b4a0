/* Rule files: what a good one holds, field by field; that all faults are told at once; and what is
 * not carried out yet. Each kind of fault by itself: test_broken.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "rules/cel/cel_env.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_names.h"
#include "tests/support/check_main.h"

#define HEAD "apiVersion: rules/v1\nkind: Rule\n"
#define METADATA "metadata: {id: a, version: 1, owner: o}\n"
#define SCOPE "  scope: {type: t}\n"
#define ACTION "  action: {boot: {image: diag}}\n"

static struct rule_document *rule;

static void drop(void)
{
    rule_document_destroy(rule);
    rule = NULL;
}

static void take(const char *text)
{
    struct rule_issues issues = {0};
    struct text told = {0};

    drop();
    rule = rule_document_parse(text, strlen(text), &issues);
    rule_issues_write(&issues, "r", text, strlen(text), &told);
    ck_assert_msg(rule != NULL, "%s", text_string(&told));
    ck_assert_uint_eq(issues.count, 0);
    text_clear(&told);
    rule_issues_clear(&issues);
}

static void ck_expression(const struct rule_expression *expression, const char *text, unsigned line,
                          unsigned column)
{
    ck_assert_str_eq(expression->text, text);
    ck_assert_ptr_nonnull(expression->program);
    ck_assert_uint_eq(expression->line, line);
    ck_assert_uint_eq(expression->column, column);
}

START_TEST(all_faults_of_a_file_are_told_in_its_order)
{
    static const char text[] = HEAD "metadata: {id: A, version: 0, ownr: x}\n"
                                    "spec:\n"
                                    "  hold: 10\n"
                                    "  match: event.tpye == 'x'\n"
                                    "  hold: 1m\n"
                                    "  action: {boot: {imgae: d}}\n";
    struct rule_issues issues = {0};
    static const unsigned places[][2] = {{3, 11}, {3, 16}, {3, 28}, {3, 31}, {5, 3},
                                         {5, 9},  {6, 15}, {7, 3},  {8, 18}, {8, 19}};

    ck_assert_ptr_null(rule_document_parse(text, strlen(text), &issues));
    ck_assert_uint_eq(issues.count, sizeof(places) / sizeof(places[0]));
    for (size_t i = 0; i < issues.count; i++) {
        ck_assert_uint_eq(issues.items[i].line, places[i][0]);
        if (i != 6) /* a select's place is its dot or its name */
            ck_assert_uint_eq(issues.items[i].column, places[i][1]);
    }
    rule_issues_clear(&issues);
}
END_TEST

START_TEST(a_good_rule_is_understood)
{
    take(HEAD "metadata: {id: memory.ecc, title: ECC, version: 3, owner: "
              "noc, runbook: r.md, tags: [a, b]}\n"
              "spec:\n"
              "  priority: -5\n"
              "  scope:\n"
              "    type: [hw.memory.ecc, hw.memory.bank]\n"
              "    status: firing\n"
              "    asset.class: server\n"
              "  action:\n"
              "    boot:\n"
              "      image: diag\n"
              "      version: \"=1.2.3\"\n"
              "      params: {dimm: \"'B' + string(1)\", passes: 2, deep: true, f: 1e3}\n"
              "      deadline: 45m\n"
              "      after: power-off\n");
    ck_assert_str_eq(rule->id, "memory.ecc");
    ck_assert_str_eq(rule->title, "ECC");
    ck_assert_str_eq(rule->owner, "noc");
    ck_assert_str_eq(rule->runbook, "r.md");
    ck_assert_uint_eq(rule->tags.count, 2);
    ck_assert_int_eq(rule->version, 3);
    ck_assert_int_eq(rule->priority, -5);
    ck_assert_uint_eq(rule->scope[RULE_TYPE].count, 2);
    ck_assert_str_eq(rule->scope[RULE_TYPE].items[1], "hw.memory.bank");
    ck_assert_uint_eq(rule->scope[RULE_STATUS].count, 1);
    ck_assert_str_eq(rule->scope[RULE_ASSET_CLASS].items[0], "server");
    ck_assert_uint_eq(rule->scope[RULE_SEVERITY].count, 0);
    ck_assert_str_eq(rule->boot.image, "diag");
    ck_assert_str_eq(rule->boot.version, "=1.2.3");
    ck_assert_uint_eq(rule->boot.param_count, 4);
    ck_assert_str_eq(rule->boot.params[0].value, "B1");
    ck_assert_str_eq(rule->boot.params[1].value, "2");
    ck_assert_str_eq(rule->boot.params[2].value, "true");
    ck_assert_str_eq(rule->boot.params[3].value, "1000");
    ck_assert_int_eq(rule->boot.deadline_s, 45 * 60);
    ck_assert_str_eq(rule_after_name(rule->boot.after), "power_off");
    ck_assert_ptr_null(rule_document_not_carried_out(rule));
}
END_TEST

START_TEST(a_short_rule_has_defaults)
{
    take(HEAD METADATA "spec:\n" SCOPE ACTION);
    ck_assert_str_eq(rule->title, "a");
    ck_assert_ptr_null(rule->runbook);
    ck_assert_int_eq(rule->priority, 0);
    ck_assert_ptr_null(rule->match.text);
    ck_assert_ptr_null(rule->boot.version);
    ck_assert_int_eq(rule->boot.deadline_s, 0);
    ck_assert_str_eq(rule_after_name(rule->boot.after), "as_found");
    ck_assert_str_eq(rule_attribute_name(RULE_ASSET_RACK), "asset.rack");
    ck_assert_str_eq(rule_attribute_name(RULE_TYPE), "type");
    ck_assert_int_eq(rule->window.kind, RULE_WINDOW_NONE);
    rule_document_destroy(NULL);
}
END_TEST

START_TEST(lets_have_slots_and_types)
{
    take(HEAD METADATA "spec:\n" SCOPE "  let:\n"
                       "    big: event.count > 5\n"
                       "    both: vars.big && asset.site == 'ams1'\n"
                       "  match: vars.both\n" ACTION);
    ck_assert_uint_eq(rule->let_count, 2);
    ck_assert_str_eq(rule->lets[1].name, "both");
    ck_assert_int_eq(rule->lets[0].slot, (int)rule_name_count);
    ck_assert_int_eq(rule->lets[1].slot, (int)rule_name_count + 1);
    ck_assert_str_eq(cel_env_slot_name(rule->env, rule->lets[1].slot), "vars.both");
    ck_expression(&rule->match, "vars.both", 9, 10);
    ck_assert_ptr_null(rule_document_not_carried_out(rule));
}
END_TEST

START_TEST(what_decides_is_read)
{
    take(HEAD METADATA
         "spec:\n" SCOPE "  match: >-\n    event.count > 1\n    && event.type != 'x'\n"
         "  hold: 2m\n"
         "  window: {kind: session, key: [asset.id, event.component.serial], within: 10m,\n"
         "    lateness: 1m, when: window.sum >= 5, sum: '2', max_keys: 7}\n"
         "  suppress:\n"
         "    - {type: [a, b], key: asset.id, for: 1h, because: known}\n"
         "    - {when: \"asset.site == 'lab'\", because: a lab}\n"
         "  dedup: {key: asset.id, within: 7d}\n"
         "  throttle: {key: asset.id, max: 3, per: 24h}\n"
         "  require: [{expr: asset.rack != '', because: somewhere}]\n"
         "  limits: [{by: asset.rack, max: 1}, {by: asset.site, max_percent: 2.5, min: 1}]\n"
         "  else: {ticket: {queue: q, priority: 'window.count > 9 ? 1 : 2', title: asset.name}}\n"
         "  absent: [{expect: task.finished, key: task.id, within: 48h,\n"
         "    then: {ticket: {queue: late, priority: 2}}}]\n" ACTION);
    ck_expression(&rule->match, "event.count > 1 && event.type != 'x'", 7, 5);
    ck_assert_int_eq(rule->hold_ms, 120000);
    ck_assert_int_eq(rule->window.kind, RULE_WINDOW_SESSION);
    ck_assert_uint_eq(rule->window.key.count, 2);
    ck_expression(&rule->window.key.parts[1], "event.component.serial", 10, 43);
    ck_assert_int_eq(rule->window.within_ms, 600000);
    ck_assert_int_eq(rule->window.lateness_ms, 60000);
    ck_assert_int_eq(rule->window.max_keys, 7);
    ck_assert_str_eq(rule->window.sum.text, "2");
    ck_assert_uint_eq(rule->suppress_count, 2);
    ck_assert_int_eq(rule->suppress[0].for_ms, 3600000);
    ck_assert_str_eq(rule->suppress[1].because, "a lab");
    ck_assert_int_eq(rule->dedup_ms, 7 * INT64_C(86400000));
    ck_assert_uint_eq(rule->dedup.count, 1);
    ck_assert_int_eq(rule->throttle_max, 3);
    ck_assert_str_eq(rule->require[0].because, "somewhere");
    ck_assert_int_eq(rule->limits[0].max, 1);
    ck_assert(rule->limits[1].max_percent == 2.5 && rule->limits[1].max == 0);
    ck_assert_int_eq(rule->limits[1].min, 1);
    ck_assert_str_eq(rule->otherwise.queue, "q");
    ck_assert_str_eq(rule->absent[0].expect, "task.finished");
    ck_assert_str_eq(rule->absent[0].then.queue, "late");
    ck_assert_ptr_null(rule_document_not_carried_out(rule));
}
END_TEST

START_TEST(what_waits_and_acts_is_read)
{
    take(HEAD METADATA
         "spec:\n" SCOPE "  approval:\n"
         "    levels: [{role: shift, timeout: 8h}, {role: owner, of: asset.service, count: 2,\n"
         "      timeout: 48h}]\n"
         "    distinct_people: true\n"
         "    not: metadata.author\n"
         "    on_timeout: drop\n"
         "  schedule:\n"
         "    windows:\n"
         "      - {weekdays: [mon, sun], from: '22:00', to: '05:30', tz: Europe/Amsterdam}\n"
         "      - {from: '01:00', to: '02:00', tz: asset.site_tz}\n"
         "    spread: 20m\n"
         "    latest: 60d\n"
         "  rollout:\n"
         "    key: asset.model\n"
         "    stages: [{max: 1, soak: 24h}, {max_percent: 5, of: asset.site}]\n"
         "    halt_when: rollout.failed >= 2\n"
         "    on_halt: {ticket: {queue: p, priority: rollout.failed}}\n"
         "  action:\n"
         "    boot: {image: d, version: ~7.2, profile: p, run: [a, b], after: stay}\n"
         "    verify: {expect: event.count == 0, within: 30m}\n"
         "    report: [{to: siem, event: x.y, include: [results, event]}]\n");
    ck_assert_uint_eq(rule->approval.count, 2);
    ck_assert_int_eq(rule->approval.levels[0].count, 1);
    ck_assert_ptr_null(rule->approval.levels[0].of.text);
    ck_assert_int_eq(rule->approval.levels[1].count, 2);
    ck_assert(rule->approval.distinct_people && rule->approval.not .count == 1);
    ck_assert_int_eq(rule->approval.on_timeout, RULE_TIMEOUT_DROP);
    ck_assert(!rule->schedule.maintenance && rule->schedule.count == 2);
    ck_assert_uint_eq(rule->schedule.windows[0].weekdays, 0x41);
    ck_assert_int_eq(rule->schedule.windows[0].from_min, 22 * 60);
    ck_assert_int_eq(rule->schedule.windows[0].to_min, 5 * 60 + 30);
    ck_assert_str_eq(rule->schedule.windows[0].zone, "Europe/Amsterdam");
    ck_assert_ptr_null(rule->schedule.windows[0].tz.text);
    ck_assert_str_eq(rule->schedule.windows[1].tz.text, "asset.site_tz");
    ck_assert_int_eq(rule->schedule.spread_ms, 20 * 60000);
    ck_assert_uint_eq(rule->rollout.count, 2);
    ck_assert_int_eq(rule->rollout.stages[0].soak_ms, 86400000);
    ck_assert(rule->rollout.stages[1].max_percent == 5);
    ck_assert_str_eq(rule->rollout.on_halt.queue, "p");
    ck_assert_str_eq(rule->boot.version, "~7.2");
    ck_assert_str_eq(rule->boot.profile, "p");
    ck_assert_uint_eq(rule->boot.run.count, 2);
    ck_assert_int_eq(rule->boot.after, RULE_AFTER_STAY);
    ck_assert_int_eq(rule->boot.verify_within_ms, 30 * 60000);
    ck_assert_uint_eq(rule->boot.report_count, 1);
    ck_assert_str_eq(rule->boot.reports[0].include.items[1], "event");
    ck_assert_str_eq(rule_document_not_carried_out(rule), "'approval' (line 6)");
}
END_TEST

START_TEST(the_first_field_that_is_not_carried_out_is_named)
{
    static const struct {
        const char *spec, *later;
    } cases[] = {
        {SCOPE ACTION, NULL},
        {"  dedup: {key: asset.id, within: 1h}\n  match: 'true'\n" SCOPE ACTION, NULL},
        {SCOPE "  action: {boot: {image: d, params: {a: '1', b: event.count}}}\n", NULL},
        {"  rollout: {key: 'true', stages: [{max: 1}]}\n"
         "  approval: {levels: [{role: r, timeout: 1h}]}\n" SCOPE ACTION,
         "'rollout' (line 5)"},
        {SCOPE "  action: {boot: {image: d, version: ~1.2, profile: p, run: [a]}}\n", NULL},
        {SCOPE "  schedule: {latest: 2h}\n  limits: [{by: asset.rack, max: 1}]\n" ACTION, NULL},
        {SCOPE "  schedule: {latest: 2h, windows: [{from: '01:00', to: '02:00'}]}\n" ACTION,
         "'windows' (line 6)"},
        {SCOPE "  schedule: {latest: 2h, window: maintenance, calendar: asset.site}\n" ACTION,
         "'window' (line 6)"},
        {SCOPE "  action:\n    report: [{to: a, event: b}]\n    boot: {image: d}\n", NULL},
        {SCOPE "  action:\n    boot: {image: d}\n    verify: {expect: 'true', within: 1h}\n",
         "'verify' (line 8)"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];

        snprintf(text, sizeof(text), HEAD METADATA "spec:\n%s", cases[i].spec);
        take(text);
        if (cases[i].later)
            ck_assert_str_eq(rule_document_not_carried_out(rule), cases[i].later);
        else
            ck_assert_ptr_null(rule_document_not_carried_out(rule));
    }
}
END_TEST

START_TEST(the_samples_are_read)
{
    static const struct {
        const char *name;
        bool carried_out;
    } samples[] = {
        {"raid-controller-degraded", true}, {"ecc-burst", false}, {"firmware-rollout", false}};

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char path[256], *text;

        snprintf(path, sizeof(path), TEST_DIR "/unit/rules/document/samples/%s.yaml",
                 samples[i].name);
        text = file_read(path, 1 << 20, NULL, NULL);
        ck_assert_ptr_nonnull(text);
        take(text);
        ck_assert_uint_ge(rule->test_count, 1);
        ck_assert((rule_document_not_carried_out(rule) == NULL) == samples[i].carried_out);
        free(text);
    }
    ck_assert_uint_eq(rule->rollout.count, 3);
    ck_assert_str_eq(rule->tests[0].expect[1].always.text,
                     "tasks.filter(t, t.state == 'running' && t.asset.site == 'ams1').size() <= 5");
}
END_TEST

CHECK_MAIN_WITH("rule_document", NULL, drop, all_faults_of_a_file_are_told_in_its_order,
                a_good_rule_is_understood, a_short_rule_has_defaults, lets_have_slots_and_types,
                what_decides_is_read, what_waits_and_acts_is_read,
                the_first_field_that_is_not_carried_out_is_named, the_samples_are_read)
