/* bmc_step.h - one change of a BMC: intent (durable), command, read back. A BMC that answers OK is
 * not believed before it reads back so. Power-on is commanded once for an attempt; what may be
 * repeated (off, boot device) is, up to three times.
 */
#pragma once

#include "agent/run/boot_run.h"

/* 'done' is called once, on the runner's thread. The intent is written unless 'resumed': it stands
 * there already. */
void bmc_step_begin(struct boot_run *run, const struct bmc_goal *goal, unsigned attempt,
                    bool resumed, void (*done)(struct boot_run *run, enum bmc_end end));
/* Only read: goal.action POWER_GET or BOOT_DEVICE_GET; the value is in run->bmc. */
void bmc_step_read(struct boot_run *run, enum power_action action, int64_t within_ms,
                   void (*done)(struct boot_run *run, enum bmc_end end));
/* Its driver says nothing of the machine's power, and after a restart of the agent nothing at all.
 */
bool bmc_step_remembers_only(const struct boot_run *run);
void bmc_step_answered(struct boot_run *run, const struct power_job *job);
void bmc_step_tick(struct boot_run *run);
/* Forgets what is under way; an answer that still comes is dropped. */
void bmc_step_drop(struct boot_run *run);
