/* boot_ladder.h - what is tried in turn when nothing at all is seen of a machine behind its
 * power-on: one table, one attempt a rung, each once. The number of a rung is the number of its
 * attempt; a rung that does not apply is left out, and its number with it. Bounded by the task's
 * deadline. docs/task-states.md "When nothing is seen".
 */
#pragma once

#include <stddef.h>

#include "agent/run/boot_run.h"

#define BOOT_ATTEMPTS_MAX 5

struct boot_rung {
    const char *name;     /* in the sentence of a failure */
    const char *sentence; /* in the timeline */
    bool resets_bmc;      /* before all else */
    bool switches;        /* off, boot device, on; without it the power is left alone */
    bool holds_off;       /* stays off for a while: capacitors drain, NICs forget */
};
const struct boot_rung *boot_rung_of(unsigned attempt); /* NULL: there is none */

/* True: the next rung is under way. False: none is left that applies, and nothing was done.
 * 'why' goes into the timeline; 'is_off': the machine is known to be off. */
bool boot_ladder_climb(struct boot_run *run, bool is_off, const char *why);
/* Begins the rung of run->row.attempt. */
void boot_ladder_begin(struct boot_run *run);
/* There is a rung left for a machine that is on. */
bool boot_ladder_has_next(const struct boot_run *run);
/* The machine was seen off: at once, or after the cold rung's pause, its boot device. */
void boot_ladder_is_off(struct boot_run *run);
void boot_ladder_tick(struct boot_run *run);
/* After a restart in the middle of it: the BMC is waited for, never reset a second time. */
void boot_ladder_await_bmc(struct boot_run *run);

/* "one attempt was made", "3 attempts were made: first boot, ..."; 'text' is returned. */
#define BOOT_LADDER_TALE_MAX 160
const char *boot_ladder_tale(const struct boot_run *run, char text[BOOT_LADDER_TALE_MAX]);
