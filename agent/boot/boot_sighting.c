/* The names of sightings, as they stand in timelines and logs. */
#include "agent/boot/boot_sighting.h"

#include <stddef.h>

static const char *const NAMES[] = {
    [SIGHTING_DHCP_DISCOVER] = "dhcp_discover",
    [SIGHTING_DHCP_REQUEST] = "dhcp_request",
    [SIGHTING_TFTP] = "tftp",
    [SIGHTING_SCRIPT] = "script",
    [SIGHTING_LOADER] = "loader",
    [SIGHTING_KERNEL] = "kernel",
    [SIGHTING_INITRD] = "initrd",
    [SIGHTING_CONFLICT] = "conflict",
    [SIGHTING_AGAIN] = "again",
    [SIGHTING_REFUSED] = "refused",
};

const char *boot_sighting_name(enum boot_sighting_kind kind)
{
    size_t count = sizeof(NAMES) / sizeof(NAMES[0]);

    return (size_t)kind < count ? NAMES[kind] : "unknown";
}
