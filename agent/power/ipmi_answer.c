/* ipmi_answer.c - see ipmi_answer.h. IPMI 2.0 table 28-14: boot flags, data 2, bits 5:2. */
#include "agent/power/ipmi_answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

#define BYTES_MAX 16

static const struct {
    unsigned selector; /* bits 5:2 of data 2, in place */
    enum boot_device device;
    const char *argument;
} selectors[] = {
    {0x00, BOOT_DEVICE_NONE, "0x00"},  {0x04, BOOT_DEVICE_PXE, "0x04"},
    {0x08, BOOT_DEVICE_DISK, "0x08"},  {0x14, BOOT_DEVICE_CDROM, "0x14"},
    {0x18, BOOT_DEVICE_SETUP, "0x18"}, {0x24, BOOT_DEVICE_DISK, "0x24"},
};

const char *ipmi_boot_selector(enum boot_device device)
{
    for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
        if (selectors[i].device == device)
            return selectors[i].argument;
    return NULL;
}

int ipmi_answer_power(const char *output, enum power_state *ret, struct error *err)
{
    if (strstr(output, "Chassis Power is on"))
        *ret = POWER_ON;
    else if (strstr(output, "Chassis Power is off"))
        *ret = POWER_OFF;
    else
        return error_set_code(err, ERROR_INVALID, "the BMC's power state is not to be understood");
    return 0;
}

/* Two hex digits each, white space between; anything else ends the reading. */
static size_t read_bytes(const char *output, unsigned bytes[BYTES_MAX])
{
    size_t count = 0;

    while (count < BYTES_MAX) {
        while (isspace((unsigned char)*output))
            output++;
        if (!isxdigit((unsigned char)output[0]) || !isxdigit((unsigned char)output[1]))
            break;
        bytes[count++] = (unsigned)strtoul((char[]){output[0], output[1], '\0'}, NULL, 16);
        output += 2;
    }
    return count;
}

int ipmi_answer_boot_device(const char *output, enum boot_device *ret, struct error *err)
{
    unsigned bytes[BYTES_MAX] = {0};

    /* Parameter version, parameter 5, then data 1 and data 2. */
    if (read_bytes(output, bytes) < 4 || (bytes[1] & 0x7f) != 5)
        return error_set_code(err, ERROR_INVALID,
                              "the BMC's boot options are not to be understood");
    *ret = BOOT_DEVICE_OTHER;
    for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
        if (selectors[i].selector == (bytes[3] & 0x3c))
            *ret = selectors[i].device;
    return 0;
}

/* The number behind "NAME   : ", at most nine digits; -1: not there. */
static long long field(const char *output, const char *name, const char **ret_rest)
{
    const char *at = strstr(output, name);
    long long value = 0;
    int digits = 0;

    if (!at)
        return -1;
    at += strlen(name);
    while (*at == ' ' || *at == ':')
        at++;
    for (; *at >= '0' && *at <= '9' && digits < 9; at++, digits++)
        value = value * 10 + (*at - '0');
    *ret_rest = at;
    return digits ? value : -1;
}

int ipmi_answer_identity(const char *output, struct bmc_identity *ret, struct error *err)
{
    const char *rest;
    long long manufacturer = field(output, "Manufacturer ID", &rest);
    long long product = field(output, "Product ID", &rest);
    long long major = field(output, "Firmware Revision", &rest), minor = 0;

    if (manufacturer < 0)
        return error_set_code(err, ERROR_INVALID, "the BMC does not say who made it");
    if (major >= 0 && *rest == '.')
        for (int digits = 0; rest[1] >= '0' && rest[1] <= '9' && digits < 2; digits++)
            minor = minor * 10 + (*++rest - '0');
    *ret = (struct bmc_identity){.manufacturer = (unsigned)manufacturer,
                                 .product = product < 0 ? 0 : (unsigned)product};
    ret->firmware = major < 0 || major > 1000000 ? 0 : (unsigned)(100 * major + minor);
    return 0;
}
