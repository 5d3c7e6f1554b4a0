/* link_socket.c - see link_socket.h. libzmq 4.3: zmq_setsockopt(3), zmq_socket_monitor(3). */
#include "agent/link/link_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/error.h"
#include "proto/frame.h"

struct link_socket {
    void *dealer, *monitor;
};

#define EVENTS                                                                                     \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |                   \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                  \
     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

static int set_number(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int set_options(void *dealer, const struct link_socket_keys *keys)
{
    return set_number(dealer, ZMQ_LINGER, 0) || set_number(dealer, ZMQ_IPV6, 1) ||
           set_number(dealer, ZMQ_RECONNECT_IVL, -1) ||
           set_number(dealer, ZMQ_CONNECT_TIMEOUT, 5000) ||
           set_number(dealer, ZMQ_HANDSHAKE_IVL, 10000) ||
           zmq_setsockopt(dealer, ZMQ_MAXMSGSIZE, &(int64_t){FRAME_MAX}, sizeof(int64_t)) ||
           zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, keys->server_public, 32) ||
           zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, keys->own_public, 32) ||
           zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, keys->own_secret, 32);
}

static int open_monitor(struct link_socket *sock, void *context)
{
    char address[64];

    snprintf(address, sizeof(address), "inproc://link-monitor-%p", (void *)sock);
    if (zmq_socket_monitor(sock->dealer, address, EVENTS) < 0 ||
        !(sock->monitor = zmq_socket(context, ZMQ_PAIR)))
        return -1;
    return set_number(sock->monitor, ZMQ_LINGER, 0) || zmq_connect(sock->monitor, address);
}

struct link_socket *link_socket_open(void *context, const char *endpoint,
                                     const struct link_socket_keys *keys, struct error *err)
{
    struct link_socket *sock = calloc(1, sizeof(*sock));

    if (!sock) {
        error_no_memory(err);
        return NULL;
    }
    sock->dealer = zmq_socket(context, ZMQ_DEALER);
    if (!sock->dealer || set_options(sock->dealer, keys) || open_monitor(sock, context) ||
        zmq_connect(sock->dealer, endpoint)) {
        error_set(err, "connect %s: %s", endpoint, zmq_strerror(zmq_errno()));
        link_socket_close(sock);
        return NULL;
    }
    return sock;
}

void link_socket_close(struct link_socket *sock)
{
    if (!sock)
        return;
    if (sock->dealer)
        zmq_socket_monitor(sock->dealer, NULL, 0);
    if (sock->monitor)
        zmq_close(sock->monitor);
    if (sock->dealer)
        zmq_close(sock->dealer);
    free(sock);
}

void *link_socket_dealer(const struct link_socket *sock)
{
    return sock->dealer;
}

void *link_socket_monitor(const struct link_socket *sock)
{
    return sock->monitor;
}

/* One event is two parts: 16 bits of event and 32 of value in host order, then the endpoint. */
static int read_event(void *monitor, uint16_t *ret_event)
{
    uint8_t head[6];
    char endpoint[256];

    if (zmq_recv(monitor, head, sizeof(head), ZMQ_DONTWAIT) != (int)sizeof(head))
        return 0;
    memcpy(ret_event, head, sizeof(*ret_event));
    zmq_recv(monitor, endpoint, sizeof(endpoint), 0);
    return 1;
}

static int ended(uint16_t event, struct error *err)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return error_set_code(
            err, ERROR_FORBIDDEN,
            "the controller does not admit this agent's key: was it added (muster agent add), "
            "or revoked?");
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        return error_set_code(
            err, ERROR_UNAVAILABLE,
            "the CURVE handshake failed: is server_key the controller's public key?");
    case ZMQ_EVENT_DISCONNECTED:
        return error_set_code(err, ERROR_UNAVAILABLE, "the connection was closed");
    case ZMQ_EVENT_CLOSED:
        return error_set_code(err, ERROR_UNAVAILABLE, "nothing answers there");
    default:
        return 0;
    }
}

int link_socket_check(struct link_socket *sock, bool *met, struct error *err)
{
    uint16_t event;

    while (read_event(sock->monitor, &event)) {
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            *met = true;
        if (ended(event, err) < 0)
            return -1;
    }
    return 0;
}

int link_socket_send(struct link_socket *sock, const void *bytes, size_t length, struct error *err)
{
    if (zmq_send(sock->dealer, bytes, length, ZMQ_DONTWAIT) < 0)
        return error_set_code(err, ERROR_UNAVAILABLE, "send: %s", zmq_strerror(zmq_errno()));
    return 0;
}

static int copy_part(zmq_msg_t *part, uint8_t **ret_bytes, size_t *ret_length, struct error *err)
{
    size_t length = zmq_msg_size(part);
    uint8_t *bytes;

    if (zmq_msg_more(part))
        return error_set_code(err, ERROR_INVALID, "a message of several parts");
    bytes = malloc(length + 1);
    if (!bytes)
        return error_no_memory(err);
    memcpy(bytes, zmq_msg_data(part), length);
    *ret_bytes = bytes;
    *ret_length = length;
    return 1;
}

int link_socket_receive(struct link_socket *sock, uint8_t **ret_bytes, size_t *ret_length,
                        struct error *err)
{
    zmq_msg_t part;
    int rc;

    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, sock->dealer, ZMQ_DONTWAIT) < 0)
        rc = zmq_errno() == EAGAIN || zmq_errno() == EINTR
                 ? 0
                 : error_set_code(err, ERROR_UNAVAILABLE, "receive: %s", zmq_strerror(zmq_errno()));
    else
        rc = copy_part(&part, ret_bytes, ret_length, err);
    zmq_msg_close(&part);
    return rc;
}
