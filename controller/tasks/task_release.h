/* task_release.h - a person has looked at a machine and says that it may be booted again: what was
 * `unknown` of its task is settled as `failed`, and what held the machine is gone.
 */
#pragma once

struct db;
struct error;
struct uuid;

/* In the caller's transaction of 'tenant', whose task it was. 1: released. 0: nothing held it.
 * ERROR_CONFLICT: a task is under way there, which ends by itself or by a cancel. The machine's
 * audit row is the caller's. */
int task_release_machine(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                         const char *who, const char *reason, struct error *err);
