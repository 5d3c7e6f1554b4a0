/* audit_log.h - who did what to which object, how it ended and why. The row goes into the caller's
 * transaction: it commits with the act, or neither exists. The tenant is the transaction's.
 * leaf_hash and the body's salt: docs/guarantees.md.
 */
#pragma once

#include <stddef.h>

#include "common/ids.h"

struct db;
struct error;

extern const struct uuid PLATFORM_TENANT; /* owns acts of the platform */

struct audit_entry {
    const char *who;     /* principal, "rule NAME v3", "agent NAME", "musterd" */
    const char *action;  /* "task.create" */
    const char *object;  /* "task 0191..", "machine cn-101"; "" */
    const char *outcome; /* ok | refused | failed */
    const char *why;     /* one sentence, or NULL */
    const char *details; /* JSON object, or NULL; never a secret */
};
int audit_append(struct db *db, const struct uuid *tenant, const struct audit_entry *entry,
                 struct error *err);
/* Several of one tenant at once. */
int audit_append_many(struct db *db, const struct uuid *tenant, const struct audit_entry *entries,
                      size_t count, struct error *err);
/* A refusal has no business transaction to ride on: one of its own, on a connection outside any. */
int audit_refusal(struct db *db, const struct uuid *tenant, const struct audit_entry *entry,
                  struct error *err);
