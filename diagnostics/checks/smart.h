/* smart.h - a disk's own opinion of its health: ATA SMART (ATA8-ACS 7.52, vendor attributes as
 * everybody reads them), the NVMe health log (NVMe 1.4, 5.14.1.2), SCSI informational exceptions
 * (SPC-4 7.3.x, log page 2Fh). The decoders take bytes from firmware and trust none of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SMART_PAGE 512

enum smart_kind { SMART_NONE, SMART_ATA, SMART_SCSI, SMART_NVME };

/* Numbers are -1 when the disk does not say. */
struct smart {
    bool failing;             /* the disk itself says that it is about to fail */
    int64_t critical_warning; /* NVMe bits */
    int64_t reallocated, pending, uncorrectable, media_errors;
    int64_t wear_percent, spare_percent, spare_threshold;
    int64_t temperature_c, hours, crc_errors;
};

void smart_clear(struct smart *smart);
/* 0, or -1: the page's checksum is wrong, or it holds no attribute. */
int smart_parse_ata(struct smart *smart, const unsigned char page[SMART_PAGE]);
void smart_parse_nvme(struct smart *smart, const unsigned char page[SMART_PAGE]);
int smart_parse_scsi(struct smart *smart, const unsigned char page[SMART_PAGE]);

/* Asks the disk behind 'fd'. 0, or -1: it gave no answer; *ret_why says what it has not. */
int smart_read(int fd, enum smart_kind kind, struct smart *ret_smart, const char **ret_why);
