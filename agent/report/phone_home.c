/* Connections that wait for the runner. Invariant: under the desk's lock a connection is on the
 * desk's list exactly while it is suspended, and only then may it be resumed; whoever takes it off
 * the list resumes it. A connection is shared by the daemon and the request, and the last of the
 * two frees it.
 */
#include "agent/report/phone_home.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/report/phone_home_http.h"
#include "agent/report/phone_home_request.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/handover.h"
#include "common/json.h"

struct phone_home_desk {
    pthread_mutex_t lock;
    struct handover *requests; /* borrowed; NULL once closed */
    struct phone_home_connection *waiting;
    pthread_cond_t told;
    unsigned telling; /* connections that have an answer which is not sent to its end */
    size_t held;      /* bytes of bodies that are being received */
    unsigned holders; /* the owner and each connection */
};

struct phone_home_connection {
    struct phone_home_desk *desk;
    struct phone_home_connection *next, **link; /* link NULL: not suspended */
    struct MHD_Connection *http;
    enum phone_home_kind kind;
    struct phone_home_peer peer;
    char *body;
    size_t length, room;
    struct phone_home_refusal refusal; /* status 0: none */
    unsigned status;                   /* of the answer; 0: none yet */
    char *json;
    bool told;        /* counted in the desk's 'telling' */
    unsigned holders; /* the daemon, and the request while it is not answered */
};

static const struct {
    const char *url;
    enum phone_home_kind kind;
} ROUTES[] = {
    {"/v1/phone-home", PHONE_HOME_HELLO},
    {"/v1/session/log", PHONE_HOME_LOG},
    {"/v1/session/progress", PHONE_HOME_PROGRESS},
    {"/v1/session/report", PHONE_HOME_REPORT},
};

bool phone_home_route(const char *url, enum phone_home_kind *ret_kind)
{
    for (size_t i = 0; i < sizeof(ROUTES) / sizeof(ROUTES[0]); i++) {
        if (strcmp(ROUTES[i].url, url) == 0) {
            *ret_kind = ROUTES[i].kind;
            return true;
        }
    }
    return false;
}

struct phone_home_desk *phone_home_desk_create(struct handover *requests, struct error *err)
{
    struct phone_home_desk *desk = calloc(1, sizeof(*desk));
    pthread_condattr_t monotonic;

    if (!desk) {
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&desk->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&desk->told, &monotonic);
    pthread_condattr_destroy(&monotonic);
    desk->requests = requests;
    desk->holders = 1;
    return desk;
}

/* Unlocks. */
static void desk_unlock(struct phone_home_desk *desk, bool let_go)
{
    bool last = let_go && --desk->holders == 0;

    pthread_mutex_unlock(&desk->lock);
    if (!last)
        return;
    pthread_cond_destroy(&desk->told);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

void phone_home_desk_destroy(struct phone_home_desk *desk)
{
    if (!desk)
        return;
    pthread_mutex_lock(&desk->lock);
    desk_unlock(desk, true);
}

static void free_body(struct phone_home_connection *connection)
{
    if (connection->body)
        explicit_bzero(connection->body, connection->length);
    free(connection->body);
    connection->body = NULL;
}

static void let_go(struct phone_home_connection *connection)
{
    struct phone_home_desk *desk = connection->desk;
    bool last;

    pthread_mutex_lock(&desk->lock);
    last = --connection->holders == 0;
    if (last)
        desk->held -= connection->room;
    desk_unlock(desk, last);
    if (!last)
        return;
    free_body(connection);
    if (connection->json)
        explicit_bzero(connection->json, strlen(connection->json));
    free(connection->json);
    free(connection);
}

/* The lock is held; what the connection is to be answered stands in it. */
static void resume(struct phone_home_connection *connection)
{
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    connection->link = NULL;
    connection->told = true;
    connection->desk->telling++;
    MHD_resume_connection(connection->http);
}

static void set_refusal(struct phone_home_connection *connection, unsigned status, const char *name,
                        const char *detail)
{
    connection->refusal.status = status;
    connection->refusal.name = name;
    strncpy(connection->refusal.detail, detail, sizeof(connection->refusal.detail) - 1);
}

void phone_home_desk_close(struct phone_home_desk *desk)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    pthread_mutex_lock(&desk->lock);
    desk->requests = NULL;
    while (desk->waiting) {
        set_refusal(desk->waiting, 503, "ending", "the agent is stopping");
        resume(desk->waiting);
    }
    /* A daemon that is stopped sends nothing more; a second is enough for words this short. */
    while (desk->telling && pthread_cond_timedwait(&desk->told, &desk->lock, &until) == 0)
        ;
    desk_unlock(desk, false);
}

static enum MHD_Result send_json(struct MHD_Connection *http, unsigned status, const char *json)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(json), (void *)json, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    result = MHD_queue_response(http, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result phone_home_refuse(struct MHD_Connection *http, unsigned status, const char *name,
                                  const char *detail)
{
    json_t *object = json_pack("{s:s, s:s}", "error", name, "detail", detail);
    char *json = object ? json_dumps(object, JSON_COMPACT) : NULL;
    /* Words that JSON cannot hold are left out; the name is always one of ours. */
    enum MHD_Result result = send_json(http, status, json ? json : "{\"error\":\"malformed\"}");

    free(json);
    json_decref(object);
    return result;
}

/* What the client says its body is; SIZE_MAX when it does not say. http_guard has checked the
 * shape. */
static unsigned long long declared_length(struct MHD_Connection *http)
{
    const char *text = MHD_lookup_connection_value(http, MHD_HEADER_KIND, "Content-Length");

    return text ? strtoull(text, NULL, 10) : 0;
}

/* A report above its limit is no report: the run of that session ends, and says why. */
static void tell_too_large(struct phone_home_desk *desk, struct MHD_Connection *http,
                           enum phone_home_kind kind, const struct phone_home_peer *peer)
{
    struct phone_home_request *notice;
    struct phone_home_refusal refusal;
    bool sent = false;

    if (kind != PHONE_HOME_REPORT || !(notice = calloc(1, sizeof(*notice))))
        return;
    notice->kind = kind;
    notice->too_large = true;
    memcpy(notice->address, peer->address, sizeof(notice->address));
    if (phone_home_request_bearer(
            notice, MHD_lookup_connection_value(http, MHD_HEADER_KIND, "Authorization"),
            &refusal) == 0) {
        pthread_mutex_lock(&desk->lock);
        sent = desk->requests && handover_try_send(desk->requests, notice) == 0;
        desk_unlock(desk, false);
    }
    if (!sent)
        phone_home_request_destroy(notice); /* the machine falls silent; that ends it as well */
}

enum MHD_Result phone_home_begin(struct phone_home_desk *desk, struct MHD_Connection *http,
                                 enum phone_home_kind kind, const struct phone_home_peer *peer,
                                 struct phone_home_connection **ret_connection)
{
    struct phone_home_connection *connection;

    /* Far above the cap is answered at once; a little above is read to its end first, because a
     * client that still sends would lose the answer. */
    if (declared_length(http) > 2 * phone_home_body_max(kind)) {
        tell_too_large(desk, http, kind, peer);
        return phone_home_refuse(http, 413, "too_large", "the body is far above its limit");
    }
    if (!(connection = calloc(1, sizeof(*connection))))
        return MHD_NO;
    connection->desk = desk;
    connection->http = http;
    connection->kind = kind;
    connection->peer = *peer;
    connection->holders = 1;
    pthread_mutex_lock(&desk->lock);
    desk->holders++;
    desk_unlock(desk, false);
    *ret_connection = connection;
    return MHD_YES;
}

/* Room for 'more' bytes within the budget of all. */
static bool grow(struct phone_home_connection *connection, size_t more)
{
    struct phone_home_desk *desk = connection->desk;
    size_t room = connection->room ? connection->room : 4096;
    char *body;
    bool fits;

    while (room < connection->length + more)
        room *= 2;
    if (room == connection->room)
        return true;
    pthread_mutex_lock(&desk->lock);
    fits = desk->held + room - connection->room <= PHONE_HOME_HELD_MAX;
    if (fits)
        desk->held += room - connection->room;
    desk_unlock(desk, false);
    if (!fits)
        return false;
    body = malloc(room + 1);
    if (body && connection->length)
        memcpy(body, connection->body, connection->length);
    free_body(connection);
    connection->body = body;
    connection->room = room;
    return body != NULL;
}

/* MHD_NO ends the connection. */
static enum MHD_Result collect(struct phone_home_connection *connection, const char *bytes,
                               size_t length)
{
    size_t cap = phone_home_body_max(connection->kind);

    if (connection->length + length > 2 * cap)
        return MHD_NO;
    if (connection->refusal.status == 0 && connection->length + length > cap) {
        set_refusal(connection, 413, "too_large", "the body is above its limit");
        tell_too_large(connection->desk, connection->http, connection->kind, &connection->peer);
    }
    if (connection->refusal.status == 0 && !grow(connection, length))
        set_refusal(connection, 503, "busy", "the agent holds too many bodies, try again");
    if (connection->refusal.status == 0)
        memcpy(connection->body + connection->length, bytes, length);
    else
        free_body(connection);
    connection->length += length;
    return MHD_YES;
}

static const char *header(const struct phone_home_connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection->http, MHD_HEADER_KIND, name);
}

/* The body is whole. NULL: refused. */
static struct phone_home_request *make_request(struct phone_home_connection *connection)
{
    struct phone_home_request *request = calloc(1, sizeof(*request));

    if (!request || !grow(connection, 0)) {
        free(request);
        set_refusal(connection, 503, "busy", "the agent is out of memory, try again");
        return NULL;
    }
    request->kind = connection->kind;
    memcpy(request->address, connection->peer.address, sizeof(request->address));
    request->mac_known = connection->peer.mac_known;
    request->seen_mac = connection->peer.mac;
    request->time_us = clock_realtime_us();
    request->body = connection->body;
    request->body_length = connection->length;
    request->body[request->body_length] = '\0';
    connection->body = NULL;
    if (phone_home_request_read(request, header(connection, "Authorization"),
                                header(connection, "Muster-Offset"), &connection->refusal) < 0) {
        phone_home_request_destroy(request);
        return NULL;
    }
    request->connection = connection;
    return request;
}

/* Suspend first: the runner may answer before this returns. */
static enum MHD_Result hand_over(struct phone_home_connection *connection,
                                 struct phone_home_request *request)
{
    struct phone_home_desk *desk = connection->desk;
    bool sent;

    pthread_mutex_lock(&desk->lock);
    MHD_suspend_connection(connection->http);
    connection->next = desk->waiting;
    connection->link = &desk->waiting;
    if (connection->next)
        connection->next->link = &connection->next;
    desk->waiting = connection;
    connection->holders++;
    sent = desk->requests && handover_try_send(desk->requests, request) == 0;
    if (!sent) {
        connection->holders--;
        set_refusal(connection, 503, "busy", "the agent has too much to do, try again");
        resume(connection);
    }
    desk_unlock(desk, false);
    if (!sent)
        phone_home_request_destroy(request);
    return MHD_YES;
}

enum MHD_Result phone_home_continue(struct phone_home_connection *connection, const char *bytes,
                                    size_t *length)
{
    struct phone_home_request *request;
    size_t more = *length;

    if (more) {
        *length = 0;
        return collect(connection, bytes, more);
    }
    if (connection->status)
        return send_json(connection->http, connection->status, connection->json);
    if (connection->refusal.status == 0 && (request = make_request(connection)))
        return hand_over(connection, request);
    return phone_home_refuse(connection->http, connection->refusal.status, connection->refusal.name,
                             connection->refusal.detail);
}

void phone_home_end(struct phone_home_connection *connection)
{
    struct phone_home_desk *desk;

    if (!connection)
        return;
    desk = connection->desk;
    pthread_mutex_lock(&desk->lock);
    if (connection->told && --desk->telling == 0)
        pthread_cond_signal(&desk->told);
    desk_unlock(desk, false);
    let_go(connection);
}

void phone_home_answer(struct phone_home_request *request, unsigned status, const char *json)
{
    struct phone_home_connection *connection = request->connection;

    if (connection) {
        char *copy = strdup(json);

        pthread_mutex_lock(&connection->desk->lock);
        /* Off the list: the desk was closed and has answered. */
        if (connection->link) {
            connection->status = copy ? status : 0;
            if (!copy)
                set_refusal(connection, 503, "busy", "the agent is out of memory, try again");
            connection->json = copy;
            copy = NULL;
            resume(connection);
        }
        desk_unlock(connection->desk, false);
        free(copy);
        let_go(connection);
    }
    phone_home_request_destroy(request);
}
