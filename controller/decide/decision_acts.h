/* decision_acts.h - tasks of rules that act, until they are made: those of a transaction together,
 * behind its last alert. Whatever they are bound to - limits, window, the ticket of a task that
 * does not run after all - is worked out when the rule acts, not when they are made.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct decision_acts;
struct decision_plan;
struct decision_row;
struct decision_rows;
struct decision_said;
struct decision_subject;
struct error;
struct limit_shares;
struct rule_engine;
struct rule_finding;

/* All borrowed. NULL: out of memory. */
struct decision_acts *decision_acts_create(struct db *db, const struct uuid *tenant,
                                           struct rule_engine *engine, struct limit_shares *shares,
                                           struct error *err);
void decision_acts_destroy(struct decision_acts *acts);

/* One that acts, as 'plan' says; 'row' is its decision and will be number 'place' of the rows.
 * Plan, subject and said are borrowed until the tasks are made. *ret_task is its task's id: the
 * same rule deciding the same trigger again names the same task. */
int decision_acts_add(struct decision_acts *acts, const struct decision_plan *plan,
                      const struct rule_finding *finding, const struct decision_subject *subject,
                      struct decision_said *said, const struct decision_row *row, size_t place,
                      struct uuid *ret_task, struct error *err);
/* Makes them, and says in 'rows' what came of each. *ret_tasks did not exist before. */
int decision_acts_make(struct decision_acts *acts, struct decision_rows *rows, uint64_t *ret_tasks,
                       struct error *err);
