/* nics: link, speed, duplex and counters, on fixtures. */
#include <string.h>

#include "tests/support/check_fixture.h"
#include "tests/support/check_main.h"

static void put(const char *name, const char *file, const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, file);
    fixture_tree_write(path, "%s\n", value);
}

static void interface(const char *name, const char *mac)
{
    put(name, "address", mac);
    put(name, "type", "1");
    put(name, "device/uevent", "DRIVER=igb\nPCI_ID=1");
    put(name, "carrier", "1");
    put(name, "speed", "1000");
    put(name, "duplex", "full");
    put(name, "statistics/rx_packets", "100000");
}

START_TEST(without_one_it_is_not_run)
{
    put("lo", "type", "772");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_NOT_RUN);
}
END_TEST

START_TEST(a_good_link_passes_and_an_unrecorded_one_may_be_down)
{
    interface("eth0", "52:54:00:aa:bb:01");
    interface("eth1", "52:54:00:aa:bb:02");
    put("eth1", "carrier", "0");
    context.boot_mac = "52:54:00:aa:bb:01";
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"driver\":\"igb\"");
    assert_has(evidence(), "\"link\":false");
}
END_TEST

START_TEST(a_recorded_one_without_link_degrades)
{
    interface("eth1", "52:54:00:aa:bb:02");
    put("eth1", "carrier", "0");
    context.until_ms = clock_monotonic_ms(); /* no time to wait for a link that will not come */
    record.mac_count = 1;
    strcpy(record.macs[0], "52:54:00:aa:bb:02");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    assert_has(result.reason, "eth1 (52:54:00:aa:bb:02) is in the record and has no link");
    assert_has(result.remedy, "cable");
}
END_TEST

START_TEST(slow_or_half_duplex_degrades)
{
    interface("eth0", "52:54:00:aa:bb:01");
    put("eth0", "speed", "100");
    put("eth0", "duplex", "half");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    ck_assert_uint_eq(result.finding_count, 2);
    assert_has(result.reason, "100 Mbit/s");
}
END_TEST

START_TEST(an_unknown_speed_is_no_fault)
{
    interface("eth0", "52:54:00:aa:bb:01");
    put("eth0", "speed", "-1");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"speed_mbit\":null");
}
END_TEST

START_TEST(errors_count_against_packets)
{
    interface("eth0", "52:54:00:aa:bb:01");
    put("eth0", "statistics/rx_errors", "10");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED); /* one in ten thousand */
    put("eth0", "statistics/rx_crc_errors", "11");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED); /* a part of rx_errors, not more */
    put("eth0", "statistics/rx_errors", "11");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    assert_has(result.reason, "11 errors in 100000 packets");
}
END_TEST

START_TEST(a_handful_of_errors_is_plugging_in)
{
    interface("eth0", "52:54:00:aa:bb:01");
    put("eth0", "statistics/rx_packets", "5");
    put("eth0", "statistics/rx_errors", "9");
    check_nics(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
}
END_TEST

CHECK_MAIN_WITH("nics", check_fixture_begin, check_fixture_end, without_one_it_is_not_run,
                a_good_link_passes_and_an_unrecorded_one_may_be_down,
                a_recorded_one_without_link_degrades, slow_or_half_duplex_degrades,
                an_unknown_speed_is_no_fault, errors_count_against_packets,
                a_handful_of_errors_is_plugging_in)
