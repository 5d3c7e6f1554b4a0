/* disk_scan.h - sampled reads over a disk: at its start, its end, and evenly between; a failed
 * sample is narrowed down to the first bad block. Bounded in samples, errors and time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DISK_SAMPLE (64 * 1024)
#define DISK_ERRORS_MAX 8 /* then the disk is bad enough; each error may take seconds */

struct disk_source {
    /* As pread(): fewer bytes than asked count as an error. */
    ssize_t (*read)(void *handle, void *bytes, size_t length, int64_t offset);
    void *handle;
    int64_t size;   /* bytes */
    unsigned block; /* bytes of a logical block */
};

struct disk_scan {
    unsigned planned, done, errors;
    int64_t bad_lba[DISK_ERRORS_MAX]; /* in logical blocks */
    int64_t bytes;
    int64_t slowest_ms;
    int64_t elapsed_ms;
};

/* 'buffer' holds DISK_SAMPLE bytes, aligned for direct reads. */
void disk_scan_run(struct disk_scan *scan, const struct disk_source *source, unsigned samples,
                   int64_t until_ms, void *buffer);
