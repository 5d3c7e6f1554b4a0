/* power_driver.h - one struct of functions per way to reach a machine's power. Calls block (run
 * them in a worker thread) and are one command each, so that it can be spaced from the next; they
 * do exactly what they are told: reading back, retries and escalation are the runner's. Power is
 * the state-setting on and off, never cycle or reset.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/power/bmc_quirks.h"

struct error;

enum power_state { POWER_UNKNOWN, POWER_OFF, POWER_ON };
enum boot_device {
    BOOT_DEVICE_NONE,
    BOOT_DEVICE_PXE,
    BOOT_DEVICE_DISK,
    BOOT_DEVICE_CDROM,
    BOOT_DEVICE_SETUP,
    BOOT_DEVICE_OTHER
};

struct bmc_access {
    const char *address;
    uint16_t port;
    const char *username;
    const char *password; /* opened from its seal for this call only; wiped by the caller */
    int cipher_suite;     /* IPMI; the account says which, no fallback */
    int timeout_ms;       /* of one command */
    const struct bmc_quirks *quirks; /* NULL: none are known */
};

struct power_driver {
    const char *name; /* "ipmi", "noop" */
    /* What it reads back is what it was told in this life of the agent, and says nothing about the
     * machine: one that boots is not watched by it. */
    bool remembers_only;
    int (*get_power)(const struct bmc_access *bmc, enum power_state *ret, struct error *err);
    int (*set_power)(const struct bmc_access *bmc, enum power_state state, struct error *err);
    int (*get_boot_device)(const struct bmc_access *bmc, enum boot_device *ret, struct error *err);
    /* 'uefi': ask for UEFI firmware's boot. One boot only. */
    int (*set_boot_device)(const struct bmc_access *bmc, enum boot_device device, bool uefi,
                           struct error *err);
    /* In front of an override: that it stands until the machine has started, however long that
     * takes. Some refuse; that is no reason to stop: the read-back and the boot itself will tell.
     * NULL: there is nothing to ask for. */
    int (*keep_boot_device)(const struct bmc_access *bmc, struct error *err);
    /* Restarts the BMC itself, never the machine. It may be gone before it has answered. */
    int (*reset_bmc)(const struct bmc_access *bmc, struct error *err);
    /* What it says it is, for its quirks; NULL: this way to reach a BMC has none. */
    int (*identify)(const struct bmc_access *bmc, struct bmc_identity *ret, struct error *err);
};

/* NULL for an unknown name. */
const struct power_driver *power_driver_find(const char *name);
const char *power_state_name(enum power_state state);
const char *boot_device_name(enum boot_device device);
