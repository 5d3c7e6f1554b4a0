/* boot_plane.h - the site's boot services as one thing to start and stop: proxyDHCP (RFC 2131, PXE 2.1),
 * TFTP (RFC 1350, 2347-2349, 7440) on one libuv loop and thread, and the HTTP server of boot files and
 * phone-home (docs/phone-home.md) on libmicrohttpd. Sockets are bound by boot_plane_bind() while the
 * process still may; threads start with boot_plane_start() after privileges are dropped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct boot_offers;
struct boot_plane;
struct error;
struct handover;

struct boot_plane_settings {
    const char *interface;    /* "s0": the boot LAN; sockets are bound to it */
    const char *address;      /* our IPv4 address on it, in answers as siaddr and in URLs */
    const char *loader_folder; /* undionly.kpxe, snponly.efi */
    uint16_t dhcp_port, pxe_port, tftp_port, http_port; /* 67, 4011, 69, 8480; others for tests */
    bool chainload_always;
};

/* 'offers' is borrowed. 'sightings' receives struct boot_sighting * (malloc'ed, the receiver frees);
 * 'requests' receives struct phone_home_request * (agent/report/phone_home.h). A DHCP server of our own host
 * on the same port is refused by name. */
struct boot_plane *boot_plane_bind(const struct boot_plane_settings *settings,
                                   struct boot_offers *offers, struct handover *sightings,
                                   struct handover *requests, struct error *err);
int boot_plane_start(struct boot_plane *plane, struct error *err);
void boot_plane_stop(struct boot_plane *plane); /* joins the threads */
void boot_plane_destroy(struct boot_plane *plane);

/* "http://10.77.0.2:8480": what boot.json's `agent` holds. Borrowed. */
const char *boot_plane_url(const struct boot_plane *plane);
