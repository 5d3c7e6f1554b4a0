/* smart: pages of the three kinds, sound and failing. */
#include <string.h>

#include "diagnostics/checks/smart.h"
#include "tests/support/check_main.h"

static unsigned char page[SMART_PAGE];
static struct smart smart;

static void attribute(unsigned slot, unsigned char id, uint64_t raw)
{
    unsigned char *at = page + 2 + slot * 12;

    at[0] = id;
    for (int i = 0; i < 6; i++)
        at[5 + i] = (unsigned char)(raw >> 8 * i);
}

static void seal(void)
{
    unsigned char sum = 0;

    page[511] = 0;
    for (int i = 0; i < 511; i++)
        sum = (unsigned char)(sum + page[i]);
    page[511] = (unsigned char)-sum;
}

START_TEST(a_wrong_checksum_or_no_attribute_is_no_answer)
{
    memset(page, 0, sizeof(page));
    ck_assert_int_eq(smart_parse_ata(&smart, page), -1);
    attribute(0, 5, 1);
    ck_assert_int_eq(smart_parse_ata(&smart, page), -1);
}
END_TEST

START_TEST(ata_attributes)
{
    memset(page, 0, sizeof(page));
    attribute(0, 5, 12);
    attribute(1, 9, 0x1200000000ULL + 4000);
    attribute(2, 194, 0x2d00120025ULL);
    attribute(29, 197, 3);
    attribute(4, 198, 2);
    attribute(5, 199, 1);
    seal();
    ck_assert_int_eq(smart_parse_ata(&smart, page), 0);
    ck_assert_int_eq(smart.reallocated, 12);
    ck_assert_int_eq(smart.hours, 4000);
    ck_assert_int_eq(smart.temperature_c, 0x25);
    ck_assert_int_eq(smart.pending, 3);
    ck_assert_int_eq(smart.uncorrectable, 2);
    ck_assert_int_eq(smart.crc_errors, 1);
    ck_assert_int_eq(smart.media_errors, -1);
    ck_assert(!smart.failing);
}
END_TEST

START_TEST(nvme_health)
{
    memset(page, 0, sizeof(page));
    page[0] = 1 << 1; /* too warm is not failing */
    page[1] = 0x2c;
    page[2] = 0x01; /* 300 K */
    page[3] = 90;
    page[4] = 10;
    page[5] = 101;
    page[160] = 7;
    smart_parse_nvme(&smart, page);
    ck_assert(!smart.failing);
    ck_assert_int_eq(smart.temperature_c, 27);
    ck_assert_int_eq(smart.spare_percent, 90);
    ck_assert_int_eq(smart.wear_percent, 101);
    ck_assert_int_eq(smart.media_errors, 7);
    page[0] = 1 << 2;
    memset(page + 160, 0xff, 8);
    smart_parse_nvme(&smart, page);
    ck_assert(smart.failing);
    ck_assert_int_eq(smart.media_errors, INT64_MAX);
}
END_TEST

START_TEST(scsi_exceptions)
{
    memset(page, 0, sizeof(page));
    ck_assert_int_eq(smart_parse_scsi(&smart, page), -1);
    page[0] = 0x2f;
    page[7] = 3;
    page[10] = 31;
    ck_assert_int_eq(smart_parse_scsi(&smart, page), 0);
    ck_assert(!smart.failing);
    ck_assert_int_eq(smart.temperature_c, 31);
    page[8] = 0x5d;
    ck_assert_int_eq(smart_parse_scsi(&smart, page), 0);
    ck_assert(smart.failing);
    page[7] = 2;
    ck_assert_int_eq(smart_parse_scsi(&smart, page), -1);
}
END_TEST

START_TEST(a_virtual_disk_has_none_and_a_file_gives_no_answer)
{
    const char *why = NULL;

    ck_assert_int_eq(smart_read(-1, SMART_NONE, &smart, &why), -1);
    ck_assert_str_eq(why, "a virtual disk has no SMART");
    for (int kind = SMART_ATA; kind <= SMART_NVME; kind++) {
        why = NULL;
        ck_assert_int_eq(smart_read(0, (enum smart_kind)kind, &smart, &why), -1);
        ck_assert_ptr_nonnull(why);
    }
}
END_TEST

CHECK_MAIN("smart", a_wrong_checksum_or_no_attribute_is_no_answer, ata_attributes, nvme_health,
           scsi_exceptions, a_virtual_disk_has_none_and_a_file_gives_no_answer)
