/* task_queue.h - due tasks waiting for an agent, and their leases. Only LEASE, SENT and REQUEUE are
 * guarded by a live lease (id + epoch + database's clock).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "controller/tasks/task_state.h"

struct db;
struct error;

/* Lease up to 'count' ready tasks of the site in the order of their turn (due time and what their
 * class waits), one a machine; machines that are held or busy, tasks of a disarmed rule or of a
 * tenant whose automation is stopped, and locked rows are skipped. Raises machine.epoch, writes
 * task_grant, state, event, audit; one transaction of its own. Returns the number in 'ret' (room
 * for 'count'), or -1. */
int task_queue_lease(struct db *db, const struct uuid *controller, const struct uuid *site,
                     const struct uuid *agent, size_t count, struct task_lease *ret,
                     struct error *err);
/* About to be sent as these bytes. 1: noted; 0: the lease is lost, and they must not go. */
int task_queue_sent(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                    const uint8_t order_sha256[32], struct error *err);
/* Could not be sent: back to queued. */
int task_queue_requeue(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                       const char *why, struct error *err);

/* What is due by the database's clock: scheduled -> queued, expire, lapsed leases -> queued or
 * asked after, silence beyond deadline + 10 min -> unknown. Returns how many rows moved, or -1.
 * Called every second. */
int task_queue_tick(struct db *db, struct error *err);
