/* fuzz_ipmi_answer.c - storey: agent. What ipmitool printed of a BMC's answer. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/power/ipmi_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    enum power_state power = POWER_UNKNOWN;
    enum boot_device device = BOOT_DEVICE_NONE;
    struct bmc_identity identity;

    memcpy(text, bytes, length);
    text[length] = '\0';
    if (ipmi_answer_power(text, &power, NULL) == 0 && power != POWER_ON && power != POWER_OFF)
        abort();
    if (ipmi_answer_boot_device(text, &device, NULL) == 0 &&
        (device < BOOT_DEVICE_NONE || device > BOOT_DEVICE_OTHER))
        abort();
    if (ipmi_answer_identity(text, &identity, NULL) == 0)
        bmc_quirks_of(&identity);
    free(text);
    return 0;
}
