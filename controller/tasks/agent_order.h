/* agent_order.h - what a person's word means for an agent: a task that was settled, a machine that
 * was released. Kept until the agent has answered (table agent_order), so that a site that is out
 * of reach hears of it in its next session. Spec: docs/wire-format.md, "A person's word".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;
struct task_now;

struct agent_order {
    struct uuid tenant, id, site, machine, task; /* task: nil in a release */
    uint64_t epoch;
    char outcome[16], reason[256]; /* outcome: "" in a release */
};

/* In the caller's transaction of the tenant; a hint is sent at its commit. Nothing is kept when no
 * agent was ever given the task, or any of the machine. */
int agent_order_settle(struct db *db, const struct task_now *task, const char *outcome,
                       const char *who, const char *reason, struct error *err);
/* An older release of the machine that is still under way is superseded. */
int agent_order_release(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                        const char *who, const char *reason, struct error *err);

/* Those of sites with a live session that were not said within the last AGENT_ORDER_AGAIN_S, the
 * oldest first; caller frees *ret. Outside any transaction, as muster_engine; so is the next. */
#define AGENT_ORDER_AGAIN_S 10
int agent_order_due(struct db *db, struct agent_order **ret, size_t *ret_count, struct error *err);
/* About to be sent as these bytes. */
int agent_order_sent(struct db *db, const struct agent_order *order, const uint8_t sha256[32],
                     struct error *err);

/* The agent of 'site' answered these bytes; 'refusal' NULL: it took them. In the caller's
 * transaction, which names the order's tenant afterwards. 1: it was an order of this kind. 0: it
 * was not. A refusal that another saying may mend (expired, replay, unknown_key) leaves it open. */
int agent_order_answered(struct db *db, const struct uuid *site, const uint8_t sha256[32],
                         const char *refusal, const char *who, struct error *err);
