/* bmc_budget.h - how often a BMC may be asked: one command at a time (power_worker.c sees to that),
 * a burst and a rate, and the spacing that its quirks or its silence call for. Time is passed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/power/bmc_quirks.h"

/* One BMC; zeroed to begin with. A boot with its restore takes about 28 commands, of which most
 * wait for a machine; the rate bounds what goes wrong. */
struct bmc_budget {
    bool begun;
    int64_t tokens_ms, filled_ms; /* tokens in milliseconds of their refill */
    int64_t free_ms;              /* not before: spacing */
    int spacing_ms;               /* of its quirks, or of the site */
    unsigned silent;              /* commands in a row that it did not answer */
};
#define BMC_BURST 30
#define BMC_REFILL_MS 500 /* two commands a second in the long run */
#define BMC_SILENT_SLOW 2 /* so many in a row unanswered: asked slowly until it answers */

/* When the next command may go out; not above 'now_ms': now. */
int64_t bmc_budget_next_ms(struct bmc_budget *budget, int64_t now_ms);
void bmc_budget_take(struct bmc_budget *budget, int64_t now_ms);
/* The command has ended. */
void bmc_budget_ended(struct bmc_budget *budget, bool answered, int64_t now_ms);
