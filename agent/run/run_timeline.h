/* run_timeline.h - the records of a run as they are journalled: steps with their durations, and the
 * few words around them.
 */
#pragma once

#include "agent/run/boot_run.h"

#define EVIDENCE_BMC "bmc"
#define EVIDENCE_SERVED "served"
#define EVIDENCE_SELF "self_reported"

/* A record of this task with the time filled in; message fields are borrowed until it is packed. */
Muster__Record timeline_record(const struct boot_run *run);
/* state: started | done | failed | seen. 'detail' may be NULL. */
void timeline_step(struct boot_run *run, struct journal_batch *batch, const char *name,
                   const char *state, const char *evidence, const char *detail);
/* A step that happens often: at most 'most' records of it, false behind that. */
bool timeline_may_repeat(struct boot_run *run, const char *name, unsigned most);
/* True when this state of this step was recorded last. */
bool timeline_is_at(const struct boot_run *run, const char *name, const char *state);
