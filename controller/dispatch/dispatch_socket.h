/* dispatch_socket.h - the thread that owns the ROUTER socket: it admits, frames, counts windows and
 * keeps sessions alive, and never calls libpq. What needs the database goes through 'jobs' and
 * comes back through 'notes'.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct admitted_keys;
struct dispatch_socket;
struct error;
struct handover;

struct dispatch_socket_settings {
    const char *bind; /* "tcp://0.0.0.0:8444" */
    uint8_t curve_secret[32];
    unsigned hellos_per_s; /* admitted; the others are told to come back. 0: 400, which is 4,000 in
                              10 s */
};

/* All are borrowed; a ZAP handler of 'context' must be there. Bound when it returns. */
struct dispatch_socket *dispatch_socket_create(const struct dispatch_socket_settings *settings,
                                               void *context, struct admitted_keys *keys,
                                               struct handover *jobs, struct handover *notes,
                                               struct error *err);
int dispatch_socket_start(struct dispatch_socket *sock, struct error *err);
void dispatch_socket_stop(struct dispatch_socket *sock); /* joins */
void dispatch_socket_destroy(struct dispatch_socket *sock);

/* "tcp://127.0.0.1:43127": with the port that was drawn when 'bind' said "*". Borrowed. */
const char *dispatch_socket_endpoint(const struct dispatch_socket *sock);

struct dispatch_socket_counts {
    uint64_t connections;      /* now */
    uint64_t frames;           /* taken */
    uint64_t frames_refused;   /* of a key that is no longer admitted */
    uint64_t hellos_postponed; /* by the token bucket */
    uint64_t sessions_ended;   /* by us, with a REJECT */
};
void dispatch_socket_counts(const struct dispatch_socket *sock, struct dispatch_socket_counts *ret);
