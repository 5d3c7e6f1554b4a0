/* boot_site.h - what DHCP, TFTP and HTTP of one site share. A plain bundle of borrowed things:
 * boot_plane owns them all and they outlive every service.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

struct address_table;
struct boot_offers;
struct loaders;
struct sighting_book;

struct boot_site {
    const char *interface;
    struct in_addr address; /* ours on the boot LAN */
    const char *url;        /* "http://10.77.0.2:8480" */
    bool chainload_always;
    struct boot_offers *offers;
    struct address_table *addresses;
    struct sighting_book *sightings;
    const struct loaders *loaders;
};
