/* rule_keeper.h - what rules remember, between memory and table rule_state: loads the states that a
 * transaction may look at in one statement, writes what changed in two, and bounds the keys of
 * windows. Of one thread.
 *
 * No two transactions decide by the same state at once: before a state is read, the bucket of its
 * name is locked until the transaction's end (128 a tenant, in their order, so that nobody waits in
 * a circle). Where a key is known only while a rule is worked through, all states of that rule and
 * kind have one bucket.
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"
#include "rules/engine/rule_engine.h"

struct db;
struct error;
struct rule_keeper;
struct rule_set;
struct rule_states;

/* 'states' are tracked, and borrowed. NULL: out of memory. */
struct rule_keeper *rule_keeper_create(struct rule_states *states, struct error *err);
void rule_keeper_destroy(struct rule_keeper *keeper);

/* Nothing is remembered: each transaction, each try of one, begins so. */
void rule_keeper_begin(struct rule_keeper *keeper);
/* 'context' is the keeper. The name's rule is borrowed until the next begin. */
rule_name_taker rule_keeper_want;
/* Locks and loads what was wanted, as it stands at 'now_us': what is over then is not there, but a
 * state that is carried out when it is due is until somebody does so. Nothing was wanted: nothing
 * happens. */
int rule_keeper_load(struct rule_keeper *keeper, struct db *db, const struct uuid *tenant,
                     int64_t now_us, struct error *err);
/* Writes what changed since. */
int rule_keeper_store(struct rule_keeper *keeper, struct db *db, const struct uuid *tenant,
                      const struct rule_set *rules, int64_t now_us, struct error *err);
