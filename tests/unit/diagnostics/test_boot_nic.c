/* boot_nic: which interface the command line means, and which one it is. */
#include <string.h>

#include "diagnostics/boot_nic.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture_tree.h"

static void interface(const char *name, const char *mac, int type, int device)
{
    char path[128];

    snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
    fixture_tree_write(path, "%s\n", mac);
    snprintf(path, sizeof(path), "/sys/class/net/%s/type", name);
    fixture_tree_write(path, "%d\n", type);
    snprintf(path, sizeof(path), "/sys/class/net/%s/device/uevent", name);
    if (device)
        fixture_tree_write(path, "DRIVER=test\n");
}

START_TEST(refuses_what_names_no_mac)
{
    static const char *const BAD[] = {"",
                                      "quiet",
                                      "BOOTIF=",
                                      "BOOTIF=eth0",
                                      "BOOTIF=52:54:00:aa:bb",
                                      "BOOTIF=52:54:00:aa:bb:0g",
                                      "BOOTIF=52:54:00:aa:bb:01:02",
                                      "XBOOTIF=52:54:00:aa:bb:01",
                                      "BOOTIF=01:52:54:00:aa:bb:01"};
    char mac[18] = "kept";

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(boot_nic_from_command_line(BAD[i], mac) == -1, "accepted %s", BAD[i]);
        ck_assert_str_eq(mac, "kept");
    }
}
END_TEST

START_TEST(reads_both_forms)
{
    static const char *const GOOD[] = {
        "BOOTIF=52:54:00:AA:bb:01", "quiet BOOTIF=52:54:00:aa:bb:01\n",
        "a BOOTIF=01-52-54-00-aa-bb-01 b", "BOOTIF=52-54-00-aa-bb-01",
        "XBOOTIF=1 BOOTIF=52:54:00:aa:bb:01"};
    char mac[18];

    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        ck_assert_msg(boot_nic_from_command_line(GOOD[i], mac) == 0, "refused %s", GOOD[i]);
        ck_assert_str_eq(mac, "52:54:00:aa:bb:01");
    }
}
END_TEST

START_TEST(finds_the_hardware_with_that_mac)
{
    struct boot_nic nic;

    ck_assert_int_eq(boot_nic_find(fixture_root, "", &nic), 0);
    interface("lo", "00:00:00:00:00:00", 772, 0);
    interface("br0", "52:54:00:aa:bb:02", 1, 0);
    ck_assert_int_eq(boot_nic_find(fixture_root, "", &nic), 0);
    interface("eth0", "52:54:00:aa:bb:01", 1, 1);
    interface("eth1", "52:54:00:aa:bb:02", 1, 1);
    ck_assert_int_eq(boot_nic_find(fixture_root, "52:54:00:aa:bb:02", &nic), 1);
    ck_assert_str_eq(nic.name, "eth1");
    ck_assert_str_eq(nic.mac, "52:54:00:aa:bb:02");
    ck_assert_int_eq(boot_nic_find(fixture_root, "", &nic), 1);
    ck_assert_str_eq(nic.name, "eth0");
    ck_assert_int_eq(boot_nic_find(fixture_root, "52:54:00:aa:bb:03", &nic), 0);
}
END_TEST

CHECK_MAIN_WITH("boot_nic", fixture_tree_make, fixture_tree_drop, refuses_what_names_no_mac,
                reads_both_forms, finds_the_hardware_with_that_mac)
