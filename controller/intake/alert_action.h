/* alert_action.h - from an alert that may act to a task: which rules match, which of them acts,
 * what it boots. Runs inside the batch's transaction. Spec: docs/rule-language.md, "What decides".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct alert_item;
struct alert_origin;
struct db;
struct decision_rows;
struct error;
struct rule_book;

struct alert_action; /* what rules were found to boot, for the length of one transaction */

struct alert_action *alert_action_create(struct error *err);
void alert_action_destroy(struct alert_action *action);

/* Settles the item, which was decoded, is no duplicate, young enough and has its machine, and makes
 * the task when a rule acts. 1: a task was made, 0: none. -1: the database or memory. */
int alert_action_take(struct alert_action *action, struct db *db, const struct alert_origin *origin,
                      const struct rule_book *book, struct alert_item *item, int64_t now_us,
                      struct decision_rows *decisions, struct error *err);
/* Behind the last one: hints each site that has new tasks, once. */
int alert_action_announce(struct alert_action *action, struct db *db, struct error *err);
