/* task_queue.h - due tasks waiting for an agent, and their leases. Only LEASE, SENT and REQUEUE are
 * guarded by a live lease (id + epoch + database's clock).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "controller/tasks/task_state.h"

struct db;
struct error;

/* Where tasks wait, and whose agent they go to. */
struct task_site {
    struct uuid site, agent;
};
/* Lease ready tasks of the sites, up to 'each' of every one, each site's in the order of their turn
 * (due time and what their class waits), one a machine; machines that are held or busy, tasks of a
 * disarmed rule or of a tenant whose automation is stopped, those of a tenant whose switches are
 * being thrown, and locked rows are skipped. Raises
 * machine.epoch, writes task_grant, state, event, audit; one transaction of its own. Returns the
 * number in 'ret' (room for site_count * each), or -1. */
int task_queue_lease(struct db *db, const struct uuid *controller, const struct task_site *sites,
                     size_t site_count, size_t each, struct task_lease *ret, struct error *err);
/* Sites of which a task waits and is due, whatever else it waits for; caller frees. Its cost is
 * that of the sites with a queue, not of their tasks. */
int task_queue_sites(struct db *db, struct uuid **ret_sites, size_t *ret_count, struct error *err);
/* About to be sent as these bytes. 'held' is false where the lease is lost, and they must not go.
 * One transaction of its own. Returns how many are held, or -1. */
struct task_sending {
    struct task_lease lease;
    uint8_t order_sha256[32];
    bool held; /* the answer */
};
int task_queue_sent(struct db *db, const struct uuid *controller, struct task_sending *list,
                    size_t count, struct error *err);
/* Could not be sent: back to queued. */
int task_queue_requeue(struct db *db, const struct uuid *controller, const struct task_lease *lease,
                       const char *why, struct error *err);

/* What is due by the database's clock: scheduled -> queued, expire, lapsed leases -> queued or
 * asked after, silence beyond deadline + 10 min -> unknown. Returns how many rows moved, or -1.
 * Called every second. */
int task_queue_tick(struct db *db, struct error *err);
