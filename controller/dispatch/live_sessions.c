/* live_sessions.c - see live_sessions.h. One live agent a site (the database's unique index), so
 * that the site leads to the session. Two balanced trees (tsearch(3)) and a list.
 */
#include "controller/dispatch/live_sessions.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/dispatch/agent_session.h"

struct live_sessions {
    void *by_connection, *by_site;
    struct live *first;
    size_t count;
};

static int compare_connection(const void *a, const void *b)
{
    const struct live *x = a, *y = b;

    return x->connection < y->connection ? -1 : x->connection > y->connection;
}

static int compare_site(const void *a, const void *b)
{
    const struct live *x = a, *y = b;

    return memcmp(x->session.site.bytes, y->session.site.bytes, sizeof(x->session.site.bytes));
}

struct live_sessions *live_sessions_create(struct error *err)
{
    struct live_sessions *sessions = calloc(1, sizeof(*sessions));

    if (!sessions)
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the sessions");
    return sessions;
}

void live_sessions_destroy(struct live_sessions *sessions)
{
    if (!sessions)
        return;
    while (sessions->first)
        live_sessions_remove(sessions, sessions->first);
    free(sessions);
}

static struct live *find(void *const *root, const struct live *wanted,
                         int (*compare)(const void *, const void *))
{
    struct live **at = tfind(wanted, root, compare);

    return at ? *at : NULL;
}

struct live *live_sessions_of_connection(struct live_sessions *sessions, uint64_t connection)
{
    struct live wanted = {.connection = connection};

    return find(&sessions->by_connection, &wanted, compare_connection);
}

struct live *live_sessions_of_site(struct live_sessions *sessions, const struct uuid *site)
{
    struct live wanted = {.session.site = *site};

    return find(&sessions->by_site, &wanted, compare_site);
}

struct live *live_sessions_first(struct live_sessions *sessions)
{
    return sessions->first;
}

size_t live_sessions_count(const struct live_sessions *sessions)
{
    return sessions->count;
}

struct live *live_sessions_add(struct live_sessions *sessions, const struct live_session *session,
                               uint64_t connection, struct error *err)
{
    struct live *former = live_sessions_of_site(sessions, &session->site);
    struct live *live = calloc(1, sizeof(*live));

    if (!live)
        goto no_memory;
    live->session = *session;
    live->connection = connection;
    if (former)
        live_sessions_remove(sessions, former);
    if (!tsearch(live, &sessions->by_site, compare_site))
        goto no_memory;
    if (!tsearch(live, &sessions->by_connection, compare_connection)) {
        tdelete(live, &sessions->by_site, compare_site);
        goto no_memory;
    }
    live->next = sessions->first;
    if (sessions->first)
        sessions->first->previous = live;
    sessions->first = live;
    sessions->count++;
    return live;
no_memory:
    free(live);
    error_set_code(err, ERROR_UNAVAILABLE, "out of memory for a session");
    return NULL;
}

void live_sessions_remove(struct live_sessions *sessions, struct live *live)
{
    tdelete(live, &sessions->by_site, compare_site);
    tdelete(live, &sessions->by_connection, compare_connection);
    if (live->previous)
        live->previous->next = live->next;
    else
        sessions->first = live->next;
    if (live->next)
        live->next->previous = live->previous;
    sessions->count--;
    while (live->waiting)
        live_waited(live);
    free(live);
}

int live_wait(struct live *live, struct session_batch *batch, size_t at, int64_t now_ms,
              struct error *err)
{
    struct waiting_batch **end = &live->waiting, *item = calloc(1, sizeof(*item));

    if (!item)
        return error_set_code(err, ERROR_UNAVAILABLE, "out of memory for records");
    item->batch = batch;
    item->at = at;
    item->since_ms = now_ms;
    while (*end)
        end = &(*end)->next;
    *end = item;
    return 0;
}

void live_waited(struct live *live)
{
    struct waiting_batch *item = live->waiting;

    live->waiting = item->next;
    session_batch_free(item->batch);
    free(item);
}
