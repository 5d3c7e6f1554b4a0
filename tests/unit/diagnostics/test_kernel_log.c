/* kernel_log: records of /dev/kmsg, whole and cut. */
#include <string.h>

#include "diagnostics/kernel_log.h"
#include "tests/support/check_main.h"

START_TEST(every_cut_of_the_head_is_refused)
{
    static const char WHOLE[] = "3,27,140900,-;";
    struct kernel_record record;

    for (size_t length = 0; length < sizeof(WHOLE) - 1; length++)
        ck_assert_int_eq(kernel_record_parse(WHOLE, length, &record), -1);
    ck_assert_int_eq(kernel_record_parse("x,1,2,-;a", 9, &record), -1);
    ck_assert_int_eq(kernel_record_parse("99999999999999999999,1,2,-;a", 28, &record), -1);
}
END_TEST

START_TEST(reads_level_time_and_text)
{
    static const char LINE[] =
        "3,27,1409001,-,caller=T1;ata1: failed\x01 command\n SUBSYSTEM=scsi\n";
    static char long_line[3000] = "30,1,2,-;";
    struct kernel_record record;

    ck_assert_int_eq(kernel_record_parse(LINE, sizeof(LINE) - 1, &record), 0);
    ck_assert_uint_eq(record.level, 3);
    ck_assert(record.from_kernel);
    ck_assert_int_eq(record.time_us, 1409001);
    ck_assert_str_eq(record.text, "ata1: failed? command");
    memset(long_line + 9, 'a', sizeof(long_line) - 10);
    ck_assert_int_eq(kernel_record_parse(long_line, sizeof(long_line) - 1, &record), 0);
    ck_assert_uint_eq(strlen(record.text), sizeof(record.text) - 1);
    ck_assert_uint_eq(record.level, 6);
    ck_assert(!record.from_kernel);
}
END_TEST

CHECK_MAIN("kernel_log", every_cut_of_the_head_is_refused, reads_level_time_and_text)
