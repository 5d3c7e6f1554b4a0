/* time_zone.h - names of time zones: those of the system's zoneinfo, which rules reckon with.
 */
#pragma once

#include <stdbool.h>

#define TIME_ZONE_NAME_MAX 64

/* "Europe/Amsterdam", "UTC"; no offset. */
bool time_zone_is_known(const char *name);
/* The place's zone that a wrong name may have meant; "" when none is near. */
void time_zone_nearest(const char *wrong, char out[TIME_ZONE_NAME_MAX + 1]);
