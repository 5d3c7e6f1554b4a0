/* decision_words.c - see decision_words.h. */
#include "controller/decide/decision_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_set.h"

/* How an alert reads that ended so, and the sentence's middle between rule and words. */
static const struct {
    const char *disposition, *outcome, *words;
} ENDINGS[RULE_ENDINGS] = {
    [RULE_NO_MATCH] = {"no_rule", "none", "does not act"},
    [RULE_OUTRANKED] = {NULL, "outranked", "outranked"},
    [RULE_SUPPRESSED] = {"suppressed", "none", "is suppressed"},
    [RULE_HELD] = {"held", "none", "waits whether the fault lasts"},
    [RULE_RELEASED] = {"resolved", "none", "waits no more: the fault is over"},
    [RULE_COUNTED] = {"counted", "none", "counts it"},
    [RULE_LATE] = {"late", "none", "counts it no more"},
    [RULE_DUPLICATE] = {"deduplicated", "none", "has acted on this fault"},
    [RULE_THROTTLED] = {"throttled", "none", "has acted as often as it may"},
    [RULE_NOT_MET] = {"not_met", "none", "must not act"},
    [RULE_FAILED] = {"rule_error", "refused", "has an expression without a value"},
    [RULE_ACTS] = {"acted", "boot", "boots"},
    [RULE_SHADOW] = {NULL, "shadow", "would act"},
    [RULE_MISSING] = {"missing", "none", "missed what it expected"},
    [RULE_REFUSED] = {"rule_error", "refused", "cannot act"},
};

const char *decision_disposition(enum rule_ending ending)
{
    return ENDINGS[ending].disposition;
}

const char *decision_outcome(enum rule_ending ending)
{
    return ENDINGS[ending].outcome;
}

bool decision_is_kept(struct decision_telling *telling, const struct rule_finding *finding,
                      bool shadow, bool *ret_says)
{
    bool failed = finding->ending == RULE_FAILED;

    *ret_says = !shadow && finding->ending != RULE_OUTRANKED &&
                (!telling->said || (telling->said_failed && !failed));
    if (*ret_says) {
        telling->said = true;
        telling->said_failed = failed;
        return true;
    }
    if (!shadow && finding->ending != RULE_OUTRANKED && !failed)
        return true;
    return telling->others++ < DECISION_RULES_MAX;
}

void decision_words_print(char out[DECISION_WORDS_SIZE], const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(out, DECISION_WORDS_SIZE, format, args);
    va_end(args);
    text_mend_utf8(out);
}

void decision_words_say(const struct rule_finding *finding, const struct rule_in_set *rule,
                        bool stopped, char out[DECISION_WORDS_SIZE])
{
    const char *middle = ENDINGS[finding->ending].words;
    char until[CLOCK_TEXT_SIZE + 8] = "";

    if (finding->until_us) {
        strcpy(until, " until ");
        clock_format(finding->until_us, until + strlen(until));
    }
    if (finding->ending == RULE_OUTRANKED)
        decision_words_print(out, "outranked %s", finding->words);
    else if (finding->ending == RULE_REFUSED && stopped)
        decision_words_print(out, "%s", finding->words);
    else if (finding->ending == RULE_REFUSED || finding->ending == RULE_FAILED)
        decision_words_print(out, "rule %s: %s", rule->document->id, finding->words);
    else
        decision_words_print(out, "rule %s%s %s%s%s%s", rule->document->id,
                             rule->shadow ? " (shadow)" : "", middle, until,
                             finding->words[0] ? ": " : "", finding->words);
}
