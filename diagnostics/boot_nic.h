/* boot_nic.h - the interface the machine was booted from: named by BOOTIF= on the kernel's command
 * line, brought up, and given an address by DHCP.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct error;

struct boot_nic {
    char name[IFNAMSIZ];
    char mac[18]; /* lower case */
};

/* The MAC in "... BOOTIF=52:54:00:.." or the PXELINUX form "BOOTIF=01-52-54-00-..". 0, or -1: there
 * is none, or it is not a MAC. 'ret_mac' is lower case with colons. */
int boot_nic_from_command_line(const char *command_line, char ret_mac[18]);

/* The Ethernet interface with 'mac', or with mac "" the first there is. 1: found, 0: not there. */
int boot_nic_find(const char *root, const char *mac, struct boot_nic *ret_nic);

/* Wait until the driver has made the interface, bring it up, run DHCP. 0, or -1 with 'err' set. */
int boot_nic_start(int64_t until_ms, struct boot_nic *ret_nic, struct error *err);
/* ip link set NAME up | down; 0 or -1. */
int boot_nic_set_up(const char *name, bool up);
/* Every interface down, before the power goes. */
void boot_nic_all_down(void);
