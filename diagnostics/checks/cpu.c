/* cpu.c - the processors: how many against the record, whether they are alike, and machine checks
 * (the processor's own reports of failing parts: Intel SDM 3B chapter 16, AMD APM 2 chapter 9).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "diagnostics/check.h"
#include "diagnostics/tree_file.h"

#define CPUINFO_MAX (16 << 20) /* a kilobyte or two for each of 8,192 processors */

static const char *const WORTH_NAMING[] = {"lm",  "nx",  "aes", "avx2", "avx512f",
                                           "vmx", "svm", "mce", "mca",  "hypervisor"};

/* The value of "name : value" in one processor's block, or NULL. Cuts the block's line. */
static char *field(char *block, const char *name)
{
    size_t length = strlen(name);

    for (char *line = block; line && *line; line = strchr(line, '\n')) {
        char *colon, *value;

        line += *line == '\n';
        if (strncmp(line, name, length) != 0 ||
            (line[length] != '\t' && line[length] != ' ' && line[length] != ':'))
            continue;
        if (!(colon = strchr(line, ':')))
            return NULL;
        value = colon + 1 + (colon[1] == ' ');
        return strndup(value, strcspn(value, "\n"));
    }
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static void describe(struct check_result *result, char *block, const char *flags)
{
    static const char *const NAMES[][2] = {
        {"vendor_id", "vendor"}, {"model name", "model"}, {"microcode", "microcode"}};

    for (unsigned i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        char *value = field(block, NAMES[i][0]);

        if (value)
            json_out_string(&result->evidence, NAMES[i][1], value);
        free(value);
    }
    json_out_open(&result->evidence, "flags", '[');
    for (unsigned i = 0; flags && i < sizeof(WORTH_NAMING) / sizeof(WORTH_NAMING[0]); i++)
        if (has_word(flags, WORTH_NAMING[i]))
            json_out_string(&result->evidence, NULL, WORTH_NAMING[i]);
    json_out_close(&result->evidence, ']');
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

struct alike {
    char *flags, *microcode; /* of the first processor; owned */
    int64_t count, other_flags, other_microcode;
};

static void look_at(struct alike *alike, char *block, struct check_result *result)
{
    char *flags = field(block, "flags"), *microcode = field(block, "microcode");

    if (alike->count++ == 0) {
        describe(result, block, flags);
        alike->flags = flags;
        alike->microcode = microcode;
        return;
    }
    alike->other_flags += !same(alike->flags, flags);
    alike->other_microcode += !same(alike->microcode, microcode);
    free(flags);
    free(microcode);
}

/* Blocks of /proc/cpuinfo are parted by empty lines. */
static void walk(char *text, struct alike *alike, struct check_result *result)
{
    for (char *block = text, *next; block && *block; block = next) {
        if ((next = strstr(block, "\n\n"))) {
            next[1] = '\0';
            next += 2;
        }
        if (strncmp(block, "processor", 9) == 0)
            look_at(alike, block, result);
    }
}

static void compare(const struct check_context *context, const struct alike *alike,
                    struct check_result *result)
{
    int64_t recorded = context->record->cpus;

    json_out_integer(&result->evidence, "cpus", alike->count);
    if (recorded > 0)
        json_out_integer(&result->evidence, "recorded_cpus", recorded);
    if (recorded > 0 && alike->count < recorded)
        check_finding(result, CHECK_DEGRADED,
                      "Look in the firmware's setup for disabled cores or sockets, then reseat or "
                      "replace the processor.",
                      "%lld processors of the %lld in the record are running",
                      (long long)alike->count, (long long)recorded);
    if (alike->other_flags)
        check_finding(
            result, CHECK_DEGRADED, "Fit processors of one stepping, or update the firmware.",
            "%lld processors have other features than the first", (long long)alike->other_flags);
    if (alike->other_microcode)
        check_finding(result, CHECK_DEGRADED, "Update the firmware; then power-cycle the machine.",
                      "%lld processors run other microcode than the first",
                      (long long)alike->other_microcode);
}

/* The sum over all processors of a line "  MCE:  0  0  Machine check exceptions"; -1: no such line.
 */
static int64_t interrupt_count(const char *text, const char *name)
{
    size_t length = strlen(name);
    const char *line = text;
    int64_t sum = 0;
    char *end;

    for (;; line++) {
        line += strspn(line, " ");
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            break;
        if (!(line = strchr(line, '\n')))
            return -1;
    }
    for (line += length + 1;; line = end) {
        long long value;

        line += strspn(line, " ");
        value = strtoll(line, &end, 10);
        if (end == line || !isspace((unsigned char)*end))
            return sum;
        sum += value;
    }
}

static void machine_checks(const struct check_context *context, struct check_result *result)
{
    size_t length;
    char *text = tree_file_load(context->root, "/proc/interrupts", CPUINFO_MAX, &length);
    int64_t exceptions = text ? interrupt_count(text, "MCE") : -1;
    int64_t thresholds = text ? interrupt_count(text, "THR") : -1;

    free(text);
    if (exceptions < 0) {
        json_out_string(&result->evidence, "machine_checks", "this kernel does not count them");
        return;
    }
    json_out_integer(&result->evidence, "machine_check_exceptions", exceptions);
    json_out_integer(&result->evidence, "machine_check_thresholds",
                     thresholds < 0 ? 0 : thresholds);
    if (exceptions > 0)
        check_finding(result, CHECK_FAILED,
                      "Read the bank and address in the log's machine check lines: replace the "
                      "processor or the DIMM they name.",
                      "%lld machine check exceptions since power-on", (long long)exceptions);
    if (thresholds > 0)
        check_finding(result, CHECK_DEGRADED,
                      "Corrected errors are frequent: plan to replace the part named in the log.",
                      "%lld machine check threshold interrupts since power-on",
                      (long long)thresholds);
}

void check_cpu(const struct check_context *context, struct check_result *result)
{
    struct alike alike = {0};
    size_t length;
    char *text = tree_file_load(context->root, "/proc/cpuinfo", CPUINFO_MAX, &length);

    if (text)
        walk(text, &alike, result);
    free(text);
    if (alike.count == 0) {
        check_not_run(result, "Report this as a fault of the image.",
                      "the kernel does not list the processors");
        return;
    }
    compare(context, &alike, result);
    machine_checks(context, result);
    check_passed(result, "%lld processors, all alike", (long long)alike.count);
    free(alike.flags);
    free(alike.microcode);
}
