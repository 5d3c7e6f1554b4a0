/* Routes of the boot LAN. No handler waits: files are sent by the kernel, phone-homes are
 * suspended. */
#include "agent/boot/http_boot.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/boot/address_table.h"
#include "agent/boot/boot_client.h"
#include "agent/boot/boot_offers.h"
#include "agent/boot/boot_script.h"
#include "agent/boot/boot_site.h"
#include "agent/boot/http_file.h"
#include "agent/boot/loaders.h"
#include "agent/report/phone_home_http.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/http_deadlines.h"
#include "common/http_guard.h"
#include "common/log.h"

struct http_boot {
    const struct boot_site *site; /* borrowed */
    struct phone_home_desk *desk;
    struct http_deadlines *deadlines;
    struct MHD_Daemon *daemon;
};

/* One request, from complete headers to the last byte of its answer. */
struct exchange {
    const struct http_boot *http;
    struct boot_client client; /* offer NULL: not armed */
    struct phone_home_connection *phone;
    struct http_file_served served;
    enum boot_sighting_kind kind;
    const char *what; /* of the file, for the timeline; NULL: nothing to tell */
    bool get, head;
};

typedef enum MHD_Result route_fn(struct exchange *exchange, struct MHD_Connection *connection,
                                 const char *rest);

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, bool close)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    if (close)
        MHD_add_response_header(response, "Connection", "close");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result not_found(struct MHD_Connection *connection)
{
    return answer(connection, MHD_HTTP_NOT_FOUND, false);
}

static struct in_addr peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct in_addr none = {0};

    if (!info || info->client_addr->sa_family != AF_INET)
        return none;
    return ((const struct sockaddr_in *)info->client_addr)->sin_addr;
}

static enum MHD_Result serve_script(struct exchange *exchange, struct MHD_Connection *connection,
                                    const char *rest)
{
    const struct boot_site *site = exchange->http->site;
    struct error err = {0};
    struct MHD_Response *response;
    enum MHD_Result result;
    char *script;

    if (*rest)
        return not_found(connection);
    script = boot_script_make(exchange->client.offer, site->url, &err);
    if (!script) {
        boot_client_tell(site, &exchange->client, SIGHTING_REFUSED, "boot script: %.120s",
                         error_text(&err));
        return answer(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, false);
    }
    exchange->served.size = strlen(script);
    response =
        MHD_create_response_from_buffer(exchange->served.size, script, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(script);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    exchange->what = "boot script";
    exchange->served.to_end = true;
    return result;
}

static enum MHD_Result serve_kernel(struct exchange *exchange, struct MHD_Connection *connection,
                                    const char *rest)
{
    const struct boot_offer *offer = exchange->client.offer;
    const char *slash = strchr(rest, '/');
    struct http_file file = {.path = offer->kernel_path};

    if (!slash || (size_t)(slash - rest) != strlen(offer->kernel_sha256) ||
        strncmp(rest, offer->kernel_sha256, (size_t)(slash - rest)) != 0 ||
        strcmp(slash + 1, offer->kernel_name) != 0)
        return not_found(connection);
    snprintf(file.etag, sizeof(file.etag), "\"%.64s\"", offer->kernel_sha256);
    exchange->what = offer->kernel_name;
    return http_file_answer(connection, &file, &exchange->served);
}

static enum MHD_Result serve_initrd(struct exchange *exchange, struct MHD_Connection *connection,
                                    const char *rest)
{
    const struct boot_offer *offer = exchange->client.offer;
    struct http_file file = {.path = offer->initrd_path,
                             .tail = offer->initrd_tail,
                             .tail_length = offer->initrd_tail_length};
    struct uuid task;

    if (uuid_parse(rest, &task) < 0 || !uuid_equal(&task, &offer->task_id))
        return not_found(connection);
    /* The tail is of this attempt, so the entity is too. */
    snprintf(file.etag, sizeof(file.etag), "\"%.64s-%s-%u\"", offer->initrd_sha256, rest,
             offer->attempt);
    exchange->what = "initrd";
    return http_file_answer(connection, &file, &exchange->served);
}

static enum MHD_Result serve_loader(struct exchange *exchange, struct MHD_Connection *connection,
                                    const char *rest)
{
    const struct loader *loader = loaders_find(exchange->http->site->loaders, rest);
    struct http_file file = {0};

    if (!loader)
        return not_found(connection);
    file.bytes = loader->bytes;
    file.length = loader->length;
    snprintf(file.etag, sizeof(file.etag), "\"%s\"", loader->sha256);
    exchange->what = loader->name;
    return http_file_answer(connection, &file, &exchange->served);
}

static const struct route {
    const char *prefix;
    enum boot_stage stage;
    enum boot_sighting_kind kind;
    route_fn *serve;
} ROUTES[] = {
    {"/boot/script", STAGE_LOADER, SIGHTING_SCRIPT, serve_script},
    {"/boot/file/", STAGE_LOADER, SIGHTING_KERNEL, serve_kernel},
    {"/boot/initrd/", STAGE_LOADER, SIGHTING_INITRD, serve_initrd},
    {"/boot/loader/", STAGE_FIRMWARE, SIGHTING_LOADER, serve_loader},
};

static enum MHD_Result serve_boot(struct exchange *exchange, struct MHD_Connection *connection,
                                  const char *url)
{
    const struct boot_site *site = exchange->http->site;

    for (size_t i = 0; i < sizeof(ROUTES) / sizeof(ROUTES[0]); i++) {
        size_t length = strlen(ROUTES[i].prefix);

        if (strncmp(url, ROUTES[i].prefix, length) != 0)
            continue;
        exchange->kind = ROUTES[i].kind;
        if (boot_client_find(site, peer_of(connection), ROUTES[i].stage, ROUTES[i].kind,
                             "not armed: no answer", &exchange->client) != 1)
            return not_found(connection);
        return ROUTES[i].serve(exchange, connection, url + length);
    }
    return not_found(connection);
}

/* Who phones, by witnesses. -1: two machines or two addresses in one; the conflict is told. A
 * session holds its own secret, so only the first word is bound to the address. */
static int identify_phone(const struct boot_site *site, struct in_addr address,
                          enum phone_home_kind kind, struct phone_home_peer *ret_peer)
{
    struct boot_client client;
    struct mac other;
    int found = 0;

    inet_ntop(AF_INET, &address, ret_peer->address, sizeof(ret_peer->address));
    if (kind == PHONE_HOME_HELLO)
        found = boot_client_find(site, address, STAGE_KERNEL, SIGHTING_REFUSED,
                                 "phone-home of a machine that is not armed", &client);
    if (found < 0)
        return -1;
    if (found > 0)
        boot_client_release(site, &client);
    ret_peer->mac_known =
        address_table_find(site->addresses, address, &ret_peer->mac, &other) == ADDRESS_KNOWN;
    return 0;
}

static enum MHD_Result begin_phone(struct exchange *exchange, struct MHD_Connection *connection,
                                   enum phone_home_kind kind)
{
    struct phone_home_peer peer = {0};

    if (identify_phone(exchange->http->site, peer_of(connection), kind, &peer) < 0)
        return phone_home_refuse(connection, MHD_HTTP_FORBIDDEN, "wrong_machine",
                                 "the boot LAN shows two machines or two addresses here");
    http_deadlines_enter(connection, HTTP_PHASE_BODY);
    return phone_home_begin(exchange->http->desk, connection, kind, &peer, &exchange->phone);
}

/* The headers are complete. */
static enum MHD_Result begin(struct exchange *exchange, struct MHD_Connection *connection,
                             const char *url, const char *method, const char *version)
{
    enum phone_home_kind kind;

    http_deadlines_enter(connection, HTTP_PHASE_BODY);
    if (http_guard_refusal(connection, version))
        return answer(connection, MHD_HTTP_BAD_REQUEST, true);
    exchange->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    exchange->get = exchange->head || strcmp(method, MHD_HTTP_METHOD_GET) == 0;
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0 && phone_home_route(url, &kind))
        return begin_phone(exchange, connection, kind);
    /* libmicrohttpd closes a connection that is answered here: the next call is soon enough. */
    return MHD_YES;
}

/* The body is read, and all but a phone-home's dropped. */
static enum MHD_Result finish(struct exchange *exchange, struct MHD_Connection *connection,
                              const char *url)
{
    http_deadlines_enter(connection, HTTP_PHASE_ANSWER);
    return exchange->get ? serve_boot(exchange, connection, url) : not_found(connection);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **context)
{
    struct exchange *exchange = *context;

    if (!exchange) {
        if (!(exchange = calloc(1, sizeof(*exchange))))
            return MHD_NO;
        exchange->http = cls;
        *context = exchange;
        return begin(exchange, connection, url, method, version);
    }
    if (exchange->phone) {
        if (*upload_size == 0)
            http_deadlines_enter(connection, HTTP_PHASE_SUSPENDED);
        return phone_home_continue(exchange->phone, upload, upload_size);
    }
    if (*upload_size == 0)
        return finish(exchange, connection, url);
    *upload_size = 0;
    return MHD_YES;
}

/* The last byte of the file is with the network. */
static void tell_served(const struct exchange *exchange)
{
    const struct boot_site *site = exchange->http->site;

    if (exchange->kind == SIGHTING_SCRIPT)
        address_table_loader_done(site->addresses, &exchange->client.mac);
    if (exchange->kind == SIGHTING_LOADER)
        address_table_loader_sent(site->addresses, &exchange->client.mac, clock_monotonic_ms());
    boot_client_tell(site, &exchange->client, exchange->kind, "%.96s, %" PRIu64 " bytes",
                     exchange->what, exchange->served.size);
}

static void completed(void *cls, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *context;

    (void)cls;
    http_deadlines_enter(connection, HTTP_PHASE_HEADERS);
    if (!exchange)
        return;
    phone_home_end(exchange->phone);
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && exchange->what && !exchange->head &&
        exchange->served.to_end)
        tell_served(exchange);
    boot_client_release(exchange->http->site, &exchange->client);
    free(exchange);
    *context = NULL;
}

/* A decoded NUL would end the path early and let what is behind it go unseen: such a path stays as
 * it came, and matches nothing. */
static size_t unescape(void *cls, struct MHD_Connection *connection, char *path)
{
    (void)cls;
    (void)connection;
    return strstr(path, "%00") ? strlen(path) : MHD_http_unescape(path);
}

struct http_boot *http_boot_create(const struct boot_site *site, struct handover *requests,
                                   struct error *err)
{
    struct http_boot *http = calloc(1, sizeof(*http));

    if (!http) {
        error_no_memory(err);
        return NULL;
    }
    http->site = site;
    if (!(http->deadlines = http_deadlines_create(err)) ||
        !(http->desk = phone_home_desk_create(requests, err))) {
        http_boot_destroy(http);
        return NULL;
    }
    return http;
}

int http_boot_start(struct http_boot *http, int fd, struct error *err)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (own < 0)
        return error_set(err, "boot HTTP: %s", strerror(errno));
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, http,
        MHD_OPTION_LISTEN_SOCKET, own, MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_PER_ADDRESS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 30u,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, http_deadlines_notify, http->deadlines,
        MHD_OPTION_NOTIFY_COMPLETED, completed, http, MHD_OPTION_END);
    if (!http->daemon) {
        close(own);
        return error_set(err, "boot HTTP: the server did not start");
    }
    return 0;
}

void http_boot_tick(struct http_boot *http, int64_t now_ms)
{
    http_deadlines_cut(http->deadlines, now_ms);
}

void http_boot_stop(struct http_boot *http)
{
    phone_home_desk_close(http->desk);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
}

void http_boot_destroy(struct http_boot *http)
{
    if (!http)
        return;
    if (http->desk)
        http_boot_stop(http);
    phone_home_desk_destroy(http->desk);
    http_deadlines_destroy(http->deadlines);
    free(http);
}
