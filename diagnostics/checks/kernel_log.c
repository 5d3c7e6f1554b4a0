/* kernel_log.c - what the kernel has complained about since power-on. A pattern is a data row; the
 * count of records per level is evidence, not a fault: many machines log harmless errors at boot.
 */
#include "diagnostics/checks/kernel_log.h"

#include <string.h>
#include <unistd.h>

#include "diagnostics/check.h"
#include "diagnostics/kernel_log.h"

#define MEMORY_REMEDY "Find the DIMM in the BMC's event log and replace it."
#define MACHINE_CHECK_REMEDY                                                                       \
    "The bank and address in the log, and the BMC's event log, name the processor or DIMM to "     \
    "replace."
#define DISK_REMEDY                                                                                \
    "Look at the disks check for the device and its SMART state; replace the disk or its cable."
#define KERNEL_REMEDY                                                                              \
    "Boot once more; if it comes again, look for faulty memory, then update the firmware."
#define PCI_REMEDY                                                                                 \
    "Reseat the card in the slot that the line names; if it comes again, replace the card."

static const struct pattern {
    const char *text;
    const char *also; /* and this too; NULL: nothing more */
    enum check_status status;
    const char *what;
    const char *remedy;
} PATTERNS[] = {
    {"Uncorrected hardware memory error", NULL, CHECK_FAILED, "memory lost data", MEMORY_REMEDY},
    {"Memory failure: ", NULL, CHECK_FAILED, "memory lost data", MEMORY_REMEDY},
    {"[Hardware Error]", NULL, CHECK_DEGRADED, "the hardware reported an error",
     MACHINE_CHECK_REMEDY},
    {"Machine check events logged", NULL, CHECK_DEGRADED, "machine checks were logged",
     MACHINE_CHECK_REMEDY},
    {"EDAC MC", " UE ", CHECK_FAILED, "the memory controller lost data", MEMORY_REMEDY},
    {"EDAC MC", " CE ", CHECK_DEGRADED, "the memory controller corrected data", MEMORY_REMEDY},
    {"I/O error, dev", NULL, CHECK_DEGRADED, "a disk could not be read", DISK_REMEDY},
    {"failed command:", NULL, CHECK_DEGRADED, "a disk refused a command", DISK_REMEDY},
    {"Medium Error", NULL, CHECK_DEGRADED, "a disk has unreadable places", DISK_REMEDY},
    {"controller is down; will reset", NULL, CHECK_DEGRADED, "an NVMe controller stopped",
     DISK_REMEDY},
    {"PCIe Bus Error: severity=Uncorrected", NULL, CHECK_FAILED, "an uncorrected PCIe error",
     PCI_REMEDY},
    {"PCIe Bus Error", NULL, CHECK_DEGRADED, "PCIe errors were corrected", PCI_REMEDY},
    {"Uhhuh. NMI received", NULL, CHECK_DEGRADED, "an unexplained NMI", PCI_REMEDY},
    {"cpu clock throttled", NULL, CHECK_DEGRADED, "the processor is too hot",
     "Check the fans, the heat sink and the air flow."},
    {"critical temperature reached", NULL, CHECK_FAILED, "the machine is too hot",
     "Check the fans, the heat sink and the air flow."},
    {"soft lockup", NULL, CHECK_DEGRADED, "a processor hung", KERNEL_REMEDY},
    {"blocked for more than", NULL, CHECK_DEGRADED, "a task hung, mostly on a disk", DISK_REMEDY},
    {"BUG: ", NULL, CHECK_DEGRADED, "the kernel found itself in error", KERNEL_REMEDY},
    {"Oops: ", NULL, CHECK_DEGRADED, "the kernel found itself in error", KERNEL_REMEDY},
    {"NETDEV WATCHDOG", NULL, CHECK_DEGRADED, "a network card stopped sending",
     "Update the card's firmware; if it comes again, replace the card."},
};

#define PATTERN_COUNT (sizeof(PATTERNS) / sizeof(PATTERNS[0]))

_Static_assert(PATTERN_COUNT <= KERNEL_LOG_PATTERNS_MAX, "a counter for each pattern");

void kernel_log_tally(struct kernel_log_tally *tally, const struct kernel_record *record,
                      struct check_result *result)
{
    if (!record->from_kernel)
        return;
    tally->records++;
    tally->levels[record->level]++;
    for (unsigned i = 0; i < PATTERN_COUNT; i++) {
        if (!strstr(record->text, PATTERNS[i].text) ||
            (PATTERNS[i].also && !strstr(record->text, PATTERNS[i].also)))
            continue;
        /* The first line of its kind is told; of all, the count is kept. */
        if (tally->hits[i]++ == 0)
            check_finding(result, PATTERNS[i].status, PATTERNS[i].remedy, "%s: %.300s",
                          PATTERNS[i].what, record->text);
        return;
    }
}

void kernel_log_conclude(const struct kernel_log_tally *tally, struct check_result *result)
{
    static const char *const LEVELS[] = {"emergency", "alert", "critical", "error", "warning"};

    json_out_integer(&result->evidence, "records", tally->records);
    for (unsigned i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++)
        json_out_integer(&result->evidence, LEVELS[i], tally->levels[i]);
    json_out_open(&result->evidence, "matched", '[');
    for (unsigned i = 0; i < PATTERN_COUNT; i++)
        if (tally->hits[i]) {
            json_out_open(&result->evidence, NULL, '{');
            json_out_string(&result->evidence, "pattern", PATTERNS[i].text);
            if (PATTERNS[i].also)
                json_out_string(&result->evidence, "and", PATTERNS[i].also);
            json_out_integer(&result->evidence, "count", tally->hits[i]);
            json_out_close(&result->evidence, '}');
        }
    json_out_close(&result->evidence, ']');
    check_passed(result, "%u records, none of a known fault", tally->records);
}

void check_kernel_log(const struct check_context *context, struct check_result *result)
{
    struct kernel_log_tally tally = {0};
    struct kernel_record record;
    int fd = kernel_log_open();

    (void)context;
    if (fd < 0) {
        check_not_run(result, "Report this as a fault of the image.",
                      "the kernel's log cannot be read");
        return;
    }
    while (kernel_log_next(fd, &record))
        kernel_log_tally(&tally, &record, result);
    close(fd);
    kernel_log_conclude(&tally, result);
}
