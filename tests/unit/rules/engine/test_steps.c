/* The steps of a rule, each on moments made by hand: suppress, hold, window, dedup, throttle,
 * require.
 */
#include <float.h>

#include "rules/engine/rule_decision.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

static struct rule_bed bed;

static void close_it(void)
{
    rule_bed_close(&bed);
}

static void rule(const char *spec)
{
    rule_bed_add(&bed, "a", spec);
    rule_bed_open(&bed);
}

static void alert(const char *event, double now_s, const char *expected)
{
    ck_assert_str_eq(rule_bed_alert(&bed, event, now_s), expected);
}

static void due(const char *event, double now_s, const char *expected)
{
    ck_assert_str_eq(rule_bed_due(&bed, event, now_s), expected);
}

/* ---- suppress ---- */

START_TEST(another_alert_suppresses_for_a_time)
{
    rule("  suppress: [{type: [work, t], key: asset.id, for: 1h, because: people work there}]\n");
    alert("\"type\": \"work\"", 0, "");
    alert("", 10, "a:suppressed@3600");
    ck_assert_str_eq(bed.findings[0].words, "people work there");
    /* The alert itself is one of its types: it suppresses those behind it, for an hour. */
    alert("", 3600, "a:suppressed@3610");
    alert("", 7210, "a:acts");
    alert("", 7300, "a:suppressed@10810");
    alert("\"type\": \"work\", \"status\": \"resolved\"", 9000, "");
    due("", 10900, "");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
    alert("", 10900, "a:acts");
}
END_TEST

START_TEST(a_condition_suppresses)
{
    rule("  suppress: [{when: event.count > 5, because: too many}]\n");
    alert("\"count\": 6", 0, "a:suppressed");
    alert("\"count\": 5", 0, "a:acts");
    alert("", 0, "a:failed");
    ck_assert_ptr_nonnull(strstr(bed.findings[0].words, "suppress 1 (line 6): "));
}
END_TEST

START_TEST(another_key_does_not_suppress)
{
    rule("  suppress: [{type: work, key: event.component.id, for: 1h, because: x}]\n");
    alert("\"type\": \"work\", \"component\": {\"id\": \"c1\"}", 0, "");
    alert("\"component\": {\"id\": \"c2\"}", 1, "a:acts");
    alert("\"component\": {\"id\": \"c1\"}", 1, "a:suppressed@3600");
    alert("\"type\": \"work\", \"component\": {}", 2, "a:failed");
}
END_TEST

/* ---- hold ---- */

START_TEST(a_fault_must_last)
{
    int64_t first;

    rule("  hold: 2m\n");
    alert("", 1, "a:held@121");
    alert("", 60, "a:held@121");
    due("", 120, "");
    due("", 121, "a:acts");
    memcpy(&first, bed.moment->reference.bytes, sizeof(first));
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
}
END_TEST

START_TEST(a_state_names_the_first_alert)
{
    const unsigned char *reference;
    const char *task;
    int64_t first;
    size_t length;

    rule("  hold: 2m\n");
    alert("", 1, "a:held@121");
    alert("", 60, "a:held@121");
    ck_assert_int_eq(rule_engine_reference(rule_states_due(bed.states, RULE_NEVER - 1), &reference,
                                           &length, &task),
                     1);
    ck_assert_uint_eq(length, sizeof(first));
    memcpy(&first, reference, sizeof(first));
    ck_assert_int_eq(first, 1000000);
    ck_assert_str_eq(task, "");
}
END_TEST

START_TEST(a_resolved_alert_ends_a_hold)
{
    rule("  hold: 2m\n  dedup: {key: event.component.id, within: 1h}\n");
    alert("\"component\": {\"id\": \"c1\"}", 0, "a:held@120");
    alert("\"component\": {\"id\": \"c2\"}", 1, "a:held@121");
    alert("\"component\": {\"id\": \"c1\"}, \"status\": \"resolved\"", 60, "a:released");
    alert("\"component\": {\"id\": \"c1\"}, \"status\": \"resolved\"", 61, "");
    due("\"component\": {\"id\": \"c2\"}", 120, "");
    due("\"component\": {\"id\": \"c2\"}", 121, "a:acts");
    /* A fault that comes again lasts anew. */
    alert("\"component\": {\"id\": \"c1\"}", 200, "a:held@320");
}
END_TEST

START_TEST(a_resolved_alert_of_something_else_ends_no_hold)
{
    bed.members[bed.count++] =
        (struct rule_member){.document = rule_bed_make("a",
                                                       "{type: t, source: smartd, severity: "
                                                       "critical, asset.name: m1}",
                                                       "  hold: 2m\n")};
    rule_bed_open(&bed);
    alert("\"source\": \"smartd\", \"severity\": \"critical\"", 0, "a:held@120");
    alert("\"source\": \"netdata\", \"status\": \"resolved\"", 10, "");
    alert("\"status\": \"resolved\"", 11, "");
    ck_assert_str_eq(rule_bed_alert_of(&bed, "\"source\": \"smartd\", \"status\": \"resolved\"",
                                       "\"id\": \"m1\", \"name\": \"m2\"", 12),
                     "");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 1);
    /* Whatever its severity. */
    alert("\"source\": \"smartd\", \"severity\": \"info\", \"status\": \"resolved\"", 13,
          "a:released");
}
END_TEST

START_TEST(an_alert_that_is_held_does_not_suppress_itself)
{
    rule("  suppress: [{type: t, key: asset.id, for: 1h, because: one is enough}]\n  hold: 2m\n");
    alert("", 0, "a:held@120");
    due("", 120, "a:acts");
    alert("", 200, "a:suppressed@3600");
    /* Another one does that came while it was held. */
    alert("", 8000, "a:held@8120");
    alert("", 8010, "a:suppressed@11600");
    due("", 8120, "a:suppressed@11610");
}
END_TEST

START_TEST(what_was_held_counts_when_it_arrived)
{
    rule("  hold: 2m\n"
         "  window: {kind: sliding, key: asset.id, within: 1h, when: window.last == "
         "timestamp(5)}\n");
    alert("", 5, "a:held@125");
    due("", 125, "a:acts");
    /* One that is still to come when it arrives has come then. */
    rule_bed_close(&bed);
    rule("  hold: 2m\n"
         "  window: {kind: sliding, key: asset.id, within: 1h, when: window.last == "
         "timestamp(5)}\n");
    alert("\"time\": \"1970-01-01T00:01:00Z\"", 5, "a:held@125");
    due("\"time\": \"1970-01-01T00:01:00Z\"", 125, "a:acts");
}
END_TEST

START_TEST(match_is_asked_again_when_it_has_lasted)
{
    rule("  match: event.count > 1\n  hold: 2m\n");
    alert("\"count\": 2", 0, "a:held@120");
    due("\"count\": 1", 120, "a:no_match");
    alert("\"count\": 2", 200, "a:held@320");
    due("", 320, "a:failed");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
}
END_TEST

START_TEST(a_hold_without_a_key_needs_a_machine)
{
    rule("  hold: 2m\n");
    ck_assert_str_eq(rule_bed_alert_of(&bed, "", "", 0), "a:failed");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
}
END_TEST

/* ---- windows ---- */

#define WINDOW(kind, more)                                                                         \
    "  window: {kind: " kind ", key: asset.id, within: 10s, when: window.count >= 3" more "}\n"

static void at(double time_s, double now_s, const char *expected)
{
    char event[64];

    snprintf(event, sizeof(event), "\"time\": \"1970-01-01T00:%02d:%06.3fZ\"", (int)time_s / 60,
             time_s - (int)time_s / 60 * 60);
    alert(event, now_s, expected);
}

START_TEST(a_sliding_window_looks_back_from_the_newest)
{
    rule(WINDOW("sliding", ""));
    at(0, 0, "a:counted");
    at(5, 5, "a:counted");
    at(10, 10, "a:counted"); /* the first is ten seconds old: out */
    at(14.999, 14.999, "a:acts");
    ck_assert_str_eq(bed.findings[0].words, "");
    at(15, 15, "a:counted"); /* emptied */
    ck_assert_str_eq(bed.findings[0].words, "window.count is 1, window.sum 1");
}
END_TEST

START_TEST(late_alerts_count_within_lateness)
{
    rule(WINDOW("sliding", ", lateness: 3s"));
    at(20, 20, "a:counted");
    at(16.999, 21, "a:late");
    ck_assert_str_eq(bed.findings[0].words, "behind the newest of its key by 3.001 s");
    at(17, 21, "a:counted");
    at(19, 30, "a:acts"); /* the window ends at the newest, not at the late one */
}
END_TEST

START_TEST(a_tumbling_window_begins_at_whole_multiples)
{
    rule(WINDOW("tumbling", ", lateness: 5s"));
    at(8, 8, "a:counted");
    at(9.999, 10, "a:counted");
    at(10, 10, "a:counted");
    at(11, 11, "a:counted");
    at(9, 11, "a:acts"); /* the third of the window before */
    at(12, 12, "a:acts");
    at(13, 13, "a:counted");
}
END_TEST

START_TEST(a_session_ends_after_its_last)
{
    rule(WINDOW("session", ""));
    at(0, 0, "a:counted");
    at(9.999, 10, "a:counted");
    at(19.999, 20, "a:counted"); /* ten seconds behind the one before: another session */
    at(25, 25, "a:counted");
    at(34, 34, "a:acts");
}
END_TEST

START_TEST(a_late_alert_joins_sessions)
{
    rule("  window: {kind: session, key: asset.id, within: 10s, lateness: 15s, when: window.count "
         ">= "
         "3}\n");
    at(0, 0, "a:counted");
    at(12, 12, "a:counted");
    at(6, 13, "a:acts");
}
END_TEST

START_TEST(amounts_are_summed)
{
    rule("  window: {kind: sliding, key: asset.id, within: 10s, sum: event.count, when: window.sum "
         "> "
         "4.5}\n"
         "  require: [{expr: window.count == 2 && window.last - window.first == duration('4s'),\n"
         "    because: x}]\n  else: {ticket: {queue: q, priority: 1}}\n");
    alert("\"count\": 2", 1, "a:counted");
    alert("\"count\": 3", 5, "a:acts");
    alert("\"count\": 5", 6, "a:not_met");
    alert("", 7, "a:failed");
}
END_TEST

/* A sum beyond all numbers could be written nowhere: not with the task that it leads to either. */
START_TEST(a_sum_stays_a_number)
{
    const struct rule_decision *decision;

    rule("  window: {kind: sliding, key: asset.id, within: 10s, sum: event.raw.n, when: "
         "\"window.count >= 2 && window.sum > 1.0\"}\n");
    alert("\"raw\": {\"n\": 1.7e308}", 1, "a:counted");
    alert("\"raw\": {\"n\": 1.7e308}", 2, "a:acts");
    decision = bed.findings[0].decision;
    ck_assert(cel_is(decision->window[0], CEL_DOUBLE) && decision->window[0].real == DBL_MAX);
    alert("\"raw\": {\"n\": -1.7e308}", 3, "a:counted");
    alert("\"raw\": {\"n\": -1.7e308}", 4, "a:counted");
    ck_assert_ptr_nonnull(strstr(bed.findings[0].words, "window.sum -1.79769e+308"));
}
END_TEST

START_TEST(alerts_that_all_come_late_share_a_window)
{
    rule(WINDOW("sliding", ""));
    at(0, 1000, "a:counted");
    due("", 1000, "");
    at(1, 1001, "a:counted");
    due("", 1001, "");
    at(2, 1002, "a:acts");
}
END_TEST

START_TEST(a_window_is_forgotten_when_it_is_over)
{
    rule(WINDOW("sliding", ", lateness: 1m"));
    at(0, 0, "a:counted");
    due("", 69.9, "");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 1);
    due("", 70, "");
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 0);
}
END_TEST

START_TEST(the_longest_quiet_key_makes_room)
{
    rule("  window: {kind: sliding, key: event.component.id, within: 1h, max_keys: 2,\n"
         "    when: window.count >= 2}\n");
    alert("\"component\": {\"id\": \"a\"}", 1, "a:counted");
    alert("\"component\": {\"id\": \"b\"}", 2, "a:counted");
    alert("\"component\": {\"id\": \"c\"}", 3, "a:counted"); /* in place of a */
    ck_assert_uint_eq(rule_bed_states(&bed, "a"), 2);
    alert("\"component\": {\"id\": \"b\"}", 4, "a:acts");
    alert("\"component\": {\"id\": \"a\"}", 5, "a:counted"); /* in place of c */
    alert("\"component\": {\"id\": \"c\"}", 6, "a:counted");
}
END_TEST

START_TEST(a_window_that_fails_counts_nothing)
{
    rule("  window: {kind: sliding, key: asset.id, within: 1h,\n"
         "    when: window.count >= 2 && event.component.ok}\n");
    alert("\"component\": {\"ok\": true}", 1, "a:counted");
    alert("\"component\": {}", 2, "a:failed");
    alert("\"component\": {\"ok\": true}", 3, "a:acts");
    ck_assert_str_eq(rule_bed_alert(&bed, "\"component\": {\"ok\": true}", 4), "a:counted");
}
END_TEST

/* ---- dedup, throttle, require ---- */

START_TEST(a_rule_acts_once_on_one_fault)
{
    rule("  dedup: {key: [asset.id, event.component.id], within: 1h}\n");
    alert("\"component\": {\"id\": \"a\"}", 10, "a:acts");
    alert("\"component\": {\"id\": \"a\"}", 20, "a:duplicate@3610");
    alert("\"component\": {\"id\": \"b\"}", 20, "a:acts");
    alert("\"component\": {\"id\": \"a\"}", 3609, "a:duplicate@3610");
    alert("\"component\": {\"id\": \"a\"}", 3610, "a:acts");
    alert("\"component\": {\"id\": null}", 1, "a:failed");
}
END_TEST

START_TEST(a_rule_acts_so_often_at_most)
{
    rule("  throttle: {key: asset.id, max: 2, per: 1h}\n");
    alert("", 0, "a:acts");
    alert("", 100, "a:acts");
    alert("", 200, "a:throttled@3600");
    alert("", 3599, "a:throttled@3600");
    alert("", 3600, "a:acts");
    alert("", 3601, "a:throttled@3700");
    ck_assert_str_eq(rule_bed_alert_of(&bed, "", "\"id\": \"m2\"", 3601), "a:acts");
}
END_TEST

START_TEST(what_is_required_must_hold)
{
    rule("  dedup: {key: asset.id, within: 1h}\n"
         "  throttle: {key: asset.id, max: 1, per: 1h}\n"
         "  require:\n"
         "    - {expr: event.count > 1, because: more than one}\n"
         "    - {expr: event.count > 2, because: more than two}\n"
         "  else: {ticket: {queue: q, priority: event.count, title: \"'n ' + asset.name\"}}\n");
    alert("\"count\": 2", 0, "a:not_met");
    ck_assert_str_eq(bed.findings[0].words, "more than two");
    ck_assert_str_eq(bed.findings[0].decision->otherwise.queue, "q");
    ck_assert_str_eq(bed.findings[0].decision->otherwise.title, "n m1");
    ck_assert_int_eq(bed.findings[0].decision->otherwise.priority, 2);
    ck_assert(!bed.findings[0].decision->boots);
    /* The ticket is open: not another one. It was no boot, which is what is throttled. */
    alert("\"count\": 3", 1, "a:duplicate@3600");
    alert("\"count\": 3", 3600, "a:acts");
    alert("\"count\": 3", 7200, "a:acts");
    alert("", 20000, "a:failed");
    alert("\"count\": 3", 20001, "a:acts");
}
END_TEST

/* Alerts of another moment than the one at which they arrive. */
START_TEST(a_window_that_is_over_is_not_looked_at)
{
    rule("  window: {kind: sliding, key: asset.id, within: 5m, when: window.count >= 2}\n");
    alert("\"time\": \"1970-01-01T00:00:00Z\"", 1, "a:counted");
    /* It is over at 301 s, and nobody has swept it. */
    alert("\"time\": \"1970-01-01T00:04:00Z\"", 302, "a:counted");
    ck_assert_ptr_nonnull(strstr(bed.findings[0].words, "window.count is 1"));
}
END_TEST

CHECK_MAIN_WITH("steps", NULL, close_it, another_alert_suppresses_for_a_time,
                a_condition_suppresses, another_key_does_not_suppress, a_fault_must_last,
                a_state_names_the_first_alert, a_resolved_alert_ends_a_hold,
                a_resolved_alert_of_something_else_ends_no_hold,
                an_alert_that_is_held_does_not_suppress_itself,
                what_was_held_counts_when_it_arrived, match_is_asked_again_when_it_has_lasted,
                a_hold_without_a_key_needs_a_machine, a_sliding_window_looks_back_from_the_newest,
                late_alerts_count_within_lateness, a_tumbling_window_begins_at_whole_multiples,
                a_session_ends_after_its_last, a_late_alert_joins_sessions, amounts_are_summed,
                a_sum_stays_a_number, alerts_that_all_come_late_share_a_window,
                a_window_is_forgotten_when_it_is_over, the_longest_quiet_key_makes_room,
                a_window_that_fails_counts_nothing, a_rule_acts_once_on_one_fault,
                a_rule_acts_so_often_at_most, what_is_required_must_hold,
                a_window_that_is_over_is_not_looked_at)
