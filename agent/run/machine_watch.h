/* machine_watch.h - while we wait for a booting machine, its BMC is asked now and then whether it
 * is still on: one that went off need not be waited for. Some firmware switches itself off for a
 * moment; two looks have to agree.
 */
#pragma once

#include "agent/run/boot_run.h"

void machine_watch_tick(struct boot_run *run);
int64_t machine_watch_next_ms(const struct boot_run *run); /* 0: not watching */
