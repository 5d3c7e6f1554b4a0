/* store_sessions.c - which sessions are this controller's, and for how long: renewed together at a
 * third of their life, ended when another fence is found, given up at the end. Invariant: a session
 * that the database does not call ours is sent nothing more. docs/guarantees.md.
 */
#include "controller/dispatch/store_inside.h"

#include <stdlib.h>

#include "common/log.h"
#include "controller/db/db.h"
#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/agent_session.h"
#include "controller/dispatch/dispatch_job.h"

void store_count_sessions(struct dispatch_store *store)
{
    atomic_store_explicit(&store->counts[COUNT_SESSIONS], live_sessions_count(store->sessions),
                          memory_order_relaxed);
}

void store_forget(struct dispatch_store *store, struct live *live)
{
    live_sessions_remove(store->sessions, live);
    store_count_sessions(store);
}

void store_end_stale(struct dispatch_store *store, struct live *live)
{
    store_reject(store, live->connection,
                 &(struct session_reject){"not_owner",
                                          "another controller has this agent's session",
                                          "nothing: the agent comes back", 2000});
    store_forget(store, live);
}

void store_end_unknown(struct dispatch_store *store, uint64_t connection)
{
    store_reject(store, connection,
                 &(struct session_reject){"protocol_error", "this session is over here",
                                          "nothing: the agent comes back", 2000});
}

static void end_lost(struct dispatch_store *store, const bool *kept)
{
    struct live *live = live_sessions_first(store->sessions), *next;

    for (size_t i = 0; live; i++, live = next) {
        next = live->next;
        if (!kept[i])
            store_end_stale(store, live);
    }
}

int store_renew_sessions(struct dispatch_store *store, struct error *err)
{
    size_t count = live_sessions_count(store->sessions), i = 0;
    struct uuid *agents = calloc(count + 1, sizeof(*agents));
    int64_t *fences = calloc(count + 1, sizeof(*fences));
    bool *kept = calloc(count + 1, sizeof(*kept));
    int rc = -1;

    if (!agents || !fences || !kept) {
        error_no_memory(err);
    } else {
        for (struct live *live = live_sessions_first(store->sessions); live;
             live = live->next, i++) {
            agents[i] = live->session.agent;
            fences[i] = live->session.fence;
        }
        rc = agent_registry_controller(store->db, &store->controller, store->controller_name, err);
        if (rc == 0 && count > 0)
            rc = agent_registry_renew(store->db, &store->controller, agents, fences, count, kept,
                                      err);
        if (rc == 0 && count > 0)
            end_lost(store, kept);
    }
    free(agents);
    free(fences);
    free(kept);
    return rc;
}

/* The socket says JOB_CLOSED for each of ours that it does not know. */
int store_check_sessions(struct dispatch_store *store, struct error *err)
{
    size_t count = live_sessions_count(store->sessions), at = 0;
    uint64_t *known;

    if (count == 0)
        return 0;
    known = calloc(count, sizeof(*known));
    if (!known)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for %zu connections", count);
    for (struct live *live = live_sessions_first(store->sessions); live; live = live->next)
        known[at++] = live->connection;
    return store_note(store, dispatch_note_check(known, count, err), err);
}

int store_on_closed(struct dispatch_store *store, struct dispatch_job **jobs, size_t count,
                    struct error *err)
{
    struct uuid agents[STORE_SET_MAX];
    int64_t fences[STORE_SET_MAX];
    size_t ours = 0;

    for (size_t i = 0; i < count; i++) {
        struct live *live = live_sessions_of_connection(store->sessions, jobs[i]->connection);

        if (!live)
            continue;
        agents[ours] = live->session.agent;
        fences[ours++] = live->session.fence;
        log_info(STORE_ROOM, "agent disconnected", "agent=%s", live->session.name);
        store_forget(store, live);
    }
    return ours ? agent_registry_close(store->db, &store->controller, agents, fences, ours, err)
                : 0;
}

void store_give_up_sessions(struct dispatch_store *store)
{
    struct live *live = live_sessions_first(store->sessions);

    while (live && store->db && db_alive(store->db)) {
        struct uuid agents[STORE_SET_MAX];
        int64_t fences[STORE_SET_MAX];
        size_t count = 0;

        for (; live && count < STORE_SET_MAX; live = live->next) {
            agents[count] = live->session.agent;
            fences[count++] = live->session.fence;
        }
        if (agent_registry_close(store->db, &store->controller, agents, fences, count, NULL) < 0)
            return; /* their rows end by themselves */
    }
}
