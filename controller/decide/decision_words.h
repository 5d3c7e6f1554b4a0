/* decision_words.h - how each ending of a rule reads: in the alert that it is about, and as the
 * sentence that a person reads. Spec: docs/alert-format.md, docs/rule-language.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/engine/rule_finding.h"

struct rule_in_set;

#define DECISION_WORDS_SIZE 512

/* Both static. What an alert is called that ended so; NULL: this ending says nothing of it. */
const char *decision_disposition(enum rule_ending ending);
/* none | boot | outranked | refused | shadow */
const char *decision_outcome(enum rule_ending ending);

/* One alert keeps so many rows of rules that were outranked, fail beside the one that says what
 * becomes of it, or are shadows. */
#define DECISION_RULES_MAX 100
/* The findings of one alert, in their order; zeroed before the first. Live decisions and a replay
 * ask alike. */
struct decision_telling {
    bool said, said_failed;
    size_t others;
};
/* Whether it is kept. *ret_says: the alert is told by it, or by one behind it that says so too: by
 * an armed rule that took it, else by one that failed. */
bool decision_is_kept(struct decision_telling *telling, const struct rule_finding *finding,
                      bool shadow, bool *ret_says);

/* 'stopped': a switch stood in the way, not the rule. */
void decision_words_say(const struct rule_finding *finding, const struct rule_in_set *rule,
                        bool stopped, char out[DECISION_WORDS_SIZE]);
/* As snprintf(), and no character is cut in the middle. */
void decision_words_print(char out[DECISION_WORDS_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
