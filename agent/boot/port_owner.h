/* port_owner.h - who on this host holds a UDP port, for an error that names it. Reads /proc. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* "dnsmasq (pid 812)", or "another process" when /proc does not say. */
void port_owner_udp(uint16_t port, char *out, size_t room);
