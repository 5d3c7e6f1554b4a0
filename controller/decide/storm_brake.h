/* storm_brake.h - how many boots by rules in how long are too many, and how many there were: of a
 * tenant (automation_gate.h), of a site, of the whole fleet (platform_brakes.h). Within one
 * transaction that decides.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORM_BRAKE_WORDS_SIZE 96

struct storm_brake {
    int64_t max, per_s;          /* max 0: there is no brake */
    int64_t slot, before, taken; /* the sixtieth of per_s; boots in the sixty up to it, and here */
};

/* One more would engage it. */
bool storm_brake_is_full(const struct storm_brake *brake);
/* "more than 50 boots by rules in 600 s" */
void storm_brake_say(const struct storm_brake *brake, char *out, size_t size);
