/* dmi: the record against what the firmware says. */
#include <string.h>

#include "tests/support/check_fixture.h"
#include "tests/support/check_main.h"

#define UUID "aabbccdd-eeff-1122-3344-556677889900"
#define SWAPPED "ddccbbaa-ffee-2211-3344-556677889900"

static void machine(const char *serial, const char *uuid)
{
    fixture_tree_write("/sys/class/dmi/id/product_serial", "%s\n", serial);
    fixture_tree_write("/sys/class/dmi/id/product_uuid", "%s\n", uuid);
    fixture_tree_write("/sys/class/net/eth0/address", "52:54:00:aa:bb:01\n");
}

START_TEST(without_smbios_it_is_not_run)
{
    check_dmi(&context, &result);
    ck_assert_int_eq(result.status, CHECK_NOT_RUN);
    assert_has(result.reason, "SMBIOS");
}
END_TEST

START_TEST(another_serial_fails)
{
    machine("SN-2", UUID);
    strcpy(record.serial, "SN-1");
    check_dmi(&context, &result);
    ck_assert_int_eq(result.status, CHECK_FAILED);
    ck_assert_str_eq(result.reason, "the serial number is SN-2; the record has SN-1");
    assert_has(result.remedy, "record");
}
END_TEST

START_TEST(no_serial_degrades)
{
    machine("", UUID);
    strcpy(record.serial, "SN-1");
    check_dmi(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    assert_has(result.reason, "no serial number");
}
END_TEST

START_TEST(another_uuid_fails_and_the_swapped_form_is_noted)
{
    machine("SN-1", UUID);
    strcpy(record.uuid, SWAPPED);
    check_dmi(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"uuid_byte_swapped\":true");
    strcpy(record.uuid, "aabbccdd-eeff-1122-3344-556677889901");
    check_dmi(&context, &result);
    ck_assert_int_eq(result.status, CHECK_FAILED);
    assert_has(result.reason, "UUID");
}
END_TEST

START_TEST(a_missing_card_degrades)
{
    machine("SN-1", UUID);
    record.mac_count = 2;
    strcpy(record.macs[0], "52:54:00:aa:bb:01");
    strcpy(record.macs[1], "52:54:00:aa:bb:02");
    check_dmi(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    assert_has(result.reason, "52:54:00:aa:bb:02");
    ck_assert_uint_eq(result.finding_count, 1);
}
END_TEST

START_TEST(the_recorded_machine_passes)
{
    machine("SN-1", UUID);
    fixture_tree_write("/sys/class/dmi/id/sys_vendor", "Maker \xff\n");
    strcpy(record.serial, "SN-1");
    strcpy(record.uuid, UUID);
    record.mac_count = 1;
    strcpy(record.macs[0], "52:54:00:aa:bb:01");
    check_dmi(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"vendor\":\"Maker ?\"");
    assert_has(result.reason, "the one in the record");
}
END_TEST

CHECK_MAIN_WITH("dmi", check_fixture_begin, check_fixture_end, without_smbios_it_is_not_run,
                another_serial_fails, no_serial_degrades,
                another_uuid_fails_and_the_swapped_form_is_noted, a_missing_card_degrades,
                the_recorded_machine_passes)
