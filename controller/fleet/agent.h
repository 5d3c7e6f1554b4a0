/* agent.h - the agents that the platform knows by their public keys: one active a site. dispatch
 * admits by what stands here.
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"
#include "proto/key_files.h"

struct db;
struct db_rows;
struct error;

/* ERROR_CONFLICT: the name, one of the keys or the site is taken by another. Sends NOTIFY
 * muster_agent at commit. */
int agent_add(struct db *db, const struct uuid *site, const char *name,
              const struct agent_public_keys *keys, struct uuid *ret_id, struct error *err);
/* 1: revoked now or before, 0: no such agent. From the commit on nothing of it is recorded; NOTIFY
 * muster_agent ends its connection. */
int agent_revoke(struct db *db, const char *name, struct error *err);
/* 1: it is there and active; 0: not. */
int agent_is_active(struct db *db, const struct uuid *id, struct error *err);
/* One JSON document a row (column 0) by name, after 'after' (NULL: from the start), or only the one
 * named 'only' (NULL: all); column 1 is the name. */
struct db_rows *agent_list(struct db *db, const char *only, const char *after, int64_t limit,
                           struct error *err);
