/* cel_run.h - what one evaluation may use: the values of the variables, memory, and a budget. Each
 * function is handed it, so that nothing a rule says takes longer than it was given.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rules/cel/cel_value.h"

struct cel_arena;

/* One evaluation may cost this much, unless told otherwise: about 10 ms on a slow core. A node
 * costs 1, a comprehension 1 a turn beside its nodes, a sized call 1 for each 16 bytes or elements.
 */
#define CEL_BUDGET_DEFAULT 1000000

/* Of one thread; set up by the caller, and again after each reset of the arena. */
struct cel_run {
    const struct cel_value *slots; /* cel_env_slots() of them; CEL_ABSENT: not given */
    struct cel_arena *arena;
    uint64_t budget; /* what is left of it */
};

/* For functions that walk their arguments: false when the budget is spent, then return
 * cel_over_budget(). */
bool cel_run_spend(struct cel_run *run, uint64_t cost);
struct cel_value cel_over_budget(void);
