/* replay_due.h - what a timer of a replay refers to: the alert that was kept, its machine as it
 * was, and whether its task had ended. A task that was really made ended as it did; one that only
 * the replay makes ends well after ten minutes, as in a rule's tests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"
#include "rules/engine/rule_replay.h"

struct db;
struct error;
struct replay_alert;
struct replay_due;
struct replay_machines;
struct replay_record;

/* 'db' and 'machines' are borrowed; 'names': rule_set_names(). NULL: out of memory. */
struct replay_due *replay_due_create(struct db *db, const struct uuid *tenant,
                                     struct replay_machines *machines, uint64_t names,
                                     struct error *err);
void replay_due_destroy(struct replay_due *due);

/* Fills the moment; what it says is borrowed until the next call. 'record' is what was decided
 * then, NULL: nothing. *ret_version is of the machine's document, 0: it is nobody's any more. */
int replay_due_recall(struct replay_due *due, const struct rule_replay_due *what,
                      const struct uuid *alert, const struct replay_record *record,
                      struct rule_moment *moment, bool *ret_ended, int64_t *ret_version,
                      struct error *err);
/* An alert that a timer may refer to: it is not asked for then. */
int replay_due_expect(struct replay_due *due, const struct replay_alert *alert, struct error *err);
/* The id of a task that only the replay makes. */
void replay_due_name_task(int64_t made_us, char out[RULE_REPLAY_TASK_SIZE]);
