/* machine_watch.h - a booting machine: what the boot plane saw of it, how long it is waited for,
 * and whether its BMC still says that it is on: one that went off need not be waited for. Some
 * firmware switches itself off for a moment; two looks have to agree.
 */
#pragma once

#include "agent/run/boot_run.h"

void machine_watch_tick(struct boot_run *run);
int64_t machine_watch_next_ms(const struct boot_run *run); /* 0: not watching */
