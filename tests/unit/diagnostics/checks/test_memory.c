/* memory: size against the record, error counters, and how much is tested. */
#include <string.h>

#include "tests/support/check_fixture.h"
#include "tests/support/check_main.h"

static void meminfo(int total_mib, int available_mib)
{
    fixture_tree_write("/proc/meminfo", "MemTotal:  %d kB\nMemFree: 1 kB\nMemAvailable:  %d kB\n",
                       total_mib * 1024, available_mib * 1024);
}

static void usable(int64_t mib)
{
    fixture_tree_write("/sys/firmware/memmap/0/type", "System RAM\n");
    fixture_tree_write("/sys/firmware/memmap/0/start", "0x0\n");
    fixture_tree_write("/sys/firmware/memmap/0/end", "0x%llx\n",
                       (unsigned long long)(mib << 20) - 1);
    fixture_tree_write("/sys/firmware/memmap/1/type", "Reserved\n");
    fixture_tree_write("/sys/firmware/memmap/1/start", "0x0\n");
    fixture_tree_write("/sys/firmware/memmap/1/end", "0xffffffff\n");
}

/* One SMBIOS type 17 structure of that size, without strings. */
static void module(unsigned mib)
{
    unsigned char table[0x28 + 2 + 4 + 2] = {17, 0x28};

    table[0x0c] = (unsigned char)mib;
    table[0x0d] = (unsigned char)(mib >> 8);
    table[0x28 + 2] = 127;
    table[0x28 + 3] = 4;
    fixture_tree_bytes("/sys/firmware/dmi/tables/DMI", table, sizeof(table));
}

START_TEST(without_meminfo_it_is_not_run)
{
    check_memory(&context, &result);
    ck_assert_int_eq(result.status, CHECK_NOT_RUN);
}
END_TEST

START_TEST(a_missing_module_degrades)
{
    meminfo(800, 30);
    module(1024);
    usable(1020);
    record.memory_mib = 2048;
    check_memory(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    ck_assert_str_eq(result.reason, "1024 MiB of memory are installed; the record has 2048 MiB");
    ck_assert_uint_eq(result.finding_count, 1);
}
END_TEST

START_TEST(a_module_out_of_use_degrades)
{
    meminfo(800, 30);
    module(2048);
    record.memory_mib = 2048;
    usable(2048 - 64 - 64 - 1);
    check_memory(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    assert_has(result.reason, "are usable; the record has 2048 MiB");
}
END_TEST

START_TEST(what_firmware_keeps_is_tolerated)
{
    meminfo(800, 30);
    module(2048);
    record.memory_mib = 2048;
    usable(2048 - 64 - 64);
    check_memory(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"installed_mib\":2048");
    assert_has(evidence(), "\"usable_mib\":1920");
}
END_TEST

START_TEST(counted_errors_degrade_and_lost_data_fails)
{
    meminfo(800, 30);
    fixture_tree_write("/sys/devices/system/edac/mc/mc0/dimm0/dimm_label", "A1\n");
    fixture_tree_write("/sys/devices/system/edac/mc/mc0/dimm0/dimm_ce_count", "7\n");
    check_memory(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    ck_assert_str_eq(result.reason, "7 corrected errors in memory module A1");
    fixture_tree_write("/sys/devices/system/edac/mc/mc0/dimm0/dimm_ue_count", "1\n");
    check_memory(&context, &result);
    ck_assert_int_eq(result.status, CHECK_FAILED);
    assert_has(result.reason, "1 uncorrected errors in memory module A1");
}
END_TEST

START_TEST(the_test_is_bounded_by_what_is_asked_and_what_is_free)
{
    strcpy(params[0].name, "memory_test_mib");
    strcpy(params[0].value, "4");
    context.param_count = 1;
    meminfo(800, 300);
    check_memory(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"test_mib\":4,\"test_passes\":6");
    strcpy(params[0].value, "999999");
    meminfo(800, 18);
    check_memory(&context, &result);
    assert_has(evidence(), "\"test_asked_mib\":999999,\"test_mib\":2,\"test_passes\":6");
    strcpy(params[0].value, "0");
    check_memory(&context, &result);
    assert_has(evidence(), "\"test_asked_mib\":0,\"test_mib\":0");
}
END_TEST

START_TEST(out_of_time_it_says_how_far_it_came)
{
    strcpy(params[0].name, "memory_test_mib");
    strcpy(params[0].value, "8");
    context.param_count = 1;
    context.until_ms = clock_monotonic_ms();
    meminfo(800, 300);
    check_memory(&context, &result);
    assert_has(evidence(), "\"test_mib\":8,\"test_passes\":0");
    ck_assert_int_eq(result.status, CHECK_PASSED);
}
END_TEST

CHECK_MAIN_WITH("memory", check_fixture_begin, check_fixture_end, without_meminfo_it_is_not_run,
                a_missing_module_degrades, a_module_out_of_use_degrades,
                what_firmware_keeps_is_tolerated, counted_errors_degrade_and_lost_data_fails,
                the_test_is_bounded_by_what_is_asked_and_what_is_free,
                out_of_time_it_says_how_far_it_came)
