/* live_sessions.h - the sessions that this controller owns, as the database's thread knows them:
 * found by connection or by site. With each go the facts that wait for a report's chunks. Not for
 * other threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "controller/dispatch/agent_registry.h"

struct error;
struct live_sessions;
struct session_batch;

/* A batch of facts, taken up to 'at'. */
struct waiting_batch {
    struct session_batch *batch;
    size_t at;
    int64_t since_ms; /* when it came */
    struct waiting_batch *next;
};

struct live {
    struct live_session session;
    uint64_t connection;
    bool resumed;              /* orders may go */
    bool looked_for;           /* a task of its site may be due */
    bool orphans_looked_after; /* leases of its site from before it; see task_orphans.h */
    int64_t orphans_ms;        /* not before, after a look that failed */
    uint64_t manifest_version; /* in its last WELCOME */
    int64_t token_end_us;
    int64_t told_us, told_at_us;   /* the time that WELCOME gave, and CLOCK_BOOTTIME then */
    struct waiting_batch *waiting; /* oldest first */
    int64_t bulk_ms;               /* when bulk came last */
    int64_t failed_ms;             /* when what waited could not go on without its report */
    bool wakes;                    /* bulk came in the set that is told: what waits goes on */
    struct live *next, *previous;
};

struct live_sessions *live_sessions_create(struct error *err);
void live_sessions_destroy(struct live_sessions *sessions);

/* Its agent's former one is removed. Borrowed; NULL: memory. */
struct live *live_sessions_add(struct live_sessions *sessions, const struct live_session *session,
                               uint64_t connection, struct error *err);
void live_sessions_remove(struct live_sessions *sessions, struct live *live);
struct live *live_sessions_of_connection(struct live_sessions *sessions, uint64_t connection);
struct live *live_sessions_of_site(struct live_sessions *sessions, const struct uuid *site);
struct live *live_sessions_first(struct live_sessions *sessions); /* then ->next */
size_t live_sessions_count(const struct live_sessions *sessions);

/* Takes 'batch' when it succeeds. */
int live_wait(struct live *live, struct session_batch *batch, size_t at, int64_t now_ms,
              struct error *err);
void live_waited(struct live *live); /* the oldest one is done: freed */
