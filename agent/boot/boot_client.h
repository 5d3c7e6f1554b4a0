/* boot_client.h - the armed machine behind an address that asks for a file. TFTP and HTTP ask here,
 * and nobody is served without it: address -> MAC by witnesses -> offer, with one address a stage.
 */
#pragma once

#include <netinet/in.h>

#include "agent/boot/address_table.h"
#include "agent/boot/boot_sighting.h"
#include "common/ids.h"

struct boot_offer;
struct boot_site;

struct boot_client {
    struct in_addr address;
    struct mac mac;
    const struct boot_offer *offer; /* held; boot_client_release() */
};

/* 1: armed, fill *ret_client. 0: nobody we serve; told as 'kind' to the ring of strangers with
 * 'what'. -1: refused, two machines or two addresses are one; the conflict is told to the runner.
 */
int boot_client_find(const struct boot_site *site, struct in_addr address, enum boot_stage stage,
                     enum boot_sighting_kind kind, const char *what,
                     struct boot_client *ret_client);
void boot_client_release(const struct boot_site *site, struct boot_client *client);

/* Tell what this client did. */
void boot_client_tell(const struct boot_site *site, const struct boot_client *client,
                      enum boot_sighting_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
