/* kernel_log.h - the kernel_log check in two steps, so that it is tested on given records. */
#pragma once

#define KERNEL_LOG_PATTERNS_MAX 32

struct check_result;
struct kernel_record;

struct kernel_log_tally {
    unsigned records;
    unsigned levels[8];
    unsigned hits[KERNEL_LOG_PATTERNS_MAX];
};

void kernel_log_tally(struct kernel_log_tally *tally, const struct kernel_record *record,
                      struct check_result *result);
void kernel_log_conclude(const struct kernel_log_tally *tally, struct check_result *result);
