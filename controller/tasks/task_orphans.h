/* task_orphans.h - leases whose session is over. A lease belongs to the session that it was given
 * in: when the site's agent has said HELLO again, anywhere, and handed over all that it held by
 * then, a task that is still only leased reached nobody. It goes back to the queue at once instead
 * of waiting its lease out. Safe whatever is true: a higher epoch is a new offer, and an agent that
 * holds the task after all answers with what it holds.
 */
#pragma once

#include <stdint.h>

struct db;
struct error;
struct uuid;

/* Of 'site', granted before the session opened at 'opened_us' (database's clock). Transactions of
 * its own. Returns how many went back, or -1. */
int task_orphans_requeue(struct db *db, const struct uuid *site, int64_t opened_us,
                         struct error *err);
