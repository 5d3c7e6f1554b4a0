/* bmc_quirks.h - what some BMCs do otherwise than the standard has it, as rows: vendor, firmware
 * range, effect. New hardware is a row in bmc_quirks.c. The BMC's own Get Device ID chooses
 * (IPMI 2.0 section 20.1); one that no row names has no quirks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bmc_identity {
    unsigned manufacturer; /* IANA enterprise number */
    unsigned product;
    unsigned firmware; /* 100 * major + minor: "1.23" is 123 */
};

struct bmc_quirks {
    const char *name;        /* for the log; "" when there are none */
    int spacing_ms;          /* between the end of one command and the next */
    bool keeps_boot_options; /* refuses to be told so (set boot options, parameter 3), and need not
                                be */
    const char *uefi_disk;   /* selector of the disk under UEFI; NULL: the standard's 0x08 */
};

extern const struct bmc_quirks bmc_quirks_none;
/* Never NULL. */
const struct bmc_quirks *bmc_quirks_of(const struct bmc_identity *identity);
/* With at least that spacing; for a BMC that has shown to need it. */
#define BMC_SLOW_SPACING_MS 5000
