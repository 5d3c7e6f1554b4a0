/* memory_devices.h - the memory modules that the firmware lists: SMBIOS structures of type 17 (DMTF
 * DSP0134, 7.18) in /sys/firmware/dmi/tables/DMI. The bytes come from firmware and are not trusted.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MEMORY_DEVICES_MAX 128

struct memory_device {
    int64_t mib; /* 0: the slot is empty; -1: the firmware does not know */
    char locator[48];
    char maker[48];
    char serial[48];
    char part[48];
};

/* The number of type 17 structures found before the table ends or makes no sense, at most
 * MEMORY_DEVICES_MAX. */
unsigned memory_devices_parse(const unsigned char *bytes, size_t length,
                              struct memory_device devices[MEMORY_DEVICES_MAX]);
