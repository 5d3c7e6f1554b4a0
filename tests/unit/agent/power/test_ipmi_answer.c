/* What ipmitool prints, as values; its words are a BMC's and may be anything. */
#include <string.h>

#include "agent/power/ipmi_answer.h"
#include "tests/support/check_main.h"

START_TEST(noise_is_no_answer)
{
    enum power_state power;
    enum boot_device device;

    ck_assert_int_eq(ipmi_answer_power("", &power, NULL), -1);
    ck_assert_int_eq(ipmi_answer_power("Chassis Power is", &power, NULL), -1);
    ck_assert_int_eq(ipmi_answer_boot_device("", &device, NULL), -1);
    ck_assert_int_eq(ipmi_answer_boot_device(" 01 05 80", &device, NULL), -1);
    ck_assert_int_eq(ipmi_answer_boot_device(" 01 04 80 04 00", &device, NULL), -1);
    ck_assert_int_eq(ipmi_answer_boot_device("Unable to send RAW command", &device, NULL), -1);
}
END_TEST

START_TEST(power_is_read)
{
    enum power_state power;

    ck_assert_int_eq(ipmi_answer_power("Chassis Power is on\n", &power, NULL), 0);
    ck_assert_int_eq(power, POWER_ON);
    ck_assert_int_eq(ipmi_answer_power("Chassis Power is off\n", &power, NULL), 0);
    ck_assert_int_eq(power, POWER_OFF);
}
END_TEST

START_TEST(selector_counts_whatever_the_flags_read_back)
{
    enum boot_device device;

    ck_assert_int_eq(ipmi_answer_boot_device(" 01 05 80 04 00 00 00\n", &device, NULL), 0);
    ck_assert_int_eq(device, BOOT_DEVICE_PXE);
    ck_assert_int_eq(ipmi_answer_boot_device(" 01 05 00 04 00 00 00\n", &device, NULL), 0);
    ck_assert_int_eq(device, BOOT_DEVICE_PXE);
    ck_assert_int_eq(ipmi_answer_boot_device(" 01 85 a0 00 00 00 00\n", &device, NULL), 0);
    ck_assert_int_eq(device, BOOT_DEVICE_NONE);
    ck_assert_int_eq(ipmi_answer_boot_device(" 01 05 80 3c 00 00 00\n", &device, NULL), 0);
    ck_assert_int_eq(device, BOOT_DEVICE_OTHER);
    /* The other bits of that byte are none of the selector. */
    ck_assert_int_eq(ipmi_answer_boot_device(" 01 05 80 48 00 00 00\n", &device, NULL), 0);
    ck_assert_int_eq(device, BOOT_DEVICE_DISK);
}
END_TEST

START_TEST(each_device_that_can_be_asked_has_its_selector)
{
    ck_assert_str_eq(ipmi_boot_selector(BOOT_DEVICE_PXE), "0x04");
    ck_assert_str_eq(ipmi_boot_selector(BOOT_DEVICE_NONE), "0x00");
    ck_assert_ptr_null(ipmi_boot_selector(BOOT_DEVICE_OTHER));
}
END_TEST

START_TEST(identity_is_read_and_noise_is_none)
{
    struct bmc_identity identity;

    ck_assert_int_eq(ipmi_answer_identity("Device ID                 : 32\n"
                                          "Device Revision           : 1\n"
                                          "Firmware Revision         : 1.74\n"
                                          "IPMI Version              : 2.0\n"
                                          "Manufacturer ID           : 10876\n"
                                          "Manufacturer Name         : Supermicro\n"
                                          "Product ID                : 2327 (0x0917)\n",
                                          &identity, NULL),
                     0);
    ck_assert_uint_eq(identity.manufacturer, 10876);
    ck_assert_uint_eq(identity.product, 2327);
    ck_assert_uint_eq(identity.firmware, 174);
    ck_assert_int_eq(
        ipmi_answer_identity("Manufacturer ID : 11\nFirmware Revision : x\n", &identity, NULL), 0);
    ck_assert_uint_eq(identity.firmware, 0);
    ck_assert_int_eq(ipmi_answer_identity("", &identity, NULL), -1);
    ck_assert_int_eq(ipmi_answer_identity("Manufacturer ID : Unknown (0x", &identity, NULL), -1);
    /* More digits than a number has are cut, not wrapped. */
    ck_assert_int_eq(
        ipmi_answer_identity("Manufacturer ID : 99999999999999999999\n", &identity, NULL), 0);
    ck_assert_uint_eq(identity.manufacturer, 999999999);
}
END_TEST

CHECK_MAIN("ipmi_answer", identity_is_read_and_noise_is_none, noise_is_no_answer, power_is_read,
           selector_counts_whatever_the_flags_read_back,
           each_device_that_can_be_asked_has_its_selector)
