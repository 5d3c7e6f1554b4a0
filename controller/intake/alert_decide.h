/* alert_decide.h - what the rules make of the alerts of a batch: rule books by tenant, an engine
 * for each, what rules remember. One thread's; runs inside the batch's transaction.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct alert_decide;
struct alert_item;
struct alert_origin;
struct db;
struct decision_carry;
struct error;

struct alert_decide *alert_decide_create(struct error *err);
void alert_decide_destroy(struct alert_decide *decide);

/* Settles all items, which were decoded and looked up as far as they can be, and makes the tasks.
 * *ret_carry, the caller's, has still to be stored (decision_carry.h); it goes before the next
 * call. *ret_tasks did not exist before. -1: the database or memory. */
int alert_decide_batch(struct alert_decide *decide, struct db *db,
                       const struct alert_origin *origin, struct alert_item **items, size_t count,
                       int64_t now_us, struct decision_carry **ret_carry, uint64_t *ret_tasks,
                       struct error *err);
