/* bmc_quirks.c - see bmc_quirks.h. The first row that matches counts: narrow ones stand above wide
 * ones. */
#include "agent/power/bmc_quirks.h"

#include <limits.h>
#include <stddef.h>

const struct bmc_quirks bmc_quirks_none = {.name = ""};

/* Enterprise numbers: https://www.iana.org/assignments/enterprise-numbers */
#define SUPERMICRO 10876
#define SUPERMICRO_TOO 47488
#define OPENPOWER 42817
#define FACEBOOK 40981

static const struct {
    unsigned manufacturer;
    unsigned firmware_from, firmware_to; /* both included */
    struct bmc_quirks quirks;
} rows[] = {
    /* Their UEFI takes the disk only as "remote media, hard disk". */
    {SUPERMICRO, 0, UINT_MAX, {.name = "supermicro", .uefi_disk = "0x24"}},
    {SUPERMICRO_TOO, 0, UINT_MAX, {.name = "supermicro", .uefi_disk = "0x24"}},
    /* OpenBMC refuses parameter 3 with "parameter not supported", and never drops the boot flags.
     */
    {OPENPOWER, 0, UINT_MAX, {.name = "openbmc", .keeps_boot_options = true}},
    {FACEBOOK, 0, UINT_MAX, {.name = "openbmc", .keeps_boot_options = true}},
};

const struct bmc_quirks *bmc_quirks_of(const struct bmc_identity *identity)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].manufacturer == identity->manufacturer &&
            identity->firmware >= rows[i].firmware_from &&
            identity->firmware <= rows[i].firmware_to)
            return &rows[i].quirks;
    return &bmc_quirks_none;
}
