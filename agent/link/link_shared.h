/* link_shared.h - what the rest of the agent may know of the session, written by the link's thread
 * and read by any: under one lock. docs/wire-format.md, "Session".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/fleet.pb-c.h"

struct error;
struct key_manifest;
struct link_shared;
struct link_state;

#define LINK_DEAD_MS 15000 /* without a frame */

struct link_shared *link_shared_create(struct error *err);
void link_shared_destroy(struct link_shared *shared);

/* A frame came now. */
void link_shared_heard(struct link_shared *shared, int64_t now_ms);
/* Takes 'manifest'. */
void link_shared_welcome(struct link_shared *shared, const uint8_t nonce[32],
                         const Muster__Welcome *welcome, struct key_manifest *manifest);
void link_shared_closed(struct link_shared *shared);

/* WELCOME's time plus CLOCK_BOOTTIME since; our clock before any. */
int64_t link_shared_controller_time(struct link_shared *shared);
void link_shared_state(struct link_shared *shared, struct link_state *ret_state);
