/* smart.c - see smart.h. */
#include "diagnostics/checks/smart.h"

#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>

#define TIMEOUT_MS 5000
#define SENSE_SIZE 32

void smart_clear(struct smart *smart)
{
    *smart = (struct smart){.critical_warning = -1,
                            .reallocated = -1,
                            .pending = -1,
                            .uncorrectable = -1,
                            .media_errors = -1,
                            .wear_percent = -1,
                            .spare_percent = -1,
                            .spare_threshold = -1,
                            .temperature_c = -1,
                            .hours = -1,
                            .crc_errors = -1};
}

static int64_t little_endian(const unsigned char *bytes, unsigned count)
{
    uint64_t value = 0;

    while (count)
        value = value << 8 | bytes[--count];
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

int smart_parse_ata(struct smart *smart, const unsigned char page[SMART_PAGE])
{
    unsigned char sum = 0;
    int found = 0;

    smart_clear(smart);
    for (int i = 0; i < SMART_PAGE; i++)
        sum = (unsigned char)(sum + page[i]);
    if (sum != 0)
        return -1;
    for (const unsigned char *at = page + 2; at < page + 2 + 30 * 12; at += 12) {
        int64_t raw = little_endian(at + 5, 6);

        found += at[0] != 0;
        switch (at[0]) {
        case 5:
            smart->reallocated = raw;
            break;
        case 9:
            smart->hours = raw & 0xffffffff; /* some put minutes above */
            break;
        case 194:
            smart->temperature_c = raw & 0xff;
            break;
        case 197:
            smart->pending = raw;
            break;
        case 198:
            smart->uncorrectable = raw;
            break;
        case 199:
            smart->crc_errors = raw;
            break;
        }
    }
    return found ? 0 : -1;
}

void smart_parse_nvme(struct smart *smart, const unsigned char page[SMART_PAGE])
{
    smart_clear(smart);
    smart->critical_warning = page[0];
    /* Bit 1 is temperature, bit 4 the memory's backup: not the end of the medium. */
    smart->failing = page[0] & (1 << 0 | 1 << 2 | 1 << 3 | 1 << 5);
    smart->temperature_c = little_endian(page + 1, 2) - 273;
    smart->spare_percent = page[3];
    smart->spare_threshold = page[4];
    smart->wear_percent = page[5];
    smart->hours = little_endian(page + 128, 8);
    smart->media_errors = little_endian(page + 160, 8);
}

int smart_parse_scsi(struct smart *smart, const unsigned char page[SMART_PAGE])
{
    smart_clear(smart);
    /* Page 2Fh, parameter 0 of at least ASC, ASCQ, temperature. */
    if ((page[0] & 0x3f) != 0x2f || page[4] || page[5] || page[7] < 3)
        return -1;
    smart->failing = page[8] == 0x5d;
    smart->temperature_c = page[10] == 0xff ? -1 : page[10];
    return 0;
}

static int scsi_command(int fd, const unsigned char *command, unsigned char length,
                        unsigned char *page, unsigned size, unsigned char sense[SENSE_SIZE])
{
    struct sg_io_hdr io = {.interface_id = 'S',
                           .dxfer_direction = size ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
                           .cmd_len = length,
                           .mx_sb_len = SENSE_SIZE,
                           .dxfer_len = size,
                           .dxferp = page,
                           .cmdp = (unsigned char *)command,
                           .sbp = sense,
                           .timeout = TIMEOUT_MS};

    memset(sense, 0, SENSE_SIZE);
    if (ioctl(fd, SG_IO, &io) < 0 || io.host_status)
        return -1;
    return io.status == 0 ? 0 : 1;
}

/* SAT-3, 12.2.2: ATA PASS-THROUGH (16) of SMART (B0h) with its signature in the LBA registers. */
static int ata_smart(int fd, unsigned char feature, unsigned char *page, unsigned size,
                     unsigned char sense[SENSE_SIZE])
{
    /* PIO data-in with the sector count as length; or no data, and the registers back in the sense.
     */
    unsigned char command[16] = {0x85, size ? 4 << 1 : 3 << 1, size ? 0x0e : 0x20};

    command[4] = feature;
    command[6] = size ? 1 : 0;
    command[10] = 0x4f;
    command[12] = 0xc2;
    command[14] = 0xb0;
    return scsi_command(fd, command, sizeof(command), page, size, sense);
}

static int read_ata(int fd, struct smart *smart, const char **ret_why)
{
    unsigned char page[SMART_PAGE] = {0}, sense[SENSE_SIZE];

    *ret_why = "the disk does not answer SMART READ DATA";
    if (ata_smart(fd, 0xd0, page, sizeof(page), sense) != 0 || smart_parse_ata(smart, page) < 0)
        return -1;
    /* RETURN STATUS: an ATA status descriptor (09h) whose LBA is F4h 2Ch says that it is failing.
     */
    if (ata_smart(fd, 0xda, NULL, 0, sense) >= 0 && (sense[0] & 0x7f) == 0x72 && sense[8] == 0x09)
        smart->failing = sense[8 + 9] == 0xf4 && sense[8 + 11] == 0x2c;
    return 0;
}

static int read_scsi(int fd, struct smart *smart, const char **ret_why)
{
    unsigned char page[SMART_PAGE] = {0}, sense[SENSE_SIZE];
    const unsigned char command[10] = {0x4d, 0, 0x40 | 0x2f, 0, 0, 0, 0, SMART_PAGE >> 8, 0, 0};

    *ret_why = "the disk has no log page of informational exceptions";
    if (scsi_command(fd, command, sizeof(command), page, sizeof(page), sense) != 0)
        return -1;
    return smart_parse_scsi(smart, page);
}

static int read_nvme(int fd, struct smart *smart, const char **ret_why)
{
    unsigned char page[SMART_PAGE] = {0};
    struct nvme_admin_cmd command = {.opcode = 0x02, /* Get Log Page 02h, 128 double words */
                                     .nsid = 0xffffffff,
                                     .addr = (uintptr_t)page,
                                     .data_len = sizeof(page),
                                     .cdw10 = 0x02 | (SMART_PAGE / 4 - 1) << 16,
                                     .timeout_ms = TIMEOUT_MS};

    *ret_why = "the disk does not give its health log";
    if (ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command) != 0)
        return -1;
    smart_parse_nvme(smart, page);
    return 0;
}

int smart_read(int fd, enum smart_kind kind, struct smart *ret_smart, const char **ret_why)
{
    switch (kind) {
    case SMART_ATA:
        return read_ata(fd, ret_smart, ret_why);
    case SMART_SCSI:
        return read_scsi(fd, ret_smart, ret_why);
    case SMART_NVME:
        return read_nvme(fd, ret_smart, ret_why);
    case SMART_NONE:
        break;
    }
    *ret_why = "a virtual disk has no SMART";
    return -1;
}
