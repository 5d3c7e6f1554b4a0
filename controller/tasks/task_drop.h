/* task_drop.h - a leased task that is not handed out after all, since what its rule asked for does
 * not hold any more: it ends `cancelled` without a boot. Spec: docs/task-states.md, "Asked again".
 */
#pragma once

#include <stdbool.h>

struct db;
struct error;
struct task_lease;
struct uuid;

/* A transaction of its own; nothing of this lease was sent. 'why' becomes the task's cause; with
 * 'ticket' its rule's `else` ticket is opened. One that an agent may hold by an older grant is
 * queued again, and that agent is asked to drop it. 1: done; 0: the lease is another's now; -1. */
int task_drop(struct db *db, const struct uuid *controller, const struct task_lease *lease,
              const char *why, bool ticket, struct error *err);
