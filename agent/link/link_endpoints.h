/* link_endpoints.h - the controllers that this agent knows, and which is tried when. One after the
 * other; with several, the next is tried at once until each was tried, then there is a pause. No
 * two agents pause alike, so that thousands do not come back in step. Not for several threads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct error;
struct link_endpoints;

#define LINK_PAUSE_MIN_MS 2000
#define LINK_PAUSE_JITTER_MS 3000
#define LINK_MOVE_JITTER_MS 1000 /* to a controller that was not tried yet */
#define LINK_RETRY_PARKED (-1)   /* REJECT said: do not come back by yourself */

struct link_endpoint {
    char *address; /* "tcp://10.0.0.1:8444" */
    uint8_t curve_public[32];
};

/* 'addresses' is NULL-terminated; 'keys' has one a controller, or is NULL: all have 'key'. */
struct link_endpoints *link_endpoints_create(const char *const *addresses,
                                             const uint8_t (*keys)[32], const uint8_t key[32],
                                             struct error *err);
void link_endpoints_destroy(struct link_endpoints *endpoints);

/* Whose turn it is; borrowed. */
const struct link_endpoint *link_endpoints_next(struct link_endpoints *endpoints);
/* The one tried last had a session, which is over: the others count as not tried. */
void link_endpoints_had_session(struct link_endpoints *endpoints);
/* Milliseconds until the next try. 'retry_ms' is what REJECT asked for, 0: nothing. 'random' is any
 * number. */
int link_endpoints_pause(const struct link_endpoints *endpoints, int64_t retry_ms, unsigned random);
