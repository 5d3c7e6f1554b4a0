/* router_socket.c - see router_socket.h. Invariant: what is no message of two parts is read to its
 * end and has no effect. docs/wire-format.md, "Session".
 */
#include "controller/dispatch/router_socket.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/error.h"
#include "controller/dispatch/zap_handler.h"
#include "proto/frame.h"

#define BACKLOG 4096 /* so many agents come back at once */
#define HANDSHAKE_MS 10000

struct router_socket {
    void *socket;
    char endpoint[256];
};

static int set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

/* HANDOVER stays off: a peer that names another's routing id must not get its place. Without a ZAP
 * handler libzmq would let any key in; then messages have no User-Id and are refused. */
static int set_options(void *socket, const uint8_t curve_secret[32])
{
    return set_number(socket, ZMQ_LINGER, 0) || set_number(socket, ZMQ_IPV6, 1) ||
           set_number(socket, ZMQ_ROUTER_MANDATORY, 1) ||
           set_number(socket, ZMQ_ROUTER_HANDOVER, 0) || set_number(socket, ZMQ_BACKLOG, BACKLOG) ||
           set_number(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) ||
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &(int64_t){FRAME_MAX}, sizeof(int64_t)) ||
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) ||
           set_number(socket, ZMQ_CURVE_SERVER, 1) ||
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, curve_secret, 32);
}

static int open_at(struct router_socket *router, void *context, const char *bind,
                   const uint8_t curve_secret[32], struct error *err)
{
    size_t length = sizeof(router->endpoint);

    router->socket = zmq_socket(context, ZMQ_ROUTER);
    if (!router->socket || set_options(router->socket, curve_secret))
        return error_set(err, "ROUTER socket: %s", zmq_strerror(zmq_errno()));
    if (zmq_bind(router->socket, bind))
        return error_set(err, "cannot listen on %s: %s", bind, zmq_strerror(zmq_errno()));
    if (zmq_getsockopt(router->socket, ZMQ_LAST_ENDPOINT, router->endpoint, &length))
        return error_set(err, "ROUTER socket: %s", zmq_strerror(zmq_errno()));
    return 0;
}

struct router_socket *router_socket_create(void *context, const char *bind,
                                           const uint8_t curve_secret[32], struct error *err)
{
    struct router_socket *router = calloc(1, sizeof(*router));

    if (!router) {
        error_set_code(err, ERROR_UNAVAILABLE, "out of memory for the agents' socket");
        return NULL;
    }
    if (open_at(router, context, bind, curve_secret, err) < 0) {
        router_socket_destroy(router);
        return NULL;
    }
    return router;
}

void router_socket_destroy(struct router_socket *router)
{
    if (!router)
        return;
    if (router->socket)
        zmq_close(router->socket);
    free(router);
}

const char *router_socket_endpoint(const struct router_socket *router)
{
    return router->endpoint;
}

void *router_socket_handle(const struct router_socket *router)
{
    return router->socket;
}

int router_socket_send(struct router_socket *router, const void *routing, size_t routing_length,
                       const void *bytes, size_t length)
{
    return zmq_send(router->socket, routing, routing_length, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
                   zmq_send(router->socket, bytes, length, ZMQ_DONTWAIT) >= 0
               ? 0
               : -1;
}

static void drop_rest(void *socket)
{
    int more = 1;

    while (more) {
        zmq_msg_t extra;

        zmq_msg_init(&extra);
        more = zmq_msg_recv(&extra, socket, 0) >= 0 && zmq_msg_more(&extra);
        zmq_msg_close(&extra);
    }
}

static void tell(zmq_msg_t *routing, zmq_msg_t *part,
                 void (*heard)(void *context, const struct router_message *message), void *context)
{
    heard(context, &(struct router_message){.routing = zmq_msg_data(routing),
                                            .routing_length = zmq_msg_size(routing),
                                            .bytes = zmq_msg_data(part),
                                            .length = zmq_msg_size(part),
                                            .user = zmq_msg_gets(part, "User-Id")});
}

int router_socket_receive(struct router_socket *router,
                          void (*heard)(void *context, const struct router_message *message),
                          void *context)
{
    zmq_msg_t routing, part;
    int rc = 0;

    zmq_msg_init(&routing);
    zmq_msg_init(&part);
    if (zmq_msg_recv(&routing, router->socket, ZMQ_DONTWAIT) >= 0) {
        rc = 1;
        /* All parts of a message arrive together. */
        if (zmq_msg_more(&routing) && zmq_msg_recv(&part, router->socket, 0) >= 0) {
            if (zmq_msg_more(&part))
                drop_rest(router->socket);
            else
                tell(&routing, &part, heard, context);
        }
    }
    zmq_msg_close(&routing);
    zmq_msg_close(&part);
    return rc;
}
