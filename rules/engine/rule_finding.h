/* rule_finding.h - what one rule made of one alert, and how it ended. Spec: docs/rule-language.md,
 * "How a rule decides".
 */
#pragma once

#include <stdint.h>

struct rule_decision;
struct rule_expression;

enum rule_ending {
    RULE_NO_MATCH,   /* its match is false, or no longer true when the hold ended */
    RULE_OUTRANKED,  /* another rule takes the alert */
    RULE_SUPPRESSED, /* until: it is not any more */
    RULE_HELD,       /* until: it has lasted */
    RULE_RELEASED,   /* the alert is resolved: a hold ended */
    RULE_COUNTED,    /* into its window, whose condition does not hold */
    RULE_LATE,       /* later than its window takes alerts */
    RULE_DUPLICATE,  /* it has acted on this; until: it may again */
    RULE_THROTTLED,  /* it has acted as often as it may; until: it may again */
    RULE_NOT_MET,    /* what it requires does not hold: its ticket is opened */
    RULE_FAILED,     /* an expression has no value: nothing is done and nothing remembered */
    RULE_ACTS,       /* 'decision' is carried out */
    RULE_SHADOW,     /* 'decision' would be, if it were armed */
    RULE_MISSING,    /* what it expected did not come: its ticket is opened */
    RULE_REFUSED,    /* it would act, and who carries it out cannot; it has not acted then */
    RULE_ENDINGS,
};
const char *rule_ending_name(enum rule_ending ending); /* "outranked" */

/* Lives as long as the moment that it was found in. */
struct rule_finding {
    uint32_t rule; /* in the set */
    enum rule_ending ending;
    int64_t until_us;                     /* 0: there is no until */
    const char *words;                    /* why; "" when the ending says it all */
    const struct rule_expression *at;     /* that decided or failed; NULL: none did */
    const struct rule_decision *decision; /* ACTS, SHADOW; its ticket: NOT_MET, MISSING */
};
