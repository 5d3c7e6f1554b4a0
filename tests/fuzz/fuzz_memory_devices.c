/* fuzz_memory_devices.c - storey: diagnostics. SMBIOS tables as some firmware may write them. */
#include <stdint.h>
#include <stdlib.h>

#include "diagnostics/checks/memory_devices.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct memory_device devices[MEMORY_DEVICES_MAX];
    unsigned count = memory_devices_parse(bytes, length, devices);

    for (unsigned i = 0; i < count; i++)
        if (devices[i].mib < -1)
            abort();
    return 0;
}
