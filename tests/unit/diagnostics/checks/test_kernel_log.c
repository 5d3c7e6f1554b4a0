/* kernel_log (the check): which records are faults, and that the others are only counted. */
#include <string.h>

#include "diagnostics/checks/kernel_log.h"
#include "diagnostics/kernel_log.h"
#include "tests/support/check_fixture.h"
#include "tests/support/check_main.h"

static struct kernel_log_tally tally;

static void say(unsigned level, const char *text)
{
    struct kernel_record line = {.level = level, .from_kernel = true};

    snprintf(line.text, sizeof(line.text), "%s", text);
    kernel_log_tally(&tally, &line, &result);
}

static void begin(void)
{
    check_fixture_begin();
    memset(&tally, 0, sizeof(tally));
}

START_TEST(what_is_known_to_be_bad_is_found)
{
    static const struct {
        const char *text;
        enum check_status status;
    } BAD[] = {
        {"mce: [Hardware Error]: Machine check events logged", CHECK_DEGRADED},
        {"mce: Uncorrected hardware memory error in user-access at 1000", CHECK_FAILED},
        {"EDAC MC0: 1 CE memory read error on CPU_SrcID#0", CHECK_DEGRADED},
        {"EDAC MC0: 1 UE memory read error on CPU_SrcID#0", CHECK_FAILED},
        {"I/O error, dev vda, sector 4096 op 0x0:(READ)", CHECK_DEGRADED},
        {"ata1.00: failed command: READ FPDMA QUEUED", CHECK_DEGRADED},
        {"nvme nvme0: controller is down; will reset: CSTS=0x3", CHECK_DEGRADED},
        {"pcieport 0000:00:1c.0: PCIe Bus Error: severity=Corrected, type=Data Link",
         CHECK_DEGRADED},
        {"pcieport 0000:00:1c.0: PCIe Bus Error: severity=Uncorrected (Fatal)", CHECK_FAILED},
        {"watchdog: BUG: soft lockup - CPU#1 stuck for 22s!", CHECK_DEGRADED},
        {"INFO: task kworker/0:1:12 blocked for more than 120 seconds.", CHECK_DEGRADED},
        {"thermal thermal_zone0: acpitz: critical temperature reached (100 C), shutting down",
         CHECK_FAILED},
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        check_fixture_end();
        begin();
        say(3, BAD[i].text);
        kernel_log_conclude(&tally, &result);
        ck_assert_msg(result.status == BAD[i].status, "%s: %d", BAD[i].text, result.status);
        assert_has(result.reason, BAD[i].text);
        ck_assert_str_ne(result.remedy, "");
    }
}
END_TEST

START_TEST(what_is_usual_is_counted_only)
{
    say(3, "ACPI BIOS Error (bug): Could not resolve symbol");
    say(4, "[Firmware Bug]: TSC doesn't count with P0 frequency!");
    say(6, "EDAC MC: Ver: 3.0.0");
    say(6, "EDAC MC0: Giving out device to module igen6_edac");
    say(2, "something critical nobody knows");
    kernel_log_conclude(&tally, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"records\":5");
    assert_has(evidence(), "\"critical\":1,\"error\":1,\"warning\":1");
}
END_TEST

START_TEST(repeats_are_one_finding_with_a_count)
{
    for (int i = 0; i < 500; i++)
        say(3, "I/O error, dev vda, sector 4096");
    kernel_log_conclude(&tally, &result);
    ck_assert_uint_eq(result.finding_count, 1);
    assert_has(evidence(), "\"count\":500");
}
END_TEST

START_TEST(what_programs_write_is_not_the_kernels)
{
    struct kernel_record line = {.level = 3, .text = "I/O error, dev vda, sector 1"};

    kernel_log_tally(&tally, &line, &result);
    kernel_log_conclude(&tally, &result);
    ck_assert_int_eq(result.status, CHECK_PASSED);
    assert_has(evidence(), "\"records\":0");
}
END_TEST

CHECK_MAIN_WITH("kernel_log", begin, check_fixture_end, what_is_known_to_be_bad_is_found,
                what_is_usual_is_counted_only, repeats_are_one_finding_with_a_count,
                what_programs_write_is_not_the_kernels)
