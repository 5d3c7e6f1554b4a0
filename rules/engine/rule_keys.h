/* rule_keys.h - the states that a rule may look at for an alert, before it does: part of
 * rule_engine_keys(). A key that has no value is none: the rule fails there before it asks.
 */
#pragma once

#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_work.h"

/* Both: 0, -1. */
int rule_keys_of_rule(struct rule_work *work, rule_name_taker *take, void *context);
int rule_keys_of_note(struct rule_work *work, const struct rule_noting *noting,
                      rule_name_taker *take, void *context);
