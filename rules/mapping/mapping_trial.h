/* mapping_trial.h - the tests that stand in a mapping's own file. */
#pragma once

#include <stddef.h>

struct error;
struct mapping;
struct mapping_run;
struct rule_issues;

/* Test 'which' of mapping->tests. 1: it holds; 0: 'issues' (empty before) says what differs; -1. */
int mapping_trial(struct mapping_run *run, const struct mapping *mapping, size_t which,
                  struct rule_issues *issues, struct error *err);
