/* A list of open connections. Invariant: a connection on the list has an open socket, because
 * libmicrohttpd tells of its end before it closes the socket, and the list's lock is held while we
 * shut it down.
 */
#include "common/http_deadlines.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/error.h"

static const int64_t ALLOWED_MS[] = {
    [HTTP_PHASE_HEADERS] = 10 * 1000,  [HTTP_PHASE_BODY] = 60 * 1000,
    [HTTP_PHASE_UPLOAD] = 3600 * 1000, [HTTP_PHASE_ANSWER] = 600 * 1000,
    [HTTP_PHASE_SUSPENDED] = 0,
};

struct entry {
    struct http_deadlines *deadlines;
    struct entry *next, **link;
    int fd;
    int64_t end_ms; /* 0: none */
};

struct http_deadlines {
    pthread_mutex_t lock;
    struct entry *first;
};

struct http_deadlines *http_deadlines_create(struct error *err)
{
    struct http_deadlines *deadlines = calloc(1, sizeof(*deadlines));

    if (!deadlines) {
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&deadlines->lock, NULL);
    return deadlines;
}

void http_deadlines_destroy(struct http_deadlines *deadlines)
{
    if (!deadlines)
        return;
    pthread_mutex_destroy(&deadlines->lock);
    free(deadlines);
}

static void add(struct http_deadlines *deadlines, struct MHD_Connection *connection,
                void **socket_context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct entry *entry = info ? calloc(1, sizeof(*entry)) : NULL;

    /* Without an entry the daemon's own timeout is what is left. */
    if (!entry)
        return;
    entry->deadlines = deadlines;
    entry->fd = info->connect_fd;
    entry->end_ms = clock_monotonic_ms() + ALLOWED_MS[HTTP_PHASE_HEADERS];
    pthread_mutex_lock(&deadlines->lock);
    entry->next = deadlines->first;
    entry->link = &deadlines->first;
    if (entry->next)
        entry->next->link = &entry->next;
    deadlines->first = entry;
    pthread_mutex_unlock(&deadlines->lock);
    *socket_context = entry;
}

static void drop(struct http_deadlines *deadlines, struct entry *entry)
{
    if (!entry)
        return;
    pthread_mutex_lock(&deadlines->lock);
    *entry->link = entry->next;
    if (entry->next)
        entry->next->link = entry->link;
    pthread_mutex_unlock(&deadlines->lock);
    free(entry);
}

void http_deadlines_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
                           enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        add(cls, connection, socket_context);
    } else {
        drop(cls, *socket_context);
        *socket_context = NULL;
    }
}

void http_deadlines_enter(struct MHD_Connection *connection, enum http_phase phase)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct entry *entry = info ? info->socket_context : NULL;

    if (!entry)
        return;
    pthread_mutex_lock(&entry->deadlines->lock);
    entry->end_ms = ALLOWED_MS[phase] ? clock_monotonic_ms() + ALLOWED_MS[phase] : 0;
    pthread_mutex_unlock(&entry->deadlines->lock);
}

void http_deadlines_cut(struct http_deadlines *deadlines, int64_t now_ms)
{
    pthread_mutex_lock(&deadlines->lock);
    for (struct entry *entry = deadlines->first; entry; entry = entry->next)
        if (entry->end_ms && entry->end_ms <= now_ms)
            shutdown(entry->fd, SHUT_RDWR);
    pthread_mutex_unlock(&deadlines->lock);
}
