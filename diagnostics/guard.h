/* guard.h - the run's last resort: a process of its own that powers the machine off when the run
 * has not ended by its deadline, whatever the run is stuck in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

/* Starts it. 'power_off' false (a test on a host): it only kills the run. 0 or -1. */
int guard_start(int64_t deadline_ms, bool power_off, struct error *err);
void guard_move(int64_t deadline_ms); /* monotonic */
/* Power off now; returns only when the kernel refuses. */
void guard_power_off(void);
