/* disk_scan: where it reads, what it finds, and when it stops. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "diagnostics/checks/disk_scan.h"
#include "tests/support/check_main.h"

#define BLOCK 512

/* A disk on which reads of the blocks 'bad' to 'bad' + 'width' - 1 fail. */
static struct imagined {
    int64_t bad, width, lowest, highest, reads, size;
    int misaligned;
} disk;
static struct disk_scan scan;
static unsigned char buffer[DISK_SAMPLE];

static ssize_t read_imagined(void *handle, void *bytes, size_t length, int64_t offset)
{
    struct imagined *it = handle;
    int64_t end = offset + (int64_t)length;

    (void)bytes;
    it->reads++;
    it->misaligned += offset % BLOCK || length % BLOCK || length == 0 || end > it->size;
    if (offset < it->lowest)
        it->lowest = offset;
    if (end > it->highest)
        it->highest = end;
    if (it->width && offset < (it->bad + it->width) * BLOCK && end > it->bad * BLOCK)
        return -1;
    return (ssize_t)length;
}

static void run(int64_t size, unsigned samples, int64_t bad, int64_t width, int64_t limit_ms)
{
    const struct disk_source source = {read_imagined, &disk, size, BLOCK};

    disk = (struct imagined){.bad = bad, .width = width, .lowest = INT64_MAX, .size = size};
    disk_scan_run(&scan, &source, samples, clock_monotonic_ms() + limit_ms, buffer);
    ck_assert_int_eq(disk.misaligned, 0);
}

START_TEST(odd_sizes_are_read_within_their_bounds)
{
    static const int64_t SIZES[] = {
        BLOCK,           DISK_SAMPLE,      DISK_SAMPLE + BLOCK, BLOCK + 1, 10 * DISK_SAMPLE,
        1000000 * BLOCK, INT64_C(1) << 44, INT64_C(7) << 59};

    run(BLOCK - 1, 256, 0, 0, 10000);
    ck_assert_uint_eq(scan.done, 0);
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        run(SIZES[i], 256, 0, 0, 10000);
        ck_assert_uint_eq(scan.done, scan.planned);
        ck_assert_uint_eq(scan.errors, 0);
        ck_assert_int_eq(disk.lowest, 0);
        ck_assert_int_eq(disk.highest, SIZES[i] / BLOCK * BLOCK);
    }
}
END_TEST

START_TEST(a_small_disk_is_read_whole_so_any_bad_block_is_found)
{
    for (int64_t bad = 0; bad < 4096; bad += 455) {
        run(4096 * BLOCK, 256, bad, 1, 10000);
        ck_assert_uint_ge(scan.errors, 1);
        ck_assert_int_eq(scan.bad_lba[0], bad);
    }
    run(4097 * BLOCK, 256, 4096, 1, 10000);
    ck_assert_int_eq(scan.bad_lba[0], 4096);
}
END_TEST

START_TEST(it_stops_after_enough_errors)
{
    run(INT64_C(1) << 40, 256, 0, INT64_C(1) << 32, 10000);
    ck_assert_uint_eq(scan.errors, DISK_ERRORS_MAX);
    ck_assert_uint_eq(scan.done, DISK_ERRORS_MAX);
    ck_assert_int_eq(scan.bytes, 0);
}
END_TEST

START_TEST(it_stops_when_time_is_over)
{
    run(INT64_C(1) << 40, 256, 0, 0, -1);
    ck_assert_uint_eq(scan.planned, 256);
    ck_assert_uint_eq(scan.done, 0);
}
END_TEST

CHECK_MAIN("disk_scan", odd_sizes_are_read_within_their_bounds,
           a_small_disk_is_read_whole_so_any_bad_block_is_found, it_stops_after_enough_errors,
           it_stops_when_time_is_over)
