/* dhcp.h - proxyDHCP: beside the site's own DHCP server we tell armed machines where to boot from,
 * and never give an address. DISCOVER on port 67 is answered with an OFFER; REQUEST and INFORM on
 * the boot service port 4011 with an ACK. Nobody without an offer gets an answer. RFC 2131, PXE 2.1
 * sections 2.2, UEFI 24.7.
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct boot_site;
struct dhcp;
struct error;

enum dhcp_port { DHCP_PORT_SERVER, DHCP_PORT_BOOT_SERVICE };

/* One received message to one answer. Returns its length, with the receiver in *ret_to, or 0: no
 * answer. */
size_t dhcp_handle(const struct boot_site *site, enum dhcp_port port, int64_t now_ms,
                   const struct sockaddr_in *from, const uint8_t *bytes, size_t length,
                   uint8_t *out, size_t room, struct sockaddr_in *ret_to);

/* 'site' is borrowed. */
struct dhcp *dhcp_create(const struct boot_site *site, struct error *err);
/* Serve two bound sockets on 'loop'; they stay the caller's, served are duplicates. After -1 too:
 * dhcp_close(), run the loop out, dhcp_destroy(). */
int dhcp_open(struct dhcp *dhcp, uv_loop_t *loop, int server_fd, int boot_service_fd,
              struct error *err);
void dhcp_close(struct dhcp *dhcp);
void dhcp_destroy(struct dhcp *dhcp);
