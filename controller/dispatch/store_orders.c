/* store_orders.c - what is due goes out to the sessions that are this controller's: tasks, wishes
 * to cancel, and what people settled or released. Invariant: nothing is sent to a session that was
 * not resumed.
 */
#include "controller/dispatch/store_inside.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "controller/db/db.h"
#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/dispatch_job.h"
#include "controller/dispatch/said_cancels.h"
#include "controller/dispatch/task_sender.h"
#include "controller/tasks/agent_order.h"
#include "controller/tasks/task_orphans.h"
#include "controller/tasks/task_queue.h"

#define CANCEL_MS 10000 /* a cancel that was not answered is said again */
#define ORPHANS_MS                                                                                 \
    10000 /* leases that could not be put back are looked at again; one that is                    \
           * locked holds this thread up each time */

/* NULL: nothing may be sent there yet. */
static struct live *resumed_of(const struct dispatch_store *store, const struct uuid *site)
{
    struct live *live = live_sessions_of_site(store->sessions, site);

    return live && live->resumed ? live : NULL;
}

static int send_order(void *context, const struct live_session *session, const uint8_t *envelope,
                      size_t length, struct error *err)
{
    struct dispatch_store *store = context;
    struct live *live = live_sessions_of_site(store->sessions, &session->site);
    Muster__Order order = MUSTER__ORDER__INIT;
    Muster__Frame frame = MUSTER__FRAME__INIT;

    order.envelope = (ProtobufCBinaryData){length, (uint8_t *)envelope};
    frame.kind_case = MUSTER__FRAME__KIND_ORDER;
    frame.order = &order;
    if (store_note(store, dispatch_note_create(NOTE_FRAME, live->connection, &frame, err), err) < 0)
        return -1;
    store_add(store, COUNT_SENT, 1);
    return 0;
}

/* A session that has handed over what its agent held when it said HELLO: what was leased before it
 * is asked after once. */
static int look_after_orphans(struct dispatch_store *store, struct live *live, struct error *err)
{
    int64_t now_ms = clock_monotonic_ms();
    int moved;

    if (live->orphans_looked_after || now_ms < live->orphans_ms || !live->resumed ||
        live->session.facts_committed < live->session.facts_head)
        return 0;
    moved = task_orphans_requeue(store->db, &live->session.site, live->session.opened_us, err);
    if (moved < 0) {
        live->orphans_ms = clock_monotonic_ms() + ORPHANS_MS;
        return -1;
    }
    live->orphans_looked_after = true;
    if (moved > 0)
        log_info(STORE_ROOM, "leases of a former session went back to the queue",
                 "agent=%s tasks=%d", live->session.name, moved);
    return 0;
}

int store_look_after_orphans(struct dispatch_store *store, struct error *err)
{
    for (struct live *live = live_sessions_first(store->sessions); live; live = live->next) {
        struct error why = {0};

        if (look_after_orphans(store, live, &why) == 0)
            continue;
        if (!db_alive(store->db)) {
            *err = why;
            return -1;
        }
        /* In no other site's way. */
        log_warn(STORE_ROOM, "leases of a former session did not go back to the queue; tried again",
                 "agent=%s reason=%s", live->session.name, log_quote(error_text(&why)));
    }
    return 0;
}

/* By the clock: every site with a queue. */
int store_look_for_due(struct dispatch_store *store, struct error *err)
{
    struct uuid *sites;
    size_t count;

    if (live_sessions_count(store->sessions) == 0)
        return 0;
    if (task_queue_sites(store->db, &sites, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        store_look_for(store, &sites[i]);
    free(sites);
    return 0;
}

void store_look_for(struct dispatch_store *store, const struct uuid *site)
{
    struct live *live = live_sessions_of_site(store->sessions, site);

    if (live && !live->looked_for) {
        live->looked_for = true;
        store->looked_for = true;
    }
}

int store_send_due(struct dispatch_store *store, struct error *err)
{
    const struct live_session *due[TASK_SENDER_SITES];
    struct live *live = live_sessions_first(store->sessions);

    while (store->looked_for) {
        size_t count = 0;

        for (; live && count < TASK_SENDER_SITES; live = live->next) {
            if (live->looked_for && live->resumed)
                due[count++] = &live->session;
            live->looked_for = false;
        }
        store->looked_for = live != NULL;
        if (count > 0 &&
            task_sender_lease(store->sender, store->db, due, count, send_order, store, err) < 0)
            return -1;
    }
    return 0;
}

/* Cancels that are to be said now, to whom, and which of these are sessions of ours. */
struct cancelling {
    const struct live_session **to; /* of each wish; NULL: not now */
    const struct live_session **sessions;
    bool *owned; /* beside 'sessions' */
    size_t session_count;
};

static size_t session_number(const struct cancelling *in, const struct live_session *session)
{
    size_t at = 0;

    while (at < in->session_count && in->sessions[at] != session)
        at++;
    return at;
}

static void choose_cancels(struct dispatch_store *store, struct cancelling *in,
                           const struct task_cancel_wish *wishes, size_t count, int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct live *live = resumed_of(store, &wishes[i].site);

        if (!live || !said_cancels_say(store->said, &wishes[i].task, now_ms))
            continue;
        in->to[i] = &live->session;
        if (session_number(in, in->to[i]) == in->session_count)
            in->sessions[in->session_count++] = in->to[i];
    }
}

/* Only a session's owner says them: who has lost it will be told so, and the other one says them.
 */
static int say_cancels(struct dispatch_store *store, struct cancelling *in,
                       const struct task_cancel_wish *wishes, size_t count, struct error *err)
{
    int rc = 0;

    choose_cancels(store, in, wishes, count, clock_monotonic_ms());
    if (in->session_count > 0)
        rc = agent_registry_owned(store->db, &store->controller, in->sessions, in->session_count,
                                  in->owned, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (in->to[i] && in->owned[session_number(in, in->to[i])])
            rc = task_sender_cancel(store->sender, in->to[i], &wishes[i], clock_realtime_us(),
                                    send_order, store, err);
    return rc;
}

int store_send_cancels(struct dispatch_store *store, struct error *err)
{
    struct task_cancel_wish *wishes;
    struct cancelling in = {0};
    size_t count;
    int rc;

    if (live_sessions_count(store->sessions) == 0)
        return 0;
    said_cancels_forget(store->said, clock_monotonic_ms() - CANCEL_MS);
    if (task_sender_cancels(store->db, &wishes, &count, err) < 0)
        return -1;
    in.to = calloc(count + 1, sizeof(*in.to));
    in.sessions = calloc(count + 1, sizeof(*in.sessions));
    in.owned = calloc(count + 1, sizeof(*in.owned));
    rc = in.to && in.sessions && in.owned ? say_cancels(store, &in, wishes, count, err)
                                          : error_no_memory(err);
    free(in.to);
    free(in.sessions);
    free(in.owned);
    free(wishes);
    return rc;
}

int store_send_words(struct dispatch_store *store, struct error *err)
{
    struct agent_order *orders;
    size_t count;
    int rc = 0;

    if (live_sessions_count(store->sessions) == 0)
        return 0;
    if (agent_order_due(store->db, &orders, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        struct live *live = resumed_of(store, &orders[i].site);

        if (live)
            rc = task_sender_word(store->sender, store->db, &live->session, &orders[i],
                                  clock_realtime_us(), send_order, store, err);
    }
    free(orders);
    return rc;
}
