/* rule_trial.h - the tests of a rule's own file, run: what the file feeds goes through the engine
 * on a clock of its own, decisions make simulated tasks, and what came of it is compared with what
 * the file expects. No database, no server. Spec: docs/rule-language.md, "Tests".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct rule_document;
struct rule_issues;
struct rule_trial;

/* Takes the document over, also when it fails. NULL with 'err'. */
struct rule_trial *rule_trial_create(struct rule_document **document, struct error *err);
void rule_trial_destroy(struct rule_trial *trial);

struct rule_trial_options {
    bool restarts; /* at each moment all states are written out and read again: changes nothing */
};

/* The document's test of this number. 1: all came as expected; 0: 'issues' says what did not, each
 * at the place in the file that expected it. -1: 'err', nothing can be said. 'options' may be NULL.
 */
int rule_trial_run(struct rule_trial *trial, size_t test, const struct rule_trial_options *options,
                   struct rule_issues *issues, struct error *err);
