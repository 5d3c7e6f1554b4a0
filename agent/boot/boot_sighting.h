/* boot_sighting.h - one thing that the boot plane saw a machine do, and how it answered. Sent to the
 * runner through a hand-over; it becomes a step of the task's timeline. Evidence kind: `served`.
 * Sightings of machines without an offer are counted, kept in a ring for "recent requests", not sent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

enum boot_sighting_kind {
    SIGHTING_DHCP_DISCOVER, /* a PXE or HTTP-boot DISCOVER; 'arch' is set */
    SIGHTING_DHCP_REQUEST,  /* boot service, port 4011, or an iPXE client's second round */
    SIGHTING_TFTP,          /* transfer of a loader complete; detail: file, bytes */
    SIGHTING_SCRIPT,
    SIGHTING_LOADER,        /* by HTTP */
    SIGHTING_KERNEL,        /* whole body handed to the network */
    SIGHTING_INITRD,
    SIGHTING_CONFLICT,      /* MAC and UUID disagree, two addresses in one stage, two machines as one */
    SIGHTING_AGAIN,         /* a DISCOVER of a machine that has phoned home: it starts a second time */
    SIGHTING_REFUSED,       /* TFTP ../, foreign file, malformed packet of a known MAC; detail says */
};

struct boot_sighting {
    enum boot_sighting_kind kind;
    struct uuid task_id; /* of the offer it was answered from */
    unsigned attempt;
    struct mac mac;
    char address[46];    /* "" before there is one */
    int arch;            /* option 93, or -1 */
    bool ipxe;           /* user class "iPXE" */
    bool uuid_swapped;   /* option 97 came byte-swapped and was accepted */
    int64_t time_us;     /* clock_realtime_us() */
    char detail[160];
};

const char *boot_sighting_name(enum boot_sighting_kind kind); /* "dhcp_discover", ... */
