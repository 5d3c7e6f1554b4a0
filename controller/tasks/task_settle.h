/* task_settle.h - a person says how a task that is `unknown` ended, or that a machine may be booted
 * again. Both are told to the agent (agent_order.h). A RESULT that comes afterwards is kept beside
 * (task_facts.h).
 */
#pragma once

struct db;
struct error;
struct uuid;

/* 'outcome': succeeded, failed or cancelled. In the caller's transaction of the tenant. The
 * machine, if it was touched, stays held until it is released. ERROR_INVALID: no such outcome;
 * ERROR_NOT_FOUND; ERROR_CONFLICT: the task is not `unknown`, 'err' says what it is. */
int task_settle(struct db *db, const struct uuid *tenant, const struct uuid *task,
                const char *outcome, const char *who, const char *reason, struct error *err);

/* In the caller's transaction of 'tenant', whose task it was, which is settled as `failed` when it
 * is unknown. 1: released. 0: nothing held it. ERROR_CONFLICT: a task is under way there, which
 * ends by itself or by a cancel. The machine's audit row is the caller's. */
int task_settle_release(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                        const char *who, const char *reason, struct error *err);
