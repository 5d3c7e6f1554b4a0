/* decision_limits.h - what a decision binds its task to under its rule's limits: the groups that it
 * is in, and how many of each may run; a percentage becomes a number here, once, when the task is
 * made.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct db;
struct error;
struct limit_shares;
struct rule_decision;
struct rule_engine;
struct task_limit;
struct uuid;

/* In the caller's transaction of the tenant. 'rule' is the decision's in the engine. *ret, of as
 * many as the rule has limits (NULL: none), is one block with its texts, the caller's, free(); the
 * rule's name is borrowed. */
int decision_limits_make(struct limit_shares *shares, struct db *db, const struct uuid *tenant,
                         struct rule_engine *engine, uint32_t rule,
                         const struct rule_decision *decision, struct task_limit **ret,
                         struct error *err);
