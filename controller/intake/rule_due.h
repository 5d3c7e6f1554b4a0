/* rule_due.h - what rules wait for, carried out when its time has come: holds that have lasted, and
 * what was expected and did not come. Any number of controllers may do it: a state is worked
 * through under the lock of its bucket, and is gone with the transaction that did. Spec:
 * docs/rule-language.md, "What comes due".
 */
#pragma once

#include <stdint.h>

struct db;
struct error;
struct rule_due;
struct rule_state_name;

#define RULE_DUE_TRIGGER_SIZE 200
/* What is decided when a state is due is told apart by this, whoever works it through, and
 * whenever. */
int rule_due_trigger(const struct rule_state_name *name, int64_t due_us,
                     char out[RULE_DUE_TRIGGER_SIZE], struct error *err);

/* One thread's; what it keeps are rule books. */
struct rule_due *rule_due_create(struct error *err);
void rule_due_destroy(struct rule_due *due);

/* Of all tenants, a transaction for some hundred states. *ret_next_us: when the next is due,
 * INT64_MAX: nothing waits. -1: the database; what was done is committed, the rest comes again. */
int rule_due_run(struct rule_due *due, struct db *db, int64_t now_us, int64_t *ret_next_us,
                 struct error *err);
