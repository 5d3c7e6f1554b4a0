/* decision.h - which rules match an alert, and which of them acts. Pure: event, machine and rule
 * book in, ordered list out. Spec: docs/rule-language.md, "What decides".
 */
#pragma once

#include <stddef.h>

struct rule_book;
struct rule_entry;

/* One alert keeps the rule that acts and this many that were outranked: rows of table decision. */
#define DECISION_RULES_MAX 100

/* What a scope is compared with; NULL matches no list of values. All borrowed. */
struct decision_input {
    const char *type, *status, *severity, *source;
    const char *name, *class, *site, *rack; /* of the machine */
};

/* The matching rules into 'ret' (room for DECISION_RULES_MAX): the first acts, the others are
 * outranked by it. */
size_t decision_make(const struct rule_book *book, const struct decision_input *input,
                     const struct rule_entry **ret);
