/* rule_match.h - whether a rule is for an alert: its scope, then its match. Part of rule_engine.h,
 * but for who asks again whether a fault is over. */
#pragma once

#include <stdbool.h>

#include "rules/cel/cel_value.h"

struct rule_in_set;
struct rule_moment;

/* Of an alert of one of its types. 1: it is for this alert; 0: not; -1: its match has no value,
 * *ret_why says why. */
int rule_match(const struct rule_in_set *rule, struct rule_moment *moment,
               struct cel_value *ret_why);
/* Whether a resolved alert, whatever its severity, is of what the rule looks at. */
bool rule_match_ends(const struct rule_in_set *rule, const struct rule_moment *moment);
