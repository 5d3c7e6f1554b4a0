/* link_socket.h - one attempt at a controller: a DEALER with CURVE on one endpoint, and the monitor
 * that tells when its connection ended. It never reconnects by itself: a new attempt is a new
 * link_socket. Used by the link's thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct link_socket;

struct link_socket_keys {
    const uint8_t *server_public, *own_public,
        *own_secret; /* 32 bytes each, borrowed during open */
};

/* 'context' is libzmq's, borrowed. */
struct link_socket *link_socket_open(void *context, const char *endpoint,
                                     const struct link_socket_keys *keys, struct error *err);
void link_socket_close(struct link_socket *sock);

void *link_socket_dealer(const struct link_socket *sock);  /* for zmq_poll; borrowed */
void *link_socket_monitor(const struct link_socket *sock); /* likewise */

/* Read the monitor: 0: nothing that matters; -1: the connection is over, 'err' says why in an
 * operator's words. *met becomes true with the CURVE handshake. */
int link_socket_check(struct link_socket *sock, bool *met, struct error *err);
int link_socket_send(struct link_socket *sock, const void *bytes, size_t length, struct error *err);
/* 1: a message of one part, copied, caller frees; 0: none now; -1: more parts, or the socket
 * failed. */
int link_socket_receive(struct link_socket *sock, uint8_t **ret_bytes, size_t *ret_length,
                        struct error *err);
