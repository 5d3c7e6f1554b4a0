/* alert_action.h - from alerts that may act to tasks: which rules match, which of them acts, what
 * it boots. The tasks of a batch are made together, behind its last alert. Runs inside the batch's
 * transaction. Spec: docs/rule-language.md, "What decides".
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

struct alert_action; /* what rules were found to boot, and whom, for one transaction */

struct alert_action *alert_action_create(struct error *err);
void alert_action_destroy(struct alert_action *action);

/* Settles the item, which was decoded, is no duplicate, young enough and has its machine; one for
 * which a rule acts is only noted, and borrowed until the tasks are made. 'book' must live as long.
 * -1: the database or memory. */
int alert_action_take(struct alert_action *action, struct db *db, const struct alert_origin *origin,
                      const struct rule_book *book, struct alert_item *item, int64_t now_us,
                      struct decision_rows *decisions, struct error *err);
/* Behind the last one: makes the tasks and settles the items that were noted. *ret_tasks did not
 * exist before. */
int alert_action_carry_out(struct alert_action *action, struct db *db,
                           struct decision_rows *decisions, uint64_t *ret_tasks, struct error *err);
