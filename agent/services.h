/* services.h - all rooms of the agent, in the order in which they start: ports while we may, then
 * the ordinary user, then the journal, and the link last, so that no order comes before there is
 * someone to take it.
 */
#pragma once

#include <stdint.h>

struct agent_config;
struct error;
struct services;

/* 'config' is borrowed. 'crash_after': 0, or the number of the journal commit to die behind (debug
 * builds). */
struct services *services_start(const struct agent_config *config, uint64_t crash_after,
                                struct error *err);
/* Reverse order; runs under way stay in the journal. NULL and half-started are fine. */
void services_stop(struct services *services);
