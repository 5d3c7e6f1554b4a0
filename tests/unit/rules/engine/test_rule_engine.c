/* Several rules and one alert: who takes it, what the others record, what an error stops; shadows;
 * what is expected and does not come. */
#include "rules/cel/cel_arena.h"
#include "rules/engine/rule_decision.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

static struct rule_bed bed;

static void close_it(void)
{
    rule_bed_close(&bed);
}

static void alert(const char *event, double now_s, const char *expected)
{
    ck_assert_str_eq(rule_bed_alert(&bed, event, now_s), expected);
}

START_TEST(the_highest_takes_the_alert)
{
    rule_bed_add(&bed, "b", "  priority: 1\n");
    rule_bed_add(&bed, "a", "  dedup: {key: asset.id, within: 1h}\n");
    rule_bed_add(&bed, "c", "  priority: 1\n  match: event.count > 1\n");
    rule_bed_open(&bed);
    alert("\"count\": 2", 0, "b:acts c:outranked a:outranked");
    ck_assert_str_eq(bed.findings[1].words, "by b");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
    alert("\"count\": 1", 0, "b:acts a:outranked");
    alert("\"type\": \"u\"", 0, "");
}
END_TEST

START_TEST(an_error_above_boots_nothing_below)
{
    rule_bed_add(&bed, "a", "  priority: 1\n  match: event.component.ok\n");
    rule_bed_add(&bed, "b", "");
    rule_bed_open(&bed);
    alert("\"component\": {\"ok\": true}", 0, "a:acts b:outranked");
    alert("\"component\": {\"ok\": false}", 0, "b:acts");
    alert("\"component\": {}", 0, "a:failed b:outranked");
    alert("\"component\": {\"ok\": \"yes\"}", 0, "a:failed b:outranked");
}
END_TEST

START_TEST(an_error_below_is_told)
{
    rule_bed_add(&bed, "a", "  priority: 1\n");
    rule_bed_add(&bed, "b", "  match: event.component.ok\n");
    rule_bed_add(&bed, "c", "  priority: -1\n");
    rule_bed_open(&bed);
    alert("\"component\": {}", 0, "a:acts b:failed c:outranked");
    ck_assert_ptr_nonnull(strstr(bed.findings[1].words, "match (line 6): "));
    ck_assert_str_eq(bed.findings[2].words, "by a");
}
END_TEST

START_TEST(a_shadow_of_a_held_alert_is_told_once)
{
    rule_bed_add(&bed, "a",
                 "  hold: 2m\n  require: [{expr: event.count > 1, because: too few}]\n"
                 "  else: {ticket: {queue: noc, priority: 1}}\n");
    bed.members[0].shadow = true;
    rule_bed_open(&bed);
    alert("\"count\": 1", 0, "a~shadow:held@120");
    ck_assert_str_eq(rule_bed_due(&bed, "\"count\": 1", 120), "a~shadow:shadow");
    ck_assert_str_eq(bed.due.words, "only its ticket: too few");
}
END_TEST

START_TEST(a_failure_leaves_nothing_behind)
{
    rule_bed_add(&bed, "a",
                 "  window: {kind: sliding, key: asset.id, within: 1h, when: window.count >= 1}\n"
                 "  dedup: {key: asset.id, within: 1h}\n"
                 "  throttle: {key: asset.id, max: 1, per: 1h}\n"
                 "  limits: [{by: event.component.group, max: 1}]\n");
    rule_bed_open(&bed);
    alert("\"component\": {}", 0, "a:failed");
    ck_assert_ptr_nonnull(strstr(bed.findings[0].words, "limits 1 (line 9): "));
    ck_assert_uint_eq(bed.findings[0].at->line, 9);
    ck_assert_ptr_null(bed.findings[0].decision);
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
    alert("\"component\": {\"group\": 7}", 0, "a:acts");
    ck_assert_str_eq(bed.findings[0].decision->limits[0], "7");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 3);
}
END_TEST

START_TEST(a_shadow_works_by_itself)
{
    rule_bed_add(&bed, "a", "  priority: 1\n  dedup: {key: asset.id, within: 1h}\n");
    bed.members[0].shadow = true;
    rule_bed_add(&bed, "b", "");
    rule_bed_add(&bed, "c", "  priority: -1\n  match: event.component.ok\n");
    bed.members[2].shadow = true;
    rule_bed_open(&bed);
    alert("\"component\": {\"ok\": true}", 0, "a~shadow:shadow b:acts c~shadow:shadow");
    ck_assert(bed.findings[0].decision->boots);
    alert("", 1, "a~shadow:duplicate@3600 b:acts c~shadow:failed");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
    ck_assert_uint_eq(rule_bed_states(&bed, "a~shadow"), 1);
}
END_TEST

START_TEST(a_resolved_alert_never_acts)
{
    rule_bed_add(&bed, "a", "");
    rule_bed_add(&bed, "b", "  hold: 1m\n");
    rule_bed_open(&bed);
    alert("\"status\": \"resolved\"", 0, "");
    alert("\"status\": \"info\"", 0, "a:acts b:outranked");
}
END_TEST

START_TEST(parameters_are_worked_out)
{
    rule_bed_close(&bed);
    bed.members[bed.count++].document = rule_bed_parse(
        "apiVersion: rules/v1\nkind: Rule\nmetadata: {id: a, version: 1, owner: o}\nspec:\n"
        "  scope: {type: t}\n  action:\n    boot:\n      image: diag\n"
        "      params: {dimm: event.component.id, n: event.count + 1, fix: 1}\n");
    rule_bed_open(&bed);
    alert("\"component\": {\"id\": \"B12\"}, \"count\": 1", 0, "a:acts");
    ck_assert_str_eq(bed.findings[0].decision->params[0].name, "dimm");
    ck_assert_str_eq(bed.findings[0].decision->params[0].value, "B12");
    ck_assert_str_eq(bed.findings[0].decision->params[1].value, "2");
    ck_assert_str_eq(bed.findings[0].decision->params[2].value, "1");
    /* What could become another argument, script or variable. */
    alert("\"component\": {\"id\": \"B12 init=/bin/sh\"}, \"count\": 1", 0, "a:failed");
    alert("\"component\": {\"id\": \"B12\\ninit=/bin/sh\"}, \"count\": 1", 0, "a:failed");
    alert("\"component\": {\"id\": \"${net0/mac}\"}, \"count\": 1", 0, "a:failed");
    alert("\"component\": {\"id\": [\"B12\"]}, \"count\": 1", 0, "a:failed");
}
END_TEST

#define ABSENT                                                                                     \
    "  absent:\n"                                                                                  \
    "    - {expect: task.finished, key: task.id, within: 1h,\n"                                    \
    "       then: {ticket: {queue: late, priority: 1, title: task.id + event.type}}}\n"            \
    "    - {expect: seen, key: asset.id, within: 2h, then: {ticket: {queue: unseen, priority: "    \
    "2}}}\n"

static void acted(double now_s, const char *task)
{
    struct error err = {0};

    alert("", now_s, "a:acts");
    rule_moment_set(bed.moment, "task.id", cel_string(task, strlen(task)));
    ck_assert_int_eq(rule_engine_acted(bed.engine, 0, task, bed.moment, &bed.due, &err), 0);
}

START_TEST(what_cannot_be_expected_is_told)
{
    struct error err = {0};

    rule_bed_add(&bed, "a",
                 "  absent:\n"
                 "    - {expect: seen, key: event.component.id, within: 1h,\n"
                 "       then: {ticket: {queue: late, priority: 1}}}\n"
                 "    - {expect: seen, key: asset.id, within: 2h,\n"
                 "       then: {ticket: {queue: late, priority: 1}}}\n");
    rule_bed_open(&bed);
    alert("", 0, "a:acts");
    ck_assert_int_eq(rule_engine_acted(bed.engine, 0, "t1", bed.moment, &bed.due, &err), 1);
    ck_assert_int_eq(bed.due.ending, RULE_FAILED);
    ck_assert_ptr_nonnull(strstr(bed.due.words, "absent 1 (line 7): "));
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 1);
}
END_TEST

START_TEST(what_is_expected_and_does_not_come_is_told)
{
    const unsigned char *reference;
    struct error err = {0};
    const char *task;
    size_t length;

    rule_bed_add(&bed, "a", ABSENT);
    rule_bed_open(&bed);
    acted(0, "t1");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 2);
    ck_assert_int_eq(
        rule_engine_reference(rule_states_due(bed.states, 3600000000), &reference, &length, &task),
        1);
    ck_assert_str_eq(task, "t1");
    /* Its event comes in time, the task does not end. */
    alert("\"type\": \"seen\"", 100, "");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 1);
    rule_bed_fill(&bed, "", "\"id\": \"m1\"", 3600);
    rule_moment_set(bed.moment, "task.id", cel_string("t1", 2));
    ck_assert_int_eq(rule_engine_due(bed.engine, rule_states_due(bed.states, 3600000000),
                                     bed.moment, &bed.due, &err),
                     1);
    ck_assert_int_eq(bed.due.ending, RULE_MISSING);
    ck_assert_str_eq(bed.due.decision->otherwise.queue, "late");
    ck_assert_str_eq(bed.due.decision->otherwise.title, "t1t");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
}
END_TEST

START_TEST(a_task_that_ends_is_not_missed)
{
    struct error err = {0};

    rule_bed_add(&bed, "a", ABSENT);
    rule_bed_open(&bed);
    acted(0, "t1");
    acted(1, "t2");
    rule_moment_set(bed.moment, "task.id", cel_string("t1", 2));
    ck_assert_int_eq(rule_engine_task_finished(bed.engine, bed.moment, &err), 0);
    /* t2, and one state for "seen": both tasks are of the same machine. */
    ck_assert_uint_eq(rule_states_count(bed.states, "a", RULE_STATE_ABSENT), 2);
}
END_TEST

/* The task that is waited for is the one that was asked for last, as where states are carried out:
 * rule_engine_came(). */
START_TEST(a_task_that_ends_is_not_the_one_that_came_behind_it)
{
    static const char *const ends[] = {"t1", "t2"};
    struct error err = {0};

    rule_bed_add(&bed, "a",
                 "  absent: [{expect: task.finished, key: asset.id, within: 1h,\n"
                 "    then: {ticket: {queue: late, priority: 1}}}]\n");
    rule_bed_open(&bed);
    acted(0, "t1");
    acted(1, "t2");
    for (size_t i = 0; i < 2; i++) {
        rule_moment_set(bed.moment, "task.id", cel_string(ends[i], 2));
        ck_assert_int_eq(rule_engine_task_finished(bed.engine, bed.moment, &err), 0);
        ck_assert_uint_eq(rule_bed_states(&bed, "a"), 1 - i);
    }
}
END_TEST

START_TEST(a_state_of_no_rule_only_goes)
{
    struct rule_state_name name = {"gone", RULE_STATE_HOLD, "\0", 1};
    struct error err = {0};

    rule_bed_add(&bed, "a", "");
    rule_bed_open(&bed);
    rule_states_put(bed.states, &name, "", 0, 1, &err);
    ck_assert_str_eq(rule_bed_due(&bed, "", 1), "");
    ck_assert_uint_eq(rule_bed_states(&bed, "gone"), 0);
}
END_TEST

START_TEST(an_alert_without_a_type_is_refused)
{
    struct error err = {0};

    rule_bed_add(&bed, "a", "");
    rule_bed_open(&bed);
    rule_bed_fill(&bed, "\"type\": 5", "", 0);
    ck_assert_int_eq(
        rule_engine_alert(bed.engine, bed.moment, &bed.findings, &bed.finding_count, &err), -1);
}
END_TEST

/* States are only there when they were told beforehand. */
static int load(void *context, const struct rule_state_name *name, struct error *err)
{
    const struct rule_state *state = rule_states_find(bed.states, name);

    ck_assert_uint_gt(name->length, 0);
    return state ? rule_states_put(context, name, state->value, state->length, state->due_us, err)
                 : 0;
}

static int save(void *context, const struct rule_state *state, struct error *err)
{
    if (state->gone)
        rule_states_drop(context, &state->name);
    else
        return rule_states_put(context, &state->name, state->value, state->length, state->due_us,
                               err);
    return 0;
}

/* As who keeps states elsewhere does it: the keys of an alert, those states, and what changed. */
static void alert_loaded(const char *event, double now_s, char answer[256])
{
    struct rule_states *few = rule_states_create(true);
    struct error err = {0};
    struct rule_engine *engine = rule_engine_create(bed.set, few, &err);
    const struct rule_finding *findings;
    size_t count;

    rule_bed_fill(&bed, event, "\"id\": \"m1\", \"name\": \"m1\"", now_s);
    ck_assert_int_eq(rule_engine_keys(engine, bed.moment, load, few, &err), 0);
    rule_states_kept(few);
    ck_assert_int_eq(rule_engine_alert(engine, bed.moment, &findings, &count, &err), 0);
    rule_bed_write(&bed, findings, count);
    snprintf(answer, 256, "%.255s", bed.answer);
    ck_assert_int_eq(rule_states_changed(few, save, bed.states, &err), 0);
    rule_engine_destroy(engine);
    rule_states_destroy(few);
}

#define EVERY_STEP                                                                                 \
    "  suppress: [{type: [work, t], key: event.component.id, for: 5s, because: x}]\n"              \
    "  window: {kind: sliding, key: asset.id, within: 30s, when: window.count >= 2}\n"             \
    "  dedup: {key: [asset.id, event.component.id], within: 20s}\n"                                \
    "  throttle: {key: asset.id, max: 2, per: 60s}\n"
#define HELD "  priority: 1\n  match: event.component.id == 'c3'\n  hold: 30s\n"

START_TEST(the_keys_of_an_alert_are_all_that_it_needs)
{
    static const char *const types[] = {"t", "t", "t", "work"};
    static char loaded[400][256];
    struct rule_states *all;
    uint64_t seed = 7;
    size_t different = 0;

    rule_bed_add(&bed, "a", EVERY_STEP);
    rule_bed_add(&bed, "b", HELD);
    rule_bed_open(&bed);
    for (int pass = 0; pass < 2; pass++) {
        seed = 7;
        for (int i = 0; i < 400; i++) {
            char event[128];

            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            snprintf(event, sizeof(event),
                     "\"type\": \"%s\", \"status\": \"%s\", \"component\": {\"id\": \"c%d\"}",
                     types[seed >> 62], seed >> 59 & 7 ? "firing" : "resolved",
                     (int)(seed >> 40 & 3));
            if (pass == 0) {
                alert_loaded(event, i * 2, loaded[i]);
                different += i > 0 && strcmp(loaded[i], loaded[i - 1]) != 0;
            } else {
                alert(event, i * 2, loaded[i]);
            }
        }
        all = bed.states;
        bed.states = rule_states_create(false);
        rule_states_destroy(all);
        rule_engine_destroy(bed.engine);
        bed.engine = rule_engine_create(bed.set, bed.states, NULL);
    }
    ck_assert_uint_gt(different, 100);
}
END_TEST

/* Whatever order the rules of a set are given in, they decide the same. */
START_TEST(the_order_of_rules_is_not_that_of_their_files)
{
    static const struct {
        const char *id, *spec;
    } rules[] = {{"a", EVERY_STEP},
                 {"b", HELD},
                 {"c", "  priority: 1\n  match: event.component.id == 'c1'\n"},
                 {"d", "  match: event.component.id in ['c1', 'c2']\n"},
                 {"e", "  priority: 2\n  match: event.component.n > 0\n"}};
    static char first[300][256];

    for (size_t turn = 0; turn < 5; turn++) {
        for (size_t i = 0; i < 5; i++)
            rule_bed_add(&bed, rules[(i * 2 + turn) % 5].id, rules[(i * 2 + turn) % 5].spec);
        rule_bed_open(&bed);
        for (int i = 0; i < 300; i++) {
            char event[128];

            snprintf(event, sizeof(event), "\"component\": {\"id\": \"c%d\", \"n\": %s}", i * 7 % 5,
                     i % 11 ? "0" : "\"x\"");
            rule_bed_alert(&bed, event, i);
            if (turn == 0)
                snprintf(first[i], sizeof(first[i]), "%.255s", bed.answer);
            ck_assert_str_eq(bed.answer, first[i]);
        }
        rule_bed_close(&bed);
    }
    ck_assert_str_ne(first[0], first[1]);
}
END_TEST

/* Whatever an alert says. */
START_TEST(a_title_is_one_short_line)
{
    char event[1200], long_text[1001] = {0};
    const char *title;

    rule_bed_add(&bed, "a",
                 "  require: [{expr: 'false', because: b}]\n"
                 "  else: {ticket: {queue: q, priority: 1, title: event.labels.x}}\n");
    rule_bed_open(&bed);
    alert("\"labels\": {\"x\": \"a\\nb\\u001b[2J\"}", 0, "a:not_met");
    ck_assert_str_eq(bed.findings[0].decision->otherwise.title, "a?b?[2J");
    for (size_t i = 0; i < 500; i++)
        memcpy(long_text + 2 * i, "\xc3\xa4", 2);
    snprintf(event, sizeof(event), "\"labels\": {\"x\": \"a%s\"}", long_text);
    alert(event, 1, "a:not_met");
    title = bed.findings[0].decision->otherwise.title;
    ck_assert_uint_eq(strlen(title), RULE_TITLE_BYTES_MAX - 1);
    ck_assert_int_eq(strncmp(title + 1, long_text, RULE_TITLE_BYTES_MAX - 2), 0);
}
END_TEST

/* What expressions left no room behind fails itself; the others, and what rules remember, go on. */
START_TEST(an_expression_that_used_up_all_room_stops_no_other_rule)
{
    static const char left[] = "\"raw\": {\"s\": \"sixteen bytes...\"}";
    const struct rule_finding *findings;
    struct error err = {0};
    size_t count;

    rule_bed_add(&bed, "a", "  priority: 1\n  match: \"event.raw.s + 'x' == ''\"\n");
    rule_bed_add(&bed, "b",
                 "  suppress: [{type: t, key: asset.id, for: 1h, because: x}]\n"
                 "  dedup: {key: asset.id, within: 1h}\n");
    rule_bed_open(&bed);
    rule_bed_fill(&bed, left, "\"id\": \"m1\"", 0);
    while (cel_arena_take(bed.moment->arena, 16))
        ;
    ck_assert_msg(rule_engine_alert(bed.engine, bed.moment, &findings, &count, &err) == 0, "%s",
                  error_text(&err));
    rule_bed_write(&bed, findings, count);
    ck_assert_str_eq(bed.answer, "a:failed b:outranked");
    ck_assert_ptr_nonnull(strstr(findings[0].words, "out of memory"));
    ck_assert_uint_eq(rule_bed_states(&bed, "b"), 1); /* it suppresses those behind it */
}
END_TEST

CHECK_MAIN_WITH("rule_engine", NULL, close_it, the_highest_takes_the_alert,
                an_error_above_boots_nothing_below, an_error_below_is_told,
                a_shadow_of_a_held_alert_is_told_once, a_failure_leaves_nothing_behind,
                a_shadow_works_by_itself, a_resolved_alert_never_acts, parameters_are_worked_out,
                what_is_expected_and_does_not_come_is_told, what_cannot_be_expected_is_told,
                a_task_that_ends_is_not_missed, a_task_that_ends_is_not_the_one_that_came_behind_it,
                a_state_of_no_rule_only_goes, an_alert_without_a_type_is_refused,
                the_keys_of_an_alert_are_all_that_it_needs,
                the_order_of_rules_is_not_that_of_their_files, a_title_is_one_short_line,
                an_expression_that_used_up_all_room_stops_no_other_rule)
