/* controller_link.c - see controller_link.h. Owns the thread, and which controller is tried when:
 * one session after the other, the endpoints in turn, with a pause that no two agents share.
 */
#include "agent/link/controller_link.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#include "agent/journal/task_journal.h"
#include "agent/link/link_endpoints.h"
#include "agent/link/link_session.h"
#include "agent/link/link_shared.h"
#include "agent/link/link_socket.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/log.h"

#define ROOM "link"
#define SAME_TROUBLE_MS (60 * 1000) /* an unchanged reason is logged once a minute */

struct controller_link {
    struct controller_link_settings settings;
    struct link_endpoints *endpoints;
    struct link_home home;
    void *context;
    int stop_fd;
    bool started;
    pthread_t thread;

    char trouble[sizeof(((struct error *)0)->text)]; /* the last reason that was logged */
    int64_t trouble_ms;
};

void link_order_free(struct link_order *order)
{
    if (!order)
        return;
    free(order->envelope);
    free(order);
}

void controller_link_state(struct controller_link *link, struct link_state *ret_state)
{
    link_shared_state(link->home.shared, ret_state);
}

/* ---- the thread ---- */

static bool stop_wanted(const struct controller_link *link, int timeout_ms)
{
    zmq_pollitem_t item = {NULL, link->stop_fd, ZMQ_POLLIN, 0};

    return zmq_poll(&item, 1, timeout_ms) > 0;
}

/* One turn of the loop. 0: go on; 1: stop was asked for; -1: the session is over. */
static int turn(struct controller_link *link, struct link_session *session, bool more_to_send,
                struct error *err)
{
    zmq_pollitem_t items[] = {
        {NULL, link->stop_fd, ZMQ_POLLIN, 0},
        {link_socket_dealer(session->sock), 0, ZMQ_POLLIN, 0},
        {link_socket_monitor(session->sock), 0, ZMQ_POLLIN, 0},
        {NULL, task_journal_heads_fd(link->home.journal), ZMQ_POLLIN, 0},
    };
    long timeout = more_to_send ? 0 : link_session_until_next(session, clock_monotonic_ms());

    /* Heads say nothing before WELCOME, and would keep the loop awake. */
    if (zmq_poll(items, session->open ? 4 : 3, timeout) < 0 && zmq_errno() != EINTR)
        return error_set(err, "poll: %s", zmq_strerror(zmq_errno()));
    if (items[0].revents)
        return 1;
    if (task_journal_lost(link->home.journal, JOURNAL_FACTS, err))
        return -1;
    /* What arrived before the end counts: a REJECT comes right before the controller hangs up. */
    if (link_session_receive(session, err) < 0 || link_session_check(session, err) < 0)
        return -1;
    return link_session_keep_alive(session, clock_monotonic_ms(), err);
}

static int serve(struct controller_link *link, struct link_session *session, struct error *err)
{
    int more = 0, rc;

    while ((rc = turn(link, session, more == 1, err)) == 0)
        if (session->open && (more = link_session_send_records(session, err)) < 0)
            return -1;
    return rc;
}

static void tell_trouble(struct controller_link *link, const struct link_session *session,
                         const struct error *err)
{
    int64_t now = clock_monotonic_ms();

    if (strcmp(link->trouble, error_text(err)) == 0 && now - link->trouble_ms < SAME_TROUBLE_MS)
        return;
    snprintf(link->trouble, sizeof(link->trouble), "%s", error_text(err));
    link->trouble_ms = now;
    log_warn(ROOM, session->open ? "connection lost" : "no connection to a controller",
             "endpoint=%s reason=%s", log_quote(session->endpoint), log_quote(error_text(err)));
}

static int wait_before_retry(const struct controller_link *link, const struct link_session *session)
{
    unsigned random = 0;

    if (getrandom(&random, sizeof(random), 0) < 0)
        random = 0;
    return link_endpoints_pause(link->endpoints, session->retry_ms, random);
}

/* Nothing that this site does could be told: without a session it is given nothing to do, and what
 * runs is finished. True: until it is stopped. */
static bool is_mute(const struct controller_link *link)
{
    struct error why = {0};

    if (!task_journal_lost(link->home.journal, JOURNAL_FACTS, &why))
        return false;
    log_error(ROOM, "no session with a controller any more: what happens here cannot be told",
              "reason=%s", log_quote(error_text(&why)));
    return true;
}

static void *run(void *arg)
{
    struct controller_link *link = arg;
    int wait_ms = 0;

    while (!stop_wanted(link, is_mute(link) ? -1 : wait_ms)) {
        struct link_session *session = calloc(1, sizeof(*session));
        struct error err = {0};
        int rc;

        if (!session) {
            wait_ms = LINK_PAUSE_MIN_MS;
            continue;
        }
        rc = link_session_open(session, &link->home, link->context,
                               link_endpoints_next(link->endpoints), &err);
        if (rc == 0)
            rc = serve(link, session, &err);
        if (session->open) {
            link_endpoints_had_session(link->endpoints);
            link->trouble[0] = '\0'; /* news again, should it be the same */
        }
        if (rc < 0)
            tell_trouble(link, session, &err);
        link_shared_closed(link->home.shared);
        link_session_close(session);
        wait_ms = wait_before_retry(link, session);
        free(session);
        if (rc == 1)
            break;
    }
    return NULL;
}

/* ---- life ---- */

struct controller_link *controller_link_create(const struct controller_link_settings *settings,
                                               struct task_journal *journal,
                                               struct handover *orders, struct error *err)
{
    struct controller_link *link = calloc(1, sizeof(*link));

    if (!link) {
        error_no_memory(err);
        return NULL;
    }
    link->stop_fd = -1;
    link->settings = *settings;
    link->settings.endpoints = NULL; /* the caller's; ours are copies */
    link->settings.server_curve_publics = NULL;
    link->home = (struct link_home){
        .settings = &link->settings, .journal = journal, .orders = orders, .boot_id = uuid_make()};
    if (!(link->endpoints =
              link_endpoints_create(settings->endpoints, settings->server_curve_publics,
                                    settings->server_curve_public, err)) ||
        !(link->home.shared = link_shared_create(err)))
        goto fail;
    link->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->context = zmq_ctx_new();
    if (link->stop_fd < 0 || !link->context) {
        error_set(err, "the link: %s", strerror(errno));
        goto fail;
    }
    return link;
fail:
    controller_link_destroy(link);
    return NULL;
}

int controller_link_start(struct controller_link *link, struct error *err)
{
    int rc = pthread_create(&link->thread, NULL, run, link);

    if (rc)
        return error_set(err, "thread of the link: %s", strerror(rc));
    pthread_setname_np(link->thread, "link");
    link->started = true;
    return 0;
}

void controller_link_stop(struct controller_link *link)
{
    uint64_t one = 1;

    if (!link || !link->started)
        return;
    /* Cannot fail: the counter is far from its limit. */
    while (write(link->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
    pthread_join(link->thread, NULL);
    link->started = false;
}

void controller_link_destroy(struct controller_link *link)
{
    int saved = errno;

    if (!link)
        return;
    controller_link_stop(link);
    if (link->context)
        zmq_ctx_term(link->context);
    if (link->stop_fd >= 0)
        close(link->stop_fd);
    link_endpoints_destroy(link->endpoints);
    link_shared_destroy(link->home.shared);
    explicit_bzero(link, sizeof(*link)); /* the CURVE secret */
    free(link);
    errno = saved;
}
