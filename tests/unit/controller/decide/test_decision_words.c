/* Which findings of an alert are kept, and by which it is told. */
#include "controller/decide/decision_words.h"
#include "tests/support/check_main.h"

static struct decision_telling telling;

/* 1: kept, 2: and the alert is told by it. */
static int ask(enum rule_ending ending, bool shadow)
{
    const struct rule_finding finding = {.ending = ending, .words = ""};
    bool says, kept = decision_is_kept(&telling, &finding, shadow, &says);

    ck_assert(kept || !says);
    return kept + says;
}

static void begin(void)
{
    telling = (struct decision_telling){0};
}

START_TEST(an_alert_is_told_by_who_took_it)
{
    ck_assert_int_eq(ask(RULE_SHADOW, true), 1);
    ck_assert_int_eq(ask(RULE_FAILED, false), 2);
    ck_assert_int_eq(ask(RULE_FAILED, false), 1);
    ck_assert_int_eq(ask(RULE_ACTS, false), 2);
    ck_assert_int_eq(ask(RULE_OUTRANKED, false), 1);
    ck_assert_int_eq(ask(RULE_RELEASED, false), 1);
}
END_TEST

/* A hundred beside who took it, wherever it stands among them. */
START_TEST(a_hundred_others_are_kept)
{
    static const struct {
        enum rule_ending ending;
        bool shadow;
    } others[] = {{RULE_OUTRANKED, false}, {RULE_HELD, true}, {RULE_FAILED, false}};

    for (int took = 0; took <= DECISION_RULES_MAX; took += DECISION_RULES_MAX / 2) {
        begin();
        ck_assert_int_eq(ask(RULE_FAILED, false), 2); /* which says what becomes of it so far */
        for (int i = 0; i < DECISION_RULES_MAX; i++) {
            if (i == took)
                ck_assert_int_eq(ask(RULE_ACTS, false), 2);
            ck_assert_int_eq(ask(others[i % 3].ending, others[i % 3].shadow), 1);
        }
        if (took == DECISION_RULES_MAX)
            ck_assert_int_eq(ask(RULE_ACTS, false), 2);
        for (size_t i = 0; i < 3; i++)
            ck_assert_int_eq(ask(others[i].ending, others[i].shadow), 0);
        ck_assert_int_eq(ask(RULE_RELEASED, false), 1);
    }
}
END_TEST

CHECK_MAIN_WITH("decision_words", begin, NULL, an_alert_is_told_by_who_took_it,
                a_hundred_others_are_kept)
