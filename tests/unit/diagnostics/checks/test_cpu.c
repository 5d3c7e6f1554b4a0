/* cpu: count, likeness and machine checks, on fixtures. */
#include "tests/support/check_fixture.h"
#include "tests/support/check_main.h"

#define ONE                                                                                        \
    "processor\t: %d\nvendor_id\t: Maker\nmodel name\t: M 1\nmicrocode\t: 0x%x\nflags\t\t: fpu "   \
    "lm %s\nvmx flags\t: x\n\n"

static void two_processors(unsigned microcode, const char *flags)
{
    fixture_tree_write("/proc/cpuinfo", ONE ONE, 0, 1, "nx", 1, microcode, flags);
}

START_TEST(without_a_list_it_is_not_run)
{
    check_cpu(&context, &result);
    ck_assert_int_eq(result.status, CHECK_NOT_RUN);
}
END_TEST

START_TEST(fewer_than_recorded_degrades)
{
    two_processors(1, "nx");
    record.cpus = 3;
    check_cpu(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    assert_has(result.reason, "2 processors of the 3");
}
END_TEST

START_TEST(more_than_recorded_passes)
{
    two_processors(1, "nx");
    record.cpus = 1;
    check_cpu(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"flags\":[\"lm\",\"nx\"]");
    assert_has(evidence(), "\"model\":\"M 1\"");
    assert_has(evidence(), "\"cpus\":2");
    assert_has(evidence(), "does not count");
}
END_TEST

START_TEST(unlike_processors_degrade)
{
    two_processors(2, "nx svm");
    check_cpu(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    ck_assert_uint_eq(result.finding_count, 2);
    assert_has(result.reason, "features");
}
END_TEST

START_TEST(a_machine_check_fails_and_thresholds_degrade)
{
    two_processors(1, "nx");
    fixture_tree_write("/proc/interrupts",
                       "           CPU0       CPU1\n"
                       "  0:          4          0  IO-APIC\n"
                       "THR:          0          0   Threshold APIC interrupts\n"
                       "MCE:          0          0   Machine check exceptions\n");
    check_cpu(&context, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"machine_check_exceptions\":0");
    fixture_tree_write("/proc/interrupts", "THR:   1   2   Threshold\nMCE:   0   0   Machine\n");
    check_cpu(&context, &result);
    ck_assert_int_eq(result.status, CHECK_DEGRADED);
    assert_has(result.reason, "3 machine check threshold");
    fixture_tree_write("/proc/interrupts", "MCE:   0   2   Machine check exceptions\n");
    check_cpu(&context, &result);
    ck_assert_int_eq(result.status, CHECK_FAILED);
    assert_has(result.reason, "2 machine check exceptions");
}
END_TEST

CHECK_MAIN_WITH("cpu", check_fixture_begin, check_fixture_end, without_a_list_it_is_not_run,
                fewer_than_recorded_degrades, more_than_recorded_passes, unlike_processors_degrade,
                a_machine_check_fails_and_thresholds_degrade)
