/* decision_window.h - window.* as they were when a rule acted, kept with its task as JSON: what the
 * rule requires may name them, and is asked again when the task is handed out.
 */
#pragma once

#include "rules/engine/rule_decision.h"

struct error;

/* *ret_json is the caller's, NULL when the rule has no window. */
int decision_window_write(const struct rule_decision *decision, char **ret_json, struct error *err);
/* 'json' NULL: there was none. */
int decision_window_read(const char *json, struct cel_value ret[RULE_WINDOW_NAMES],
                         struct error *err);
