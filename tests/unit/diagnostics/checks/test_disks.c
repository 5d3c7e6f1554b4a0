/* disks: which block devices are disks, and what is a fault in one. */
#include <string.h>
#include <unistd.h>

#include "diagnostics/checks/disk_scan.h"
#include "diagnostics/checks/disks.h"
#include "tests/support/check_fixture.h"
#include "tests/support/check_main.h"

static struct disk disk = {.name = "sda", .serial = "S-1", .block = 512};
static struct smart smart;

static void judge_smart(void)
{
    check_result_clear(&result);
    check_result_begin(&result);
    disk_judge_smart(&disk, &smart, &result);
}

START_TEST(what_is_no_disk_is_passed_over)
{
    static const char *const NAMES[] = {"loop0", "ram0", "dm-0",  "md127",
                                        "sr0",   "fd0",  "zram0", "nbd0"};
    struct disk found;
    char path[64];

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        snprintf(path, sizeof(path), "/sys/block/%s/size", NAMES[i]);
        fixture_tree_write(path, "2048\n");
        ck_assert_int_eq(disk_describe(fixture_root, NAMES[i], &found), 0);
    }
    fixture_tree_write("/sys/block/sda/size", "0\n");
    ck_assert_int_eq(disk_describe(fixture_root, "sda", &found), 0);
    check_disks(&context, &result);
    ck_assert_int_eq(result.status, CHECK_NOT_RUN);
    assert_has(result.reason, "no disk");
}
END_TEST

START_TEST(serials_are_found_where_each_kind_keeps_them)
{
    struct disk found;

    fixture_tree_write("/sys/block/vda/size", "2048\n");
    fixture_tree_write("/sys/block/vda/serial", "VD-1\n");
    ck_assert_int_eq(disk_describe(fixture_root, "vda", &found), 1);
    ck_assert_str_eq(found.serial, "VD-1");
    ck_assert_int_eq(found.size, 2048 * 512);
    ck_assert_int_eq(found.smart_kind, SMART_NONE);
    fixture_tree_write("/sys/block/nvme0n1/size", "2048\n");
    fixture_tree_write("/sys/block/nvme0n1/queue/logical_block_size", "4096\n");
    fixture_tree_write("/sys/block/nvme0n1/device/serial", "NV-1      \n");
    ck_assert_int_eq(disk_describe(fixture_root, "nvme0n1", &found), 1);
    ck_assert_str_eq(found.serial, "NV-1");
    ck_assert_uint_eq(found.block, 4096);
    ck_assert_int_eq(found.smart_kind, SMART_NVME);
    fixture_tree_write("/sys/block/sda/size", "2048\n");
    fixture_tree_write("/sys/block/sda/device/vendor", "ATA     \n");
    fixture_tree_bytes("/sys/block/sda/device/vpd_pg80", "\0\x80\0\x08  SC-1  ", 12);
    ck_assert_int_eq(disk_describe(fixture_root, "sda", &found), 1);
    ck_assert_str_eq(found.serial, "SC-1");
    ck_assert_int_eq(found.smart_kind, SMART_ATA);
    fixture_tree_write("/sys/block/sda/device/vendor", "HGST\n");
    ck_assert_int_eq(disk_describe(fixture_root, "sda", &found), 1);
    ck_assert_int_eq(found.smart_kind, SMART_SCSI);
}
END_TEST

START_TEST(a_controller_is_waited_for_until_it_shows_a_disk)
{
    char link[128];

    fixture_tree_write("/sys/bus/pci/devices/0000:00:01.1/class", "0x010180\n"); /* IDE */
    fixture_tree_write("/sys/bus/pci/devices/0000:00:02.0/class", "0x010700\n");
    fixture_tree_write("/sys/bus/pci/devices/0000:00:03.0/class", "0x010400\n");
    fixture_tree_write("/sys/block/.keep", "");
    ck_assert_uint_eq(disk_controllers_searching(fixture_root), 2);
    snprintf(link, sizeof(link), "%s/sys/block/sda", fixture_root);
    ck_assert_int_eq(symlink("../devices/pci0000:00/0000:00:02.0/host0/block/sda", link), 0);
    ck_assert_uint_eq(disk_controllers_searching(fixture_root), 1);
    snprintf(link, sizeof(link), "%s/sys/block/sdb", fixture_root);
    ck_assert_int_eq(symlink("../devices/pci0000:00/0000:00:03.0/host1/block/sdb", link), 0);
    ck_assert_uint_eq(disk_controllers_searching(fixture_root), 0);
}
END_TEST

START_TEST(a_read_error_degrades_and_names_the_place)
{
    struct disk_scan scan = {.planned = 9, .done = 9, .errors = 2, .bad_lba = {4099, 5000}};

    disk_judge_scan(&disk, &scan, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    ck_assert_str_eq(result.reason,
                     "disk sda (serial S-1) cannot be read at LBA 4099; 2 of 9 samples failed");
    assert_has(result.remedy, "Replace the disk");
    assert_has(evidence(), "\"bad_lba\":[4099,5000]");
}
END_TEST

START_TEST(each_sign_of_wear_has_its_threshold)
{
    smart_clear(&smart);
    smart.reallocated = 9;
    smart.wear_percent = 95;
    smart.crc_errors = 100;
    judge_smart();
    ck_assert_uint_eq(result.finding_count, 0);
    smart.reallocated = 10;
    judge_smart();
    assert_has(result.reason, "reallocated (10)");
    smart_clear(&smart);
    smart.pending = 1;
    judge_smart();
    assert_has(result.reason, "wait to be reallocated (1)");
    smart_clear(&smart);
    smart.uncorrectable = 1;
    judge_smart();
    assert_has(result.reason, "sectors are lost (1)");
    smart_clear(&smart);
    smart.media_errors = 1;
    judge_smart();
    assert_has(result.reason, "failed in its past (1)");
    smart_clear(&smart);
    smart.wear_percent = 96;
    judge_smart();
    assert_has(result.reason, "worn out");
    smart_clear(&smart);
    smart.failing = true;
    judge_smart();
    assert_has(result.reason, "failing");
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
}
END_TEST

CHECK_MAIN_WITH("disks", check_fixture_begin, check_fixture_end, what_is_no_disk_is_passed_over,
                serials_are_found_where_each_kind_keeps_them,
                a_controller_is_waited_for_until_it_shows_a_disk,
                a_read_error_degrades_and_names_the_place, each_sign_of_wear_has_its_threshold)
