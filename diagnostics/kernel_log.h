/* kernel_log.h - records of /dev/kmsg (Linux, Documentation/ABI/testing/dev-kmsg). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_record {
    unsigned level;   /* 0 emergency to 7 debug */
    bool from_kernel; /* facility 0; others were written by a program */
    int64_t time_us;  /* since boot */
    char text[1024];  /* printable; cut when longer */
};

/* 0, or -1: not a record. */
int kernel_record_parse(const char *bytes, size_t length, struct kernel_record *ret_record);

int kernel_log_open(void); /* a non-blocking fd at the oldest record, or -1 */
/* 1: a record. 0: no more for now (or none readable). Overwritten records are skipped. */
int kernel_log_next(int fd, struct kernel_record *ret_record);
