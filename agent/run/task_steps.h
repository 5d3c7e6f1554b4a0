/* task_steps.h - the phases of a run, the edges between them, and the words an operator reads: one
 * table each. Steps (what the timeline shows) are drawn in docs/task-states.md; phases are the
 * runner's and end in the journal.
 */
#pragma once

#include <stdbool.h>

#include "agent/boot/boot_sighting.h"

enum run_phase {
    PHASE_ACCEPTED, /* durable; waits for the image's files and for leave to start */
    PHASE_SNAPSHOT, /* STARTED is durable; reads what the machine is like */
    PHASE_OFF,
    PHASE_BMC_RESET, /* the last attempt's first step */
    PHASE_BOOT_DEVICE,
    PHASE_ON,      /* armed: from intent(on) the machine is offered its boot */
    PHASE_BOOT,    /* seen on; waits for the machine to come up */
    PHASE_SESSION, /* phoned home */
    PHASE_INSPECT, /* where a run begins after a restart: asks the BMC what happened */
    PHASE_RESTORE,
    PHASE_ENDED,
    PHASE_COUNT,
};

const char *run_phase_name(enum run_phase phase);
/* 0, or -1 for a name that is none. */
int run_phase_parse(const char *name, enum run_phase *ret_phase);
/* The sentence of the edge, or NULL: it is not allowed. */
const char *run_phase_edge(enum run_phase from, enum run_phase to);

/* What a booting machine does in turn. A machine whose firmware is iPXE asks for no loader, so
 * later steps count even when an earlier one was not seen. */
enum boot_stage { STAGE_NONE, STAGE_DHCP, STAGE_TFTP, STAGE_SCRIPT, STAGE_KERNEL, STAGE_INITRD };

enum boot_stage boot_stage_of(enum boot_sighting_kind kind); /* STAGE_NONE: not a stage */
/* The step of the timeline that a sighting is, or NULL for one that is none. */
const char *boot_step_of(enum boot_sighting_kind kind);

/* Why a machine that got as far as 'seen' never phoned home. */
struct boot_stop {
    const char *step; /* where it stopped: the one that did not come */
    const char *cause;
    const char *remedy;
};
const struct boot_stop *boot_stop_after(enum boot_stage seen);
/* The step at which a run in 'phase' stands, as docs/task-states.md names them; "" before it
 * started. */
const char *run_step_at(enum run_phase phase, enum boot_stage seen);
