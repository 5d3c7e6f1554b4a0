/* rule_made.h - the list of what was decided on the way, which tests compare: one line for each
 * task that goes on, ticket, suppression and halt, in the order of time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/engine/rule_decision.h"

struct cel_arena;
struct error;
struct rule_task;

struct rule_made {
    int64_t at_us;
    int act;                      /* enum rule_test_act */
    const struct rule_task *task; /* NULL: there is none */
    size_t machine;
    int64_t level;               /* APPROVE: from 1 */
    struct rule_opening opening; /* TICKET */
};

/* Begins as zeros. */
struct rule_made_list {
    struct rule_made *lines; /* owned */
    size_t count, room;
};

/* The opening's texts are copied to 'arena'. */
int rule_made_add(struct rule_made_list *list, const struct rule_made *made,
                  struct cel_arena *arena, struct error *err);
void rule_made_clear(struct rule_made_list *list);
