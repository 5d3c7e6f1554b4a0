/* fair_turns.h - whose turn it is among tenants that wait for the same few workers: who had less
 * done comes first, so that one tenant's storm costs another no more than the batch that is under
 * way. Start-time fair queueing; waiting while there was nothing to do earns no credit. Pure.
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct error;
struct fair_turns;

struct fair_turns *fair_turns_create(struct error *err);
void fair_turns_destroy(struct fair_turns *turns);

/* The lowest goes first. */
uint64_t fair_turns_tag(const struct fair_turns *turns, const struct uuid *tenant);
/* It is this tenant's turn, with so much work. Without memory the order is not kept, the work is
 * done all the same. */
void fair_turns_give(struct fair_turns *turns, const struct uuid *tenant, uint64_t work);
