/* fuzz_smart.c - storey: diagnostics. The health pages of disks, as some firmware may write them.
 */
#include <stdint.h>
#include <string.h>

#include "diagnostics/checks/smart.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    unsigned char page[SMART_PAGE] = {0};
    struct smart smart;

    memcpy(page, bytes, length < sizeof(page) ? length : sizeof(page));
    smart_parse_ata(&smart, page);
    smart_parse_nvme(&smart, page);
    smart_parse_scsi(&smart, page);
    return 0;
}
