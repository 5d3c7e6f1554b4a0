/* bmc_budget.c - see bmc_budget.h. Invariant: 0 <= tokens_ms <= BMC_BURST * BMC_REFILL_MS. */
#include "agent/power/bmc_budget.h"

#include <stddef.h>

#define FULL_MS ((int64_t)BMC_BURST * BMC_REFILL_MS)

static void refill(struct bmc_budget *budget, int64_t now_ms)
{
    if (!budget->begun) {
        budget->begun = true;
        budget->tokens_ms = FULL_MS;
    } else if (now_ms > budget->filled_ms) {
        budget->tokens_ms += now_ms - budget->filled_ms;
    }
    if (budget->tokens_ms > FULL_MS)
        budget->tokens_ms = FULL_MS;
    budget->filled_ms = now_ms;
}

int64_t bmc_budget_next_ms(struct bmc_budget *budget, int64_t now_ms)
{
    int64_t next_ms = now_ms;

    refill(budget, now_ms);
    if (budget->tokens_ms < BMC_REFILL_MS)
        next_ms += BMC_REFILL_MS - budget->tokens_ms;
    return next_ms < budget->free_ms ? budget->free_ms : next_ms;
}

void bmc_budget_take(struct bmc_budget *budget, int64_t now_ms)
{
    refill(budget, now_ms);
    budget->tokens_ms -= BMC_REFILL_MS;
    if (budget->tokens_ms < 0)
        budget->tokens_ms = 0;
}

void bmc_budget_ended(struct bmc_budget *budget, bool answered, int64_t now_ms)
{
    int spacing_ms = budget->spacing_ms;

    budget->silent = answered ? 0 : budget->silent + 1;
    if (budget->silent >= BMC_SILENT_SLOW && spacing_ms < BMC_SLOW_SPACING_MS)
        spacing_ms = BMC_SLOW_SPACING_MS;
    budget->free_ms = now_ms + spacing_ms;
}
