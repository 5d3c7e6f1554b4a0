/* fuzz_kernel_record.c - storey: diagnostics. A record of the kernel's log, whose text a device may
 * have chosen. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diagnostics/kernel_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct kernel_record record;

    if (kernel_record_parse((const char *)bytes, length, &record) < 0)
        return 0;
    if (record.level > 7 || strpbrk(record.text, "\n\r\t\x1b"))
        abort();
    return 0;
}
