/* task_limits.h - the limits that rules bind their tasks to (table task_limit): at most so many of
 * one tenant, rule, entry and group are with agents at a time, whichever controllers lease them. A
 * task counts from its lease to its end, also while it is `unknown`, and while it is queued again
 * with a grant that has not ended. Whoever finds its limit full is parked (`limited`) and queued
 * again by the timers, in the order in which tasks were made. Spec: docs/task-states.md, "Limits".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/ids.h"

struct db;
struct error;
struct task_lease;
struct task_request;

/* What those that were made are bound to. Without limits there is no statement. */
int task_limits_write(struct db *db, const struct task_request *requests, size_t count,
                      const bool *made, struct error *err);

/* Inside the leasing transaction, of one tenant, which it has named; their queue rows are locked,
 * and some of them have limits. Keeps of 'tasks' those that may be leased now: of a group those
 * that were made first get the room. The others are parked, or left as they are when they were
 * tried before or another controller leases of their group; the groups stay locked until the
 * transaction's end. Returns how many are left in 'tasks', *ret_parked how many were parked. -1:
 * 'err'. */
int task_limits_keep(struct db *db, struct task_lease *tasks, size_t count, size_t *ret_parked,
                     struct error *err);
/* These were leased. */
int task_limits_take(struct db *db, const struct task_lease *tasks, size_t count,
                     struct error *err);

/* Parked tasks for which there is room by now, of all tenants: limited -> queued, each in a
 * transaction of its own. Returns how many, or -1. */
int task_limits_free(struct db *db, struct error *err);
