/* rule_decision.h - what a rule does about an alert, all its expressions worked out: the task it
 * makes with all that the task is bound to, and the ticket that it opens instead. Whoever carries
 * it out copies it: it lives as long as its moment.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_state_key.h"

struct cel_arena;
struct rule_work;

#define RULE_WINDOW_NAMES 4 /* window.sum, count, first, last */

#define RULE_TITLE_BYTES_MAX 512 /* of a ticket: an alert may say more, and on several lines */

/* queue NULL: there is no ticket. */
struct rule_opening {
    const char *queue, *title;
    int64_t priority;
};

struct rule_parameter {
    const char *name, *value;
};

struct rule_decision {
    const struct rule_document *rule;
    bool boots; /* false: only the ticket */
    struct rule_opening otherwise;
    struct rule_parameter params[RULE_PARAMS_MAX];
    size_t param_count;
    /* In the order of the document's entries. Values as text; "" where a name that it is made of is
     * not given: all machines without it are one group. */
    const char *limits[RULE_LIST_MAX]; /* of what at most so many run */
    const char *levels[RULE_LEVELS_MAX];
    const char *zones[RULE_LIST_MAX]; /* of the schedule's windows */
    const char *calendar;             /* NULL: none */
    const char *stages[RULE_LIST_MAX];
    const struct rule_state_key *rollout; /* NULL: none */
    /* window.* as they were, for who asks later what is required; CEL_ABSENT: no window. */
    struct cel_value window[RULE_WINDOW_NAMES];
};

/* How many tasks of a group of so many machines a limit lets run at a time: of a percentage the
 * whole part, but 'min' at least. */
int64_t rule_limit_most(const struct rule_limit *limit, size_t machines);

/* 1 with *ret; 0: the finding says what failed. -1: out of memory. */
int rule_decision_make(struct rule_work *work, const struct rule_decision **ret);
int rule_decision_open(struct rule_work *work, const struct rule_ticket *ticket, const char *field,
                       struct rule_opening *ret);
/* A group of machines as text; those that lack what it is made of are one, "". 1 or 0. */
int rule_decision_group(struct rule_work *work, const char *field, size_t entry,
                        const struct rule_expression *expression, const char **ret);

/* Texts and keys become copies in 'arena'; what belongs to the document stays borrowed. 0, or -1:
 * no room. */
int rule_decision_keep(struct rule_decision *decision, struct cel_arena *arena);
int rule_opening_keep(struct rule_opening *opening, struct cel_arena *arena);
