/* decision_carry.h - from what the rules find to what is done: rows of what each decided, tasks of
 * those that act, tickets of those that must not. The tasks of a transaction are made together,
 * behind its last alert; intake and timers both carry out here. Runs inside the caller's
 * transaction. Spec: docs/rule-language.md, "What decides".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "controller/decide/decision_words.h"
#include "rules/engine/rule_finding.h"

struct db;
struct error;
struct limit_shares;
struct machine_found;
struct rule_book;
struct rule_engine;
struct rule_moment;
struct rule_state;

#define DECISION_AGE_MAX_US (15 * 60 * INT64_C(1000000)) /* old news boots nothing */

/* What is decided on; all borrowed until the tasks are made. */
struct decision_subject {
    struct uuid alert;
    const struct machine_found *machine;
    const char *type;    /* of the event */
    const char *trigger; /* of a record its place, of a timer the rule, key and time */
    const char *kind;    /* static: alert | timer */
    /* Its tasks' ids are made of these: deciding again yields the same, also where a hold began
     * again at another moment. */
    const char *origin;
    int64_t stamp_ms;
    int64_t from_us; /* its tasks may start until 15 minutes later */
};

/* What became of it as a whole; docs/alert-format.md. */
struct decision_said {
    const char *disposition; /* static; NULL: no rule is for it */
    char reason[DECISION_WORDS_SIZE];
};

struct decision_carry; /* of one transaction */

/* 'book', and 'engine' and 'shares', which are of its rules, are borrowed. */
struct decision_carry *decision_carry_create(struct db *db, const struct uuid *tenant,
                                             const struct rule_book *book,
                                             struct rule_engine *engine,
                                             struct limit_shares *shares, struct error *err);
void decision_carry_destroy(struct decision_carry *carry);

/* The moment was filled with the alert, or with that of the state that is due. *said is settled
 * when the tasks are made, and borrowed until then. -1: the database or memory. */
int decision_carry_alert(struct decision_carry *carry, const struct decision_subject *subject,
                         struct rule_moment *moment, struct decision_said *said, struct error *err);
int decision_carry_due(struct decision_carry *carry, const struct decision_subject *subject,
                       const struct rule_state *state, struct rule_moment *moment,
                       struct decision_said *said, struct error *err);

/* Behind the last one: makes the tasks. *ret_tasks did not exist before. */
int decision_carry_out(struct decision_carry *carry, uint64_t *ret_tasks, struct error *err);
/* Behind that: writes what was decided, and the tickets. */
int decision_carry_store(struct decision_carry *carry, struct error *err);
/* Behind the commit: counts how they ended. */
void decision_carry_count(const struct decision_carry *carry);
