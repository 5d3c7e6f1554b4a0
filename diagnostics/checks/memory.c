/* memory.c - memory: how much against the record (modules the firmware lists, and what it leaves to
 * the system), errors the memory controller counted, and a timed pattern test over a bounded
 * amount.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "diagnostics/check.h"
#include "diagnostics/checks/memory_devices.h"
#include "diagnostics/checks/memory_pattern.h"
#include "diagnostics/tree_file.h"

#define MIB (1024 * 1024)
#define TEST_DEFAULT_MIB 32
#define TEST_MAX_MIB 999999
#define KEEP_FREE_MIB 16   /* of what is available, for the kernel and ourselves */
#define STOP_EARLY_MS 3000 /* before the check would be killed */
#define CHUNK_MIB 4        /* the clock is read after each */
#define TABLE_MAX MIB

/* What firmware may keep of the recorded memory for itself: 64 MiB and a thirty-second part. */
#define FIRMWARE_SHARE_MIB(recorded) (64 + (recorded) / 32)

#define MISSING_REMEDY                                                                             \
    "Compare the modules listed here with those in the chassis: reseat or replace the missing "    \
    "one, "                                                                                        \
    "or correct the record."
#define DIMM_REMEDY "Replace the module; if the error stays with the slot, the board."

static int64_t meminfo_mib(const struct check_context *context, const char *name)
{
    char text[8192];
    const char *at;

    if (!tree_file_read(context->root, text, sizeof(text), "/proc/meminfo") ||
        !(at = strstr(text, name)))
        return -1;
    return strtoll(at + strlen(name), NULL, 10) / 1024;
}

/* The sum of what the firmware's map calls System RAM, rounded to MiB; 0: there is no map. */
static int64_t usable_mib(const struct check_context *context)
{
    struct tree_names names;
    int64_t bytes = 0;

    tree_names_read(&names, context->root, "/sys/firmware/memmap");
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.names[i];
        char type[64];
        int64_t start, end;

        if (!tree_file_read(context->root, type, sizeof(type), "/sys/firmware/memmap/%s/type",
                            name) ||
            strcmp(type, "System RAM") != 0)
            continue;
        start = tree_file_integer(context->root, 0, "/sys/firmware/memmap/%s/start", name);
        end = tree_file_integer(context->root, -1, "/sys/firmware/memmap/%s/end", name);
        if (end >= start)
            bytes += end - start + 1;
    }
    tree_names_clear(&names);
    return (bytes + MIB / 2) / MIB;
}

/* The sum of the modules' sizes; -1: the firmware lists none, or does not know one's size. */
static int64_t installed_mib(const struct check_context *context, struct check_result *result)
{
    struct memory_device *devices = calloc(MEMORY_DEVICES_MAX, sizeof(*devices));
    int64_t sum = 0;
    unsigned count = 0;
    size_t length;
    char *table = tree_file_load(context->root, "/sys/firmware/dmi/tables/DMI", TABLE_MAX, &length);

    if (table && devices)
        count = memory_devices_parse((unsigned char *)table, length, devices);
    json_out_open(&result->evidence, "modules", '[');
    for (unsigned i = 0; i < count; i++) {
        if (sum >= 0)
            sum = devices[i].mib < 0 ? -1 : sum + devices[i].mib;
        json_out_open(&result->evidence, NULL, '{');
        json_out_string(&result->evidence, "slot", devices[i].locator);
        json_out_integer(&result->evidence, "mib", devices[i].mib);
        json_out_string(&result->evidence, "maker", devices[i].maker);
        json_out_string(&result->evidence, "part", devices[i].part);
        json_out_string(&result->evidence, "serial", devices[i].serial);
        json_out_close(&result->evidence, '}');
    }
    json_out_close(&result->evidence, ']');
    free(table);
    free(devices);
    return count && sum ? sum : -1;
}

static void compare_size(const struct check_context *context, struct check_result *result)
{
    int64_t recorded = context->record->memory_mib;
    int64_t installed = installed_mib(context, result), usable = usable_mib(context);

    json_out_integer(&result->evidence, "installed_mib", installed);
    json_out_integer(&result->evidence, "usable_mib", usable);
    if (recorded <= 0)
        return;
    json_out_integer(&result->evidence, "recorded_mib", recorded);
    if (installed >= 0 && installed < recorded)
        check_finding(result, CHECK_DEGRADED, MISSING_REMEDY,
                      "%lld MiB of memory are installed; the record has %lld MiB",
                      (long long)installed, (long long)recorded);
    else if (usable && usable + FIRMWARE_SHARE_MIB(recorded) < recorded)
        check_finding(result, CHECK_DEGRADED,
                      "The firmware has taken modules out of use or reserves much for itself: read "
                      "the BMC's event log, then the memory settings in the firmware's setup.",
                      "%lld MiB of memory are usable; the record has %lld MiB", (long long)usable,
                      (long long)recorded);
}

static void judge_controller(const struct check_context *context, struct check_result *result,
                             const char *controller)
{
    struct tree_names dimms;
    char folder[128];

    snprintf(folder, sizeof(folder), "/sys/devices/system/edac/mc/%.32s", controller);
    tree_names_read(&dimms, context->root, folder);
    for (size_t i = 0; i < dimms.count; i++) {
        const char *dimm = dimms.names[i];
        char label[128];
        int64_t corrected, lost;

        if (strncmp(dimm, "dimm", 4) != 0)
            continue;
        tree_file_read(context->root, label, sizeof(label), "%s/%s/dimm_label", folder, dimm);
        corrected = tree_file_integer(context->root, 0, "%s/%s/dimm_ce_count", folder, dimm);
        lost = tree_file_integer(context->root, 0, "%s/%s/dimm_ue_count", folder, dimm);
        json_out_open(&result->evidence, NULL, '{');
        json_out_string(&result->evidence, "module", label[0] ? label : dimm);
        json_out_integer(&result->evidence, "corrected", corrected);
        json_out_integer(&result->evidence, "uncorrected", lost);
        json_out_close(&result->evidence, '}');
        if (lost)
            check_finding(result, CHECK_FAILED, DIMM_REMEDY,
                          "%lld uncorrected errors in memory module %s", (long long)lost,
                          label[0] ? label : dimm);
        else if (corrected)
            check_finding(result, CHECK_DEGRADED, DIMM_REMEDY,
                          "%lld corrected errors in memory module %s", (long long)corrected,
                          label[0] ? label : dimm);
    }
    tree_names_clear(&dimms);
}

static void error_counts(const struct check_context *context, struct check_result *result)
{
    struct tree_names controllers;

    tree_names_read(&controllers, context->root, "/sys/devices/system/edac/mc");
    json_out_open(&result->evidence, "error_counts", '[');
    for (size_t i = 0; i < controllers.count; i++)
        if (strncmp(controllers.names[i], "mc", 2) == 0)
            judge_controller(context, result, controllers.names[i]);
    json_out_close(&result->evidence, ']');
    tree_names_clear(&controllers);
}

/* Linux, Documentation/admin-guide/mm/pagemap.rst; 0: cannot be told. */
static uint64_t physical_address(const volatile void *address)
{
    uint64_t entry = 0, at = (uintptr_t)address, page = (uint64_t)sysconf(_SC_PAGESIZE);
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (pread(fd, &entry, sizeof(entry), (off_t)(at / page * sizeof(entry))) != sizeof(entry) ||
        !(entry >> 63))
        entry = 0;
    close(fd);
    entry &= (1ULL << 55) - 1;
    return entry ? entry * page + at % page : 0;
}

static void report_fault(struct check_result *result, const volatile uint64_t *words,
                         const struct memory_fault *fault)
{
    uint64_t address = physical_address(words + fault->offset / sizeof(uint64_t));
    char text[32];

    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
    json_out_string(&result->evidence, "bad_address", address ? text : NULL);
    check_finding(result, CHECK_FAILED, DIMM_REMEDY,
                  "memory does not hold what is written: at address %s 0x%016llx was read for "
                  "0x%016llx (%zu words wrong)",
                  address ? text : "unknown", (unsigned long long)fault->found,
                  (unsigned long long)fault->expected, fault->count);
}

/* One pass over all chunks. 1: done. 0: out of time. -1: a fault was found and told. */
static int run_pass(unsigned pattern, volatile uint64_t *words, size_t count, int64_t until_ms,
                    struct check_result *result)
{
    size_t chunk = CHUNK_MIB * (size_t)MIB / sizeof(uint64_t);
    struct memory_fault fault;

    /* All is written before any is read, so that neighbours can disturb each other. */
    for (size_t at = 0; at < count; at += chunk) {
        memory_pattern_fill(pattern, words + at, count - at < chunk ? count - at : chunk);
        if (clock_monotonic_ms() > until_ms)
            return 0;
    }
    for (size_t at = 0; at < count; at += chunk) {
        if (memory_pattern_verify(pattern, words + at, count - at < chunk ? count - at : chunk,
                                  &fault)) {
            report_fault(result, words + at, &fault);
            return -1;
        }
        if (clock_monotonic_ms() > until_ms)
            return 0;
    }
    return 1;
}

static void pattern_test(const struct check_context *context, struct check_result *result)
{
    int64_t asked = grant_param_integer(context->params, context->param_count, "memory_test_mib",
                                        TEST_DEFAULT_MIB, 0, TEST_MAX_MIB);
    int64_t available = meminfo_mib(context, "MemAvailable:"), mib = asked, start_ms;
    unsigned passes = 0;
    size_t bytes;
    void *block;

    if (available >= 0 && mib > available - KEEP_FREE_MIB)
        mib = available > KEEP_FREE_MIB ? available - KEEP_FREE_MIB : 0;
    json_out_integer(&result->evidence, "test_asked_mib", asked);
    json_out_integer(&result->evidence, "test_mib", mib);
    if (mib == 0)
        return;
    bytes = (size_t)mib * MIB;
    block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return;
    start_ms = clock_monotonic_ms();
    while (passes < MEMORY_PATTERNS && run_pass(passes, block, bytes / sizeof(uint64_t),
                                                context->until_ms - STOP_EARLY_MS, result) == 1)
        passes++;
    json_out_integer(&result->evidence, "test_passes", passes);
    json_out_integer(&result->evidence, "test_ms", clock_monotonic_ms() - start_ms);
    check_log(context, "pattern test: %lld MiB, %u of %d passes in %lld ms", (long long)mib, passes,
              MEMORY_PATTERNS, (long long)(clock_monotonic_ms() - start_ms));
    munmap(block, bytes);
}

void check_memory(const struct check_context *context, struct check_result *result)
{
    int64_t total = meminfo_mib(context, "MemTotal:");

    if (total < 0) {
        check_not_run(result, "Report this as a fault of the image.",
                      "the kernel does not say how much memory there is");
        return;
    }
    json_out_integer(&result->evidence, "kernel_mib", total);
    compare_size(context, result);
    error_counts(context, result);
    pattern_test(context, result);
    check_passed(result, "%s",
                 context->record->memory_mib > 0
                     ? "as much memory as in the record; patterns held"
                     : "patterns held; the record has no size to compare with");
}
