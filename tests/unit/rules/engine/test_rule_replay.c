/* Recorded alerts once more: what is due comes in its turn, or when it did, and what stood in an
 * act's way stands there again. "timer(1)": of the alert that came at 1. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/engine/rule_replay.h"
#include "tests/support/check_main.h"
#include "tests/support/rule_bed.h"

struct script {
    struct rule_bed bed; /* its set, and what fills moments */
    struct rule_replay *replay;
    const char *event, *why_not; /* NULL: nothing stands in the way */
    const char *machine;
    double now_s;
    double fired_s[4]; /* of the timers as they are asked for; 0: when they are due */
    size_t asked;
    bool ended, unreadable; /* the task; the alert */
    size_t filled;
    struct text told;
};

static int fill_as(struct script *script, const char *event, double now_s,
                   struct rule_moment *moment)
{
    json_t *json, *asset = json_pack("{s:s, s:s}", "id", script->machine, "name", script->machine);
    struct error err = {0};
    char text[1280];

    snprintf(text, sizeof(text), "{\"type\": \"t\", \"status\": \"firing\"%s%s}",
             *event ? ", " : "", event);
    json = json_loads(text, 0, NULL); /* the last member of a name counts */
    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(rule_moment_fill(moment, json, asset, (int64_t)(now_s * 1e6),
                                      rule_set_names(script->bed.set), &err),
                     0);
    json_decref(script->bed.event);
    json_decref(script->bed.asset);
    script->bed.event = json;
    script->bed.asset = asset;
    memcpy(moment->reference.bytes, &moment->now_us, sizeof(moment->now_us));
    moment->reference.length = sizeof(moment->now_us);
    return 1;
}

static int fill(void *context, struct rule_moment *moment, struct error *err)
{
    struct script *script = context;

    (void)err;
    script->filled++;
    return script->unreadable ? 0 : fill_as(script, script->event, script->now_s, moment);
}

static int recall(void *context, const struct rule_replay_due *due, struct rule_moment *moment,
                  bool *ret_ended, struct error *err)
{
    struct script *script = context;

    (void)err;
    fill_as(script, "", (double)due->now_us / 1e6, moment);
    rule_moment_set(moment, "task.id", cel_string(due->task, strlen(due->task)));
    *ret_ended = script->ended && due->task[0];
    return 0;
}

static int64_t when(void *context, const struct rule_state *state)
{
    struct script *script = context;
    double fired_s = script->fired_s[script->asked++ % 4];

    return fired_s > 0 ? (int64_t)(fired_s * 1e6) : state->due_us;
}

static int found(void *context, const struct rule_finding *finding,
                 const struct rule_replay_due *due, char ret_task[RULE_REPLAY_TASK_SIZE],
                 struct error *err)
{
    struct script *script = context;

    int64_t came_us;

    (void)err;
    text_format(&script->told, "%s", script->told.length ? ", " : "");
    if (due) {
        ck_assert_uint_eq(due->length, sizeof(came_us));
        memcpy(&came_us, due->reference, sizeof(came_us));
        text_format(&script->told, "timer(%.9g) ", (double)came_us / 1e6);
    }
    text_format(&script->told, "%s", rule_ending_name(finding->ending));
    if (finding->words[0])
        text_format(&script->told, " (%s)", finding->words);
    if (due)
        text_format(&script->told, " at %.9g", (double)due->now_us / 1e6);
    strcpy(ret_task, "task-1");
    return 0;
}

static int can_act(void *context, uint32_t rule, const struct rule_decision *decision,
                   const char **ret_why, struct error *err)
{
    const struct script *script = context;

    (void)rule;
    (void)decision;
    (void)err;
    *ret_why = script->why_not;
    return script->why_not == NULL;
}

static void begin(struct script *script, const char *spec)
{
    const struct rule_replay_calls calls = {.context = script,
                                            .fill = fill,
                                            .recall = recall,
                                            .when = when,
                                            .found = found,
                                            .can_act = can_act};
    struct error err = {0};

    *script = (struct script){.machine = "m1"};
    rule_bed_add(&script->bed, "r", spec);
    rule_bed_open(&script->bed);
    script->replay = rule_replay_create(script->bed.set, &calls, &err);
    ck_assert_ptr_nonnull(script->replay);
}

static void end(struct script *script)
{
    rule_replay_destroy(script->replay);
    rule_bed_close(&script->bed);
    text_clear(&script->told);
}

/* What was found since the last call. */
static const char *told(struct script *script)
{
    static char last[512];

    snprintf(last, sizeof(last), "%s", text_string(&script->told));
    text_clear(&script->told);
    return last;
}

static const char *alert(struct script *script, const char *event, double now_s)
{
    struct error err = {0};

    script->event = event;
    script->now_s = now_s;
    ck_assert_msg(rule_replay_alert(script->replay, "t", (int64_t)(now_s * 1e6), &err) == 0, "%s",
                  error_text(&err));
    return told(script);
}

static const char *until(struct script *script, double until_s)
{
    struct error err = {0};

    ck_assert_msg(rule_replay_until(script->replay, (int64_t)(until_s * 1e6), &err) == 0, "%s",
                  error_text(&err));
    return told(script);
}

START_TEST(what_is_due_comes_before_the_alert_behind_it)
{
    struct script script;

    begin(&script, "  hold: 2s\n");
    ck_assert_str_eq(alert(&script, "", 1), "held");
    ck_assert_str_eq(alert(&script, "", 2), "held");
    ck_assert_str_eq(alert(&script, "", 9), "timer(1) acts at 3, held");
    ck_assert_str_eq(until(&script, 10.9), "");
    ck_assert_str_eq(until(&script, 11), "timer(9) acts at 11");
    ck_assert_str_eq(until(&script, 100), "");
    end(&script);
}
END_TEST

/* It was due at 3 and worked through at 5: an alert in between finds it waiting. */
START_TEST(a_timer_fires_when_it_did)
{
    struct script script;

    begin(&script, "  hold: 2s\n");
    script.fired_s[0] = 5;
    ck_assert_str_eq(alert(&script, "", 1), "held");
    ck_assert_str_eq(alert(&script, "", 4), "held");
    ck_assert_str_eq(alert(&script, "", 6), "timer(1) acts at 5, held");
    end(&script);
}
END_TEST

START_TEST(what_ended_in_between_is_not_worked_through)
{
    struct script script;

    begin(&script, "  hold: 2s\n");
    script.fired_s[0] = 5;
    ck_assert_str_eq(alert(&script, "", 1), "held");
    ck_assert_str_eq(alert(&script, "\"status\": \"resolved\"", 4), "released");
    ck_assert_str_eq(until(&script, 100), "");
    end(&script);
}
END_TEST

/* The moment that was put off is that of the state that ended, not of the one that began since. */
START_TEST(what_began_anew_is_due_anew)
{
    struct script script;

    begin(&script, "  hold: 2s\n");
    script.fired_s[0] = 5;
    ck_assert_str_eq(alert(&script, "", 1), "held");
    ck_assert_str_eq(alert(&script, "\"status\": \"resolved\"", 3.5), "released");
    ck_assert_str_eq(alert(&script, "", 4), "held");
    ck_assert_str_eq(until(&script, 100), "timer(4) acts at 6");
    end(&script);
}
END_TEST

static void hold_two(struct script *script, double first_fired_s, double second_fired_s)
{
    begin(script, "  hold: 2s\n");
    script->fired_s[0] = first_fired_s;
    script->fired_s[1] = second_fired_s;
    ck_assert_str_eq(alert(script, "", 1), "held");
    script->machine = "m2";
    ck_assert_str_eq(alert(script, "", 2), "held");
}

START_TEST(timers_fire_in_the_order_in_which_they_did)
{
    struct script script;

    hold_two(&script, 9, 7);
    ck_assert_str_eq(until(&script, 100), "timer(2) acts at 7, timer(1) acts at 9");
    end(&script);
    hold_two(&script, 7, 9);
    ck_assert_str_eq(until(&script, 100), "timer(1) acts at 7, timer(2) acts at 9");
    end(&script);
    hold_two(&script, 7, 0);
    ck_assert_str_eq(until(&script, 100), "timer(2) acts at 4, timer(1) acts at 7");
    end(&script);
    hold_two(&script, 3.5, 0);
    ck_assert_str_eq(until(&script, 100), "timer(1) acts at 3.5, timer(2) acts at 4");
    end(&script);
}
END_TEST

#define EXPECTS                                                                                    \
    "  absent:\n    - {expect: task.finished, key: task.id, within: 10s, then: {ticket: {queue: "  \
    "q, priority: 1, title: \"'t'\"}}}\n"

START_TEST(a_task_that_ended_is_not_missed)
{
    struct script script;

    begin(&script, EXPECTS);
    ck_assert_str_eq(alert(&script, "", 1), "acts");
    ck_assert_str_eq(until(&script, 100), "timer(1) missing (task.finished did not come) at 11");
    ck_assert_str_eq(alert(&script, "", 200), "acts");
    script.ended = true;
    ck_assert_str_eq(until(&script, 300), "");
    end(&script);
}
END_TEST

/* It is not remembered as an act either. */
START_TEST(what_stood_in_the_way_stands_there_again)
{
    struct script script;

    begin(&script, "  dedup: {key: asset.id, within: 1h}\n");
    script.why_not = "switched off";
    ck_assert_str_eq(alert(&script, "", 1), "refused (switched off)");
    script.why_not = NULL;
    ck_assert_str_eq(alert(&script, "", 2), "acts");
    ck_assert_str_eq(alert(&script, "", 3), "duplicate");
    ck_assert_str_eq(alert(&script, "", 4000), "acts"); /* what is over only goes */
    end(&script);
}
END_TEST

START_TEST(alerts_that_no_rule_looks_at_are_not_read)
{
    struct script script;
    struct error err = {0};

    begin(&script, "  suppress:\n    - {type: quiet, key: asset.id, for: 10s, because: b}\n");
    ck_assert_int_eq(rule_replay_alert(script.replay, "other", 1000000, &err), 0);
    ck_assert_uint_eq(script.filled, 0);
    script.event = "\"type\": \"quiet\"";
    script.now_s = 2;
    ck_assert_int_eq(rule_replay_alert(script.replay, "quiet", 2000000, &err), 0);
    ck_assert_uint_eq(script.filled, 1);
    ck_assert_str_eq(alert(&script, "", 3), "suppressed (b)");
    script.unreadable = true;
    ck_assert_str_eq(alert(&script, "", 4), "");
    end(&script);
}
END_TEST

/* Each alert is noted 32 times under a key of a kilobyte. */
START_TEST(what_is_remembered_has_a_bound)
{
    enum { KEY = 1000, MOST = RULE_REPLAY_STATES_MAX / (32 * KEY) };
    char event[KEY + 48] = "\"type\": \"quiet\", \"id\": \"", *id = event + strlen(event);
    struct text spec = {0};
    struct script script;
    struct error err = {0};
    int count = 0;

    text_format(&spec, "  suppress:\n");
    for (int i = 0; i < 32; i++)
        text_format(&spec, "    - {type: quiet, key: event.id, for: %dh, because: b}\n", 1 + i);
    begin(&script, text_string(&spec));
    script.event = event;
    memset(id, 'x', KEY);
    strcpy(id + KEY, "\"");
    do {
        id[snprintf(id, 16, "%d", count)] = 'x';
    } while (rule_replay_alert(script.replay, "t", 1000000, &err) == 0 && ++count < MOST);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_str_eq(error_text(&err),
                     "the rules remember more than 256 MiB: replay a shorter time");
    ck_assert_int_gt(count, MOST / 2);
    end(&script);
    text_clear(&spec);
}
END_TEST

START_TEST(the_bytes_of_states_are_counted)
{
    struct rule_states *states = rule_states_create(false);
    const struct rule_state_name a = {"r", RULE_STATE_DEDUP, "a", 1},
                                 b = {"r", RULE_STATE_DEDUP, "b", 1};
    struct error err = {0};
    size_t one;

    ck_assert_uint_eq(rule_states_bytes(states), 0);
    rule_states_put(states, &a, "0123456789", 10, 5, &err);
    one = rule_states_bytes(states);
    ck_assert_uint_ge(one, 11);
    rule_states_put(states, &b, "0123456789", 10, 6, &err);
    ck_assert_uint_eq(rule_states_bytes(states), 2 * one);
    rule_states_put(states, &b, "01234567890123456789", 20, 6, &err);
    ck_assert_uint_eq(rule_states_bytes(states), 2 * one + 10);
    rule_states_put_off(states, &a);
    ck_assert_str_eq(rule_states_due(states, 100)->name.key, "b");
    ck_assert_int_eq(rule_states_find(states, &a)->due_us, 5);
    rule_states_drop(states, &a);
    rule_states_drop(states, &b);
    ck_assert_uint_eq(rule_states_bytes(states), 0);
    rule_states_destroy(states);
}
END_TEST

CHECK_MAIN("rule_replay", what_is_due_comes_before_the_alert_behind_it, a_timer_fires_when_it_did,
           what_ended_in_between_is_not_worked_through, what_began_anew_is_due_anew,
           timers_fire_in_the_order_in_which_they_did, what_is_remembered_has_a_bound,
           a_task_that_ended_is_not_missed, what_stood_in_the_way_stands_there_again,
           alerts_that_no_rule_looks_at_are_not_read, the_bytes_of_states_are_counted)
