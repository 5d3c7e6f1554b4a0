/* dhcp_packet.h - DHCP messages as bytes: what a boot client asks, and our answer to it. Pure: no
 * sockets, no state. RFC 2131, 2132, 3046 (relays), 3396 (long options), 4578 and PXE 2.1 (options
 * 43, 93, 94, 97).
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;

#define DHCP_PACKET_MAX 1500

enum dhcp_message {
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_ACK = 5,
    DHCP_INFORM = 8,
};

enum dhcp_client {
    DHCP_CLIENT_PLAIN, /* an operating system, or anything that does not boot from us */
    DHCP_CLIENT_PXE,   /* option 60 "PXEClient...", or iPXE */
    DHCP_CLIENT_HTTP,  /* option 60 "HTTPClient..." */
};

struct dhcp_option {
    const uint8_t *bytes; /* NULL: absent */
    size_t length;
};

/* Not to be copied: options point into 'space'. */
struct dhcp_packet {
    uint32_t xid;
    uint16_t flags;
    struct in_addr ciaddr, giaddr;
    struct mac mac;
    uint8_t type;                     /* option 53; not only those of enum dhcp_message */
    struct in_addr server, requested; /* 54, 50; 0.0.0.0: absent */
    uint16_t max_size;                /* 57; 0: absent */
    int arch;                         /* 93, else what option 60 says; -1: neither */
    enum dhcp_client client;
    bool ipxe;        /* 77 is or holds "iPXE" */
    bool has_uuid;    /* 97, unless it is all 00 or all FF: "none" in SMBIOS */
    struct uuid uuid; /* as it came */
    struct dhcp_option vendor, parameters, client_id, relay, uuid_option; /* 43, 55, 61, 82, 97 */
    uint8_t space[DHCP_PACKET_MAX];
};

/* A client's message (BOOTREQUEST over Ethernet). -1 names what is wrong. 'ret_packet' is written
 * in any case; its 'mac' is the client's when the packet was long enough to hold one. */
int dhcp_packet_parse(const uint8_t *bytes, size_t length, struct dhcp_packet *ret_packet,
                      struct error *err);

/* What we answer: no address of ours to give, only where to boot from. */
struct dhcp_answer {
    enum dhcp_message type;
    struct in_addr server; /* ours: siaddr and option 54 */
    const char *file;      /* at most 127 bytes */
};

/* Returns the length, or 0 when it does not fit. Options 97 and, for relays, 82 are sent back as
 * they came; option 43 tells a PXE client to take this file without a menu or a discovery of its
 * own. */
size_t dhcp_packet_answer(const struct dhcp_packet *request, const struct dhcp_answer *answer,
                          uint8_t *out, size_t room);
