/* router_socket.h - the ROUTER that agents connect to: its options, its place, and messages of two
 * parts, the routing id that libzmq drew for a peer and one frame. Of one thread at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct router_socket;

/* Bound when it returns; "*" for a port draws one. A ZAP handler of 'context' (borrowed) must be
 * there. */
struct router_socket *router_socket_create(void *context, const char *bind,
                                           const uint8_t curve_secret[32], struct error *err);
void router_socket_destroy(struct router_socket *router);

/* "tcp://127.0.0.1:43127", with the port that was drawn. Borrowed. */
const char *router_socket_endpoint(const struct router_socket *router);
/* For zmq_poll. Borrowed. */
void *router_socket_handle(const struct router_socket *router);

/* Never waits. -1: the peer is gone or does not read. */
int router_socket_send(struct router_socket *router, const void *routing, size_t routing_length,
                       const void *bytes, size_t length);

/* What a peer said; valid during the call only. 'user': the ZAP User-Id of its key, NULL: none. */
struct router_message {
    const void *routing, *bytes;
    size_t routing_length, length;
    const char *user;
};
/* Never waits. 1: a message was read, and 'heard' called unless it was of another shape; 0: none is
 * there. */
int router_socket_receive(struct router_socket *router,
                          void (*heard)(void *context, const struct router_message *message),
                          void *context);
