/* What was decided, kept until the replay comes to it, and compared: one difference in one word or
 * moment is one. */
#include <string.h>

#include "common/error.h"
#include "controller/replay/replay_records.h"
#include "controller/replay/replay_rules.h"
#include "controller/replay/replay_told.h"
#include "rules/engine/rule_finding.h"
#include "tests/support/check_main.h"

static const struct uuid ALERT = {{1}}, OTHER = {{2}};
static const struct replay_rule RULE = {.name = (char *)"r", .version = 3};

static struct replay_record record(void)
{
    return (struct replay_record){.alert = ALERT,
                                  .rule = "r",
                                  .ending = "held",
                                  .words = "w",
                                  .version = 3,
                                  .document_version = 4,
                                  .until_us = 5,
                                  .evaluated_us = 6};
}

static struct rule_finding finding(void)
{
    return (struct rule_finding){.ending = RULE_HELD, .until_us = 5, .words = "w"};
}

static struct replay_made made(const struct rule_finding *found)
{
    return (struct replay_made){
        .rule = &RULE, .finding = found, .alert = ALERT, .at_us = 6, .document_version = 4};
}

/* How many of "same", "changed", "new", "gone" one comparison makes. */
static int64_t told(const struct replay_rule *draft, const struct replay_made *anew,
                    const struct replay_record *then, const char *what)
{
    struct error err = {0};
    struct replay_told *told = replay_told_create(draft, &err);
    json_t *summary;
    int64_t count;

    ck_assert_int_eq(replay_told_compare(told, anew, then, &err), 0);
    summary = replay_told_summary(told, 0, 1, 1, &err);
    ck_assert_ptr_nonnull(summary);
    count = json_integer_value(json_object_get(summary, what));
    ck_assert_uint_eq(json_array_size(json_object_get(summary, "differences")),
                      strcmp(what, "same") == 0 ? 0 : 1);
    json_decref(summary);
    replay_told_destroy(told);
    return count;
}

#define EXPECT_CHANGED(member, value)                                                              \
    do {                                                                                           \
        struct replay_record another = record();                                                   \
        another.member = value;                                                                    \
        ck_assert_int_eq(told(NULL, &anew, &another, "changed"), 1);                               \
    } while (0)

START_TEST(each_difference_is_one)
{
    const struct rule_finding found = finding();
    const struct replay_made anew = made(&found);
    const struct replay_record same = record();

    ck_assert_int_eq(told(NULL, &anew, &same, "same"), 1);
    EXPECT_CHANGED(ending, "acts");
    EXPECT_CHANGED(words, "W");
    EXPECT_CHANGED(until_us, 0);
    EXPECT_CHANGED(version, 2);
    EXPECT_CHANGED(document_version, 5);
    EXPECT_CHANGED(evaluated_us, 7);
    EXPECT_CHANGED(alert, OTHER);
    ck_assert_int_eq(told(NULL, &anew, NULL, "new"), 1);
    ck_assert_int_eq(told(NULL, NULL, &same, "gone"), 1);
}
END_TEST

/* A draft has a version of its own, and its timers moments of their own: what came of it counts. */
START_TEST(of_a_draft_it_is_what_came_of_it)
{
    const struct replay_rule draft = {.name = (char *)"r", .version = 9, .draft = true};
    const struct rule_finding found = finding();
    struct replay_made anew = made(&found);
    struct replay_record then = record();

    anew.rule = &draft;
    then.evaluated_us = 7;
    ck_assert_int_eq(told(&draft, &anew, &then, "same"), 1);
    then.words = "W";
    ck_assert_int_eq(told(&draft, &anew, &then, "changed"), 1);
}
END_TEST

START_TEST(records_are_found_by_what_made_them)
{
    struct error err = {0};
    struct replay_records *records = replay_records_create(&err);
    struct replay_record of_alert = record(), of_timer = record(), shadow = record();
    char trigger[] = "timer/r/2/ab/7";

    of_timer.trigger = trigger;
    of_timer.ending = "acts";
    shadow.shadow = true;
    ck_assert_int_eq(replay_records_add(records, &of_alert, &err), 0);
    ck_assert_int_eq(replay_records_add(records, &of_timer, &err), 0);
    ck_assert_int_eq(replay_records_add(records, &shadow, &err), 0);
    trigger[0] = 'T'; /* it was copied */
    ck_assert_ptr_null(replay_records_find(records, &OTHER, NULL, "r", false));
    ck_assert_ptr_null(replay_records_find(records, &ALERT, NULL, "q", false));
    ck_assert_ptr_null(replay_records_find(records, NULL, "timer/r/2/ab/8", "r", false));
    ck_assert_ptr_null(replay_records_find(records, NULL, "timer/r/2/ab/7", "r", true));
    ck_assert(replay_records_find(records, &ALERT, NULL, "r", true)->shadow);
    ck_assert_str_eq(replay_records_find(records, NULL, "timer/r/2/ab/7", "r", false)->ending,
                     "acts");
    /* What is left of an alert is not its timer's, which comes later. */
    for (int i = 0; i < 2; i++) {
        struct replay_record *left = replay_records_left(records, &ALERT);

        ck_assert(left && !left->trigger);
        replay_records_drop(records, left);
    }
    ck_assert_ptr_null(replay_records_left(records, &ALERT));
    ck_assert_str_eq(replay_records_left(records, NULL)->trigger, "timer/r/2/ab/7");
    replay_records_destroy(records);
}
END_TEST

CHECK_MAIN("replay_told", each_difference_is_one, of_a_draft_it_is_what_came_of_it,
           records_are_found_by_what_made_them)
