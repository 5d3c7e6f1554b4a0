/* controller_link.h - the one connection to a controller: CURVE, HELLO / WELCOME / RESUME, windows,
 * heartbeats, reconnects. Its own thread owns the socket. It sends what the journal holds and hands
 * signed orders to the runner as bytes; it believes nothing inside them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"
#include "proto/key_manifest.h"

struct controller_link;
struct error;
struct handover;
struct task_journal;

struct controller_link_settings {
    const char *const *endpoints; /* "tcp://10.0.0.1:8444", NULL-terminated; tried in turn */
    const uint8_t (*server_curve_publics)[32]; /* one an endpoint; NULL: all have the next */
    uint8_t server_curve_public[32];
    uint8_t curve_secret[32], curve_public[32];
    uint8_t root_public[SIGN_PUBLIC_BYTES];
    struct uuid agent_id, site_id;
};

/* An order as it came: the receiver verifies, then frees with link_order_free(). */
struct link_order {
    uint8_t *envelope;
    size_t length;
};
void link_order_free(struct link_order *order);

/* 'journal' is borrowed; 'orders' receives struct link_order *. */
struct controller_link *controller_link_create(const struct controller_link_settings *settings,
                                               struct task_journal *journal,
                                               struct handover *orders, struct error *err);
int controller_link_start(struct controller_link *link, struct error *err);
void controller_link_stop(struct controller_link *link); /* joins */
void controller_link_destroy(struct controller_link *link);

/* What the rest of the agent may know of the session, from any thread. */
struct link_state {
    bool connected;             /* WELCOME held and a frame within 15 s */
    uint8_t nonce[32];          /* of this session, in every signed order of it */
    int64_t controller_time_us; /* now: WELCOME's plus CLOCK_BOOTTIME since; our clock before any */
    bool chainload_always;
    char fetch_url[256], fetch_token[128]; /* never logged */
    struct key_manifest *manifest; /* a reference, release it; NULL before the first WELCOME */
};
void controller_link_state(struct controller_link *link, struct link_state *ret_state);
