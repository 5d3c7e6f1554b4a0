/* cel_run.c - the budget of a run (cel_run.h). Once it does not suffice it is spent, so that
 * nothing goes on behind an error that was absorbed. */
#include "rules/cel/cel_run.h"

struct cel_value cel_over_budget(void)
{
    return cel_error("over budget: the expression costs more than one evaluation may");
}

bool cel_run_spend(struct cel_run *run, uint64_t cost)
{
    bool enough = cost <= run->budget;

    run->budget = enough ? run->budget - cost : 0;
    return enough;
}
