/* dispatch.h - the controller's end of the wire as one thing to start and stop: the ZAP handler,
 * the thread that owns the ROUTER socket, and the one that talks to the database for it (as
 * muster_engine). docs/wire-format.md.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "controller/dispatch/dispatch_socket.h"
#include "controller/dispatch/fetch_token.h"

struct conf_map;
struct dispatch;
struct error;

/* The BMC password of table bmc_account in the clear, for the moment between its own encryption and
 * the seal of one agent. 'ret_plain' has room for 1,024 bytes and is wiped by the caller. */
typedef int (*dispatch_open_password)(void *context, const struct uuid *bmc_id, const void *bytes,
                                      size_t length, uint8_t *ret_plain, size_t *ret_length,
                                      struct error *err);

struct dispatch_settings {
    const char *bind; /* "tcp://0.0.0.0:8444" */
    const struct conf_map
        *database;             /* libpq parameters of muster_engine; two connections of its own */
    struct uuid controller_id; /* of this run's controller row, which dispatch writes */
    const char *controller_name;
    uint8_t curve_secret[32], sign_secret[32]; /* proto/key_files.h */
    const char *fetch_url; /* "https://10.0.0.1:8443/v1/agent/files/": a digest in hex follows */
    uint8_t fetch_key[FETCH_KEY_BYTES];
    dispatch_open_password open_password;
    void *open_context;
};

/* All of 'settings' is copied but open_context. Listens when it returns; the database may still be
 * away: agents are then told to come back. */
struct dispatch *dispatch_create(const struct dispatch_settings *settings, struct error *err);
int dispatch_start(struct dispatch *dispatch, struct error *err);
/* No new orders, what was received is committed, sessions are given up; at most 5 s. */
void dispatch_stop(struct dispatch *dispatch);
void dispatch_destroy(struct dispatch *dispatch);

const char *
dispatch_endpoint(const struct dispatch *dispatch); /* with the port that was drawn; borrowed */

struct dispatch_counts {
    struct dispatch_socket_counts socket;
    uint64_t handshakes_refused; /* unknown or revoked keys */
    uint64_t sessions;           /* live here, now */
    uint64_t records;            /* committed */
    uint64_t
        records_dropped; /* of tasks never granted to that site, or malformed; each is audited */
    uint64_t orders_sent;
    uint64_t orders_refused; /* Refused records that came back */
};
void dispatch_counts(struct dispatch *dispatch, struct dispatch_counts *ret);
/* 0: the database answers its thread. -1: since when and why not (readiness). */
int dispatch_healthy(struct dispatch *dispatch, struct error *err);
