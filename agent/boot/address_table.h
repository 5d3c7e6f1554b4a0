/* address_table.h - which machine an IPv4 address is, and at which address each machine was in each
 * stage of its boot. Two witnesses: the DHCP requests we overheard, and the kernel's neighbour
 * table, which tells who completed a TCP handshake on our own segment. A MAC in a URL or a body is
 * no witness. Only armed machines are kept, so that nobody can fill it. Safe from any thread.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct address_table;
struct error;

/* Firmware, loader and kernel each do DHCP of their own and may get three addresses. */
enum boot_stage { STAGE_FIRMWARE, STAGE_LOADER, STAGE_KERNEL, STAGE_COUNT };

enum address_answer { ADDRESS_UNKNOWN, ADDRESS_KNOWN, ADDRESS_DISPUTED };

/* 'neighbours': /proc/self/net/arp, or a file of that form; only 'interface' counts. Both are
 * copied. */
struct address_table *address_table_create(const char *interface, const char *neighbours,
                                           struct error *err);
void address_table_destroy(struct address_table *table);

/* A DHCPREQUEST said that 'mac' has 'address'. Whoever had it before has it no more. */
void address_table_observe(struct address_table *table, const struct mac *mac, bool armed,
                           struct in_addr address);
/* A DISCOVER began this stage anew: its address and those of the stages behind it are forgotten. */
void address_table_begin(struct address_table *table, const struct mac *mac, enum boot_stage stage);

/* ADDRESS_DISPUTED: the neighbour table names *ret_mac, but DHCP gave the address to *ret_other. */
enum address_answer address_table_find(struct address_table *table, struct in_addr address,
                                       struct mac *ret_mac, struct mac *ret_other);
/* 0, or -1 when this stage of the machine already spoke from *ret_earlier. */
int address_table_use(struct address_table *table, const struct mac *mac, enum boot_stage stage,
                      struct in_addr address, struct in_addr *ret_earlier);

/* Our own loader went out to this machine; its next iPXE is ours, until it fetched the script or
 * two minutes have gone. */
void address_table_loader_sent(struct address_table *table, const struct mac *mac, int64_t now_ms);
void address_table_loader_done(struct address_table *table, const struct mac *mac);
bool address_table_runs_our_loader(struct address_table *table, const struct mac *mac,
                                   int64_t now_ms);
