/* api_server.c - see api_server.h. Owns the daemon of libmicrohttpd and the workers. Invariant: a
 * connection is put aside before its request is handed to a worker, and the worker touches the
 * request last before it lets the connection go on.
 */
#include "controller/api/api_server.h"

#include <microhttpd.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "common/http_deadlines.h"
#include "common/log.h"
#include "controller/api/api_request.h"
#include "controller/api/api_workers.h"
#include "controller/api/rate_limit.h"
#include "controller/api/routes.h"
#include "controller/db/db_pool.h"
#include "controller/health/metrics.h"
#include "controller/images/image_store.h"

#define WORKERS_DEFAULT 4
#define QUEUE_PER_WORKER                                                                           \
    32 /* at 10 ms each: what waits longer than a third of a second is refused */
#define HTTP_THREADS 2
#define CONNECTIONS_MAX 1000 /* x 32 KiB: 32 MiB of headers and TLS state at most */
#define CONNECTIONS_PER_ADDRESS 250
#define CONNECTION_MEMORY (32 * 1024) /* a request line and headers beyond it are refused: 431 */
#define IDLE_S 20
#define PEM_MAX (256 * 1024)
#define POOL_WAIT_MS 2000
#define TICK_MS 1000
#define TICKS_PER_MINUTE 60
/* Four times a message: who sends one that is too large must read why, or sends it for ever. */
#define DROPPED_MAX (4 * API_MESSAGE_MAX)
/* An agent that enrols asks every few seconds until a person has decided; a site may have one
 * address. */
#define ENROL_BURST 30
#define ENROL_PER_MINUTE 60

struct api_server {
    struct api_services services;
    uint8_t fetch_key[FETCH_KEY_BYTES];
    struct db_pool *pool; /* borrowed */
    struct image_store *images;
    struct rate_limit *enrol_rate;
    struct api_workers *workers;
    char *listen, *certificate, *key;
    struct MHD_Daemon *daemon;
    struct http_deadlines *deadlines;
    pthread_t ticker; /* cuts connections that are late */
    int end_fd;       /* readable: the ticker ends */
    size_t worker_count;
    uint16_t port;
    atomic_bool stopping;
    atomic_int under_way;
};

/* ---- the workers' side ---- */

static int run_gate(struct api_request *request, struct db *db)
{
    struct api_credentials credentials;

    api_request_credentials(request, &credentials);
    switch (request->phase) {
    case REQUEST_OPENING:
        return api_gate_open(&request->call, &credentials, db);
    case REQUEST_REFUSED:
        return api_gate_refuse(&request->call, &credentials, &request->form, db);
    default:
        return api_gate_run(&request->call, &credentials, db);
    }
}

static bool needs_database(const struct api_route *route)
{
    return route->permission != PERMISSION_PUBLIC;
}

/* 0 answered, 1 waits for news, -1 refused. */
static int serve(struct api_server *server, struct api_request *request)
{
    struct api_call *call = &request->call;
    struct error err = {0};
    struct db *db = NULL;
    int rc;

    call->last_look = atomic_load(&server->stopping) ||
                      clock_monotonic_ms() + API_LOOK_MS >= request->wait_until_ms;
    if (needs_database(call->route) && !(db = db_pool_take(server->pool, POOL_WAIT_MS, &err)))
        return api_failed(call, &err);
    rc = run_gate(request, db);
    db_pool_give(server->pool, db);
    return rc;
}

static void run(void *context, void *item)
{
    struct api_server *server = context;
    struct api_request *request = item;
    int rc = serve(server, request);

    if (rc == 1 && api_workers_park(server->workers, request) == 0)
        return;
    if (rc == 1)
        problem_set(&request->call.problem, 503, "unavailable", "Ask again in a few seconds.",
                    "too many are waiting for news, or the controller is stopping");
    if (request->phase == REQUEST_OPENING && rc == 0) {
        request->phase = REQUEST_BODY;
        http_deadlines_enter(request->connection, HTTP_PHASE_UPLOAD);
    } else {
        request->phase = REQUEST_ANSWER;
        http_deadlines_enter(request->connection, HTTP_PHASE_ANSWER);
    }
    MHD_resume_connection(request->connection);
}

/* ---- libmicrohttpd's side ---- */

static enum MHD_Result hand_over(struct api_server *server, struct api_request *request,
                                 enum request_phase phase)
{
    request->phase = phase;
    http_deadlines_enter(request->connection, HTTP_PHASE_SUSPENDED);
    MHD_suspend_connection(request->connection);
    if (api_workers_submit(server->workers, request) == 0)
        return MHD_YES;
    problem_set(&request->call.problem, 503, "busy", "Try again in a few seconds.",
                "the controller has more to do than it can take");
    request->phase = REQUEST_ANSWER;
    http_deadlines_enter(request->connection, HTTP_PHASE_ANSWER);
    MHD_resume_connection(request->connection);
    return MHD_YES;
}

/* A refused request's body is read and dropped first: a client that is still sending when the
 * connection closes does not get to read why. Not one that is far too long, and not one whose
 * length is in doubt. */
static bool may_go_on(const struct api_request *request)
{
    const struct api_call *call = &request->call;

    return strcmp(call->problem.code, "malformed_request") != 0 &&
           call->content_length <= DROPPED_MAX;
}

/* A problem stands before the gate was asked. A principal's write goes there all the same, to be
 * audited: what cannot be looked up now is 503, as any write. What is no write, or nobody's, is
 * answered at once. */
static enum MHD_Result refuse(struct api_server *server, struct api_request *request)
{
    struct api_call *call = &request->call;

    if (!call->route || !call->route->action || call->route->scope == SCOPE_NOBODY) {
        request->phase = REQUEST_ANSWER;
        return api_request_answer(request);
    }
    request->form = call->problem;
    call->problem = (struct problem){0};
    return hand_over(server, request, REQUEST_REFUSED);
}

static enum MHD_Result begin(struct api_server *server, struct api_request *request,
                             struct MHD_Connection *connection, const char *method,
                             const char *version)
{
    request->call.services = &server->services;
    request->counted = true;
    atomic_fetch_add(&server->under_way, 1);
    if (api_request_read(request, connection, method, version) < 0 && !may_go_on(request))
        return refuse(server, request);
    if (!request->call.problem.status && request->call.route->body == BODY_FILE)
        return hand_over(server, request, REQUEST_OPENING);
    request->phase = REQUEST_BODY;
    http_deadlines_enter(connection, HTTP_PHASE_BODY);
    return MHD_YES;
}

static enum MHD_Result take_body(struct api_server *server, struct api_request *request,
                                 const char *data, size_t *size)
{
    const struct api_call *call = &request->call;

    if (*size > 0) {
        api_request_take(request, data, *size); /* what it refuses is answered at the end */
        *size = 0;
        return MHD_YES;
    }
    if (call->problem.status)
        return refuse(server, request);
    /* The call that follows a resume before the body's first byte looks like its end. */
    if (call->upload && image_upload_missing(call->upload) > 0)
        return MHD_YES;
    return hand_over(server, request, REQUEST_AT_WORK);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **context)
{
    struct api_server *server = cls;
    struct api_request *request = *context;

    (void)url;
    if (!request)
        return MHD_NO;
    switch (request->phase) {
    case REQUEST_NEW:
        return begin(server, request, connection, method, version);
    case REQUEST_BODY:
        return take_body(server, request, data, size);
    case REQUEST_ANSWER:
        if (*size > 0) { /* refused before its body came: that is dropped */
            *size = 0;
            return MHD_YES;
        }
        return api_request_answer(request);
    default:
        return MHD_NO;
    }
}

/* The request line as sent: what libmicrohttpd hands to 'handle' is decoded, and cannot be told
 * from what was. */
static void *first_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
    (void)cls;
    (void)connection;
    return api_request_create(uri);
}

static void log_request(const struct api_request *request)
{
    const struct api_call *call = &request->call;

    if (!call->route || call->route->scope == SCOPE_NOBODY)
        return;
    log_debug("api", "request", "request=%s method=%s route=%s status=%u ms=%lld by=%s",
              call->request_id, call->route->method, call->route->path,
              call->problem.status ? call->problem.status
              : call->status       ? call->status
                                   : 200,
              (long long)(clock_monotonic_ms() - request->began_ms),
              log_quote(call->principal.name));
}

static void count(const struct api_request *request)
{
    unsigned status = request->call.problem.status;

    metric_add(METRIC_API_REQUESTS, 1);
    if (status == 500)
        metric_add(METRIC_API_FAULTS, 1);
    else if (status == 503)
        metric_add(METRIC_API_BUSY, 1);
    else if (status == 401 && uuid_is_nil(&request->call.principal.id))
        metric_add(METRIC_API_UNKNOWN, 1);
}

static void completed(void *cls, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code)
{
    struct api_server *server = cls;
    struct api_request *request = *context;

    *context = NULL;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        http_deadlines_enter(connection, HTTP_PHASE_HEADERS); /* the next one's */
    if (!request)
        return;
    log_request(request);
    count(request);
    if (request->counted)
        atomic_fetch_sub(&server->under_way, 1);
    api_request_destroy(request);
}

/* ---- start and stop ---- */

/* Who is not known leaves no audit row, which anybody could fill the database with: a line a
 * minute. */
static void tell_unknown(uint64_t *told)
{
    uint64_t now = metric_read(METRIC_API_UNKNOWN);

    if (now != *told)
        log_warn("api", "requests without a known token", "count=%llu",
                 (unsigned long long)(now - *told));
    *told = now;
}

static void *tick(void *arg)
{
    struct api_server *server = arg;
    struct pollfd end = {.fd = server->end_fd, .events = POLLIN};
    uint64_t told = metric_read(METRIC_API_UNKNOWN);

    for (unsigned ticks = 1; poll(&end, 1, TICK_MS) <= 0; ticks++) {
        http_deadlines_cut(server->deadlines, clock_monotonic_ms());
        if (ticks % TICKS_PER_MINUTE == 0)
            tell_unknown(&told);
    }
    tell_unknown(&told);
    return NULL;
}

static int check_routes(struct error *err)
{
    for (size_t i = 0; i < API_ROUTE_COUNT; i++)
        if (API_ROUTES[i].permission == PERMISSION_UNNAMED)
            return error_set(err, "route %s %s names no permission", API_ROUTES[i].method,
                             API_ROUTES[i].path);
    return 0;
}

static void end_ticker(struct api_server *server)
{
    uint64_t one = 1;

    if (write(server->end_fd, &one, sizeof(one)) == sizeof(one))
        pthread_join(server->ticker, NULL);
}

struct api_server *api_server_create(const struct api_settings *settings, struct error *err)
{
    struct api_server *server = calloc(1, sizeof(*server));

    if (!server) {
        error_set(err, "API: out of memory");
        return NULL;
    }
    memcpy(server->fetch_key, settings->fetch_key, sizeof(server->fetch_key));
    server->pool = settings->pool;
    server->worker_count = settings->workers ? settings->workers : WORKERS_DEFAULT;
    server->listen = strdup(settings->listen);
    server->end_fd = eventfd(0, EFD_CLOEXEC);
    server->deadlines = http_deadlines_create(err);
    server->images = image_store_open(settings->image_folder, err);
    server->enrol_rate = rate_limit_create(ENROL_BURST, ENROL_PER_MINUTE, err);
    server->services = (struct api_services){.secret_key = settings->secret_key,
                                             .images = server->images,
                                             .fetch_key = server->fetch_key,
                                             .enrolment = settings->enrolment,
                                             .enrol_rate = server->enrol_rate,
                                             .webhook = settings->webhook,
                                             .now_us = clock_realtime_us};
    if (check_routes(err) < 0 || !server->images || !server->enrol_rate || !server->listen ||
        !server->deadlines || server->end_fd < 0 ||
        !(server->certificate = file_read(settings->certificate_file, PEM_MAX, NULL, err)) ||
        !(server->key = file_read_secret(settings->key_file, PEM_MAX, NULL, err))) {
        error_prefix(err, "API");
        api_server_destroy(server);
        return NULL;
    }
    return server;
}

void api_server_destroy(struct api_server *server)
{
    if (!server)
        return;
    api_server_stop(server, 0);
    image_store_close(server->images);
    rate_limit_destroy(server->enrol_rate);
    http_deadlines_destroy(server->deadlines);
    if (server->end_fd >= 0)
        close(server->end_fd);
    if (server->key)
        OPENSSL_cleanse(server->key, strlen(server->key));
    OPENSSL_cleanse(server->fetch_key, sizeof(server->fetch_key));
    free(server->key);
    free(server->certificate);
    free(server->listen);
    free(server);
}

/* "host:port" or "[v6]:port" taken apart, in place. */
static int split(char *listen, char **ret_host, char **ret_port)
{
    char *colon = strrchr(listen, ':');

    if (!colon || colon == listen)
        return -1;
    *colon = '\0';
    *ret_port = colon + 1;
    *ret_host = listen;
    if (listen[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        *ret_host = listen + 1;
    }
    return 0;
}

static int open_socket(const char *listen_at, struct error *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV},
                    *found = NULL;
    char *copy = strdup(listen_at), *host, *port;
    int fd = -1, one = 1;

    if (!copy || split(copy, &host, &port) < 0 || getaddrinfo(host, port, &hints, &found) != 0) {
        error_set_code(err, ERROR_INVALID, "'%s' is no address and port to listen at", listen_at);
        goto out;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 511) < 0) {
        error_set(err, "%s: %m", listen_at);
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
out:
    if (found)
        freeaddrinfo(found);
    free(copy);
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    char port[8] = "0";

    if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
        getnameinfo((struct sockaddr *)&address, length, NULL, 0, port, sizeof(port),
                    NI_NUMERICSERV);
    return (uint16_t)strtoul(port, NULL, 10);
}

static struct MHD_Daemon *start_daemon(struct api_server *server, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0,
        NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_ADDRESS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_HTTPS_MEM_CERT, server->certificate, MHD_OPTION_HTTPS_MEM_KEY, server->key,
        MHD_OPTION_HTTPS_PRIORITIES, "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
        MHD_OPTION_URI_LOG_CALLBACK, first_line, server, MHD_OPTION_NOTIFY_COMPLETED, completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, http_deadlines_notify, server->deadlines,
        MHD_OPTION_END);
}

int api_server_start(struct api_server *server, struct error *err)
{
    int fd = open_socket(server->listen, err);

    if (fd < 0)
        return error_prefix(err, "API");
    server->port = port_of(fd);
    server->workers = api_workers_create(server->worker_count,
                                         server->worker_count * QUEUE_PER_WORKER, run, server, err);
    if (!server->workers)
        goto fail;
    if (pthread_create(&server->ticker, NULL, tick, server) != 0) {
        error_set(err, "API: its threads do not start");
        goto fail;
    }
    if ((server->daemon = start_daemon(server, fd)))
        return 0;
    error_set(err, "API: HTTPS does not start; are certificate and key a pair in PEM?");
    end_ticker(server);
fail:
    close(fd);
    api_workers_destroy(server->workers);
    server->workers = NULL;
    return -1;
}

uint16_t api_server_port(const struct api_server *server)
{
    return server->port;
}

void api_server_stop(struct api_server *server, int64_t drain_ms)
{
    int64_t until_ms = clock_monotonic_ms() + drain_ms;
    int fd;

    if (!server->daemon)
        return;
    atomic_store(&server->stopping, true);
    if ((fd = MHD_quiesce_daemon(server->daemon)) >= 0)
        close(fd);
    api_workers_wake(server->workers);
    while (atomic_load(&server->under_way) > 0 && clock_monotonic_ms() < until_ms)
        usleep(5000);
    /* The workers first: what they hold is put aside, and the daemon may not end before it goes on.
     */
    api_workers_destroy(server->workers);
    MHD_stop_daemon(server->daemon);
    end_ticker(server);
    server->workers = NULL;
    server->daemon = NULL;
}
