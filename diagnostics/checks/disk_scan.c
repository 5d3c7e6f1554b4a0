/* disk_scan.c - see disk_scan.h. */
#include "diagnostics/checks/disk_scan.h"

#include <string.h>

#include "common/clock.h"

static int readable(const struct disk_source *source, void *buffer, int64_t offset, size_t length)
{
    return source->read(source->handle, buffer, length, offset) == (ssize_t)length;
}

/* Halve a range whose reading failed until one block is left. If neither half fails alone, the
 * error has gone with the retry: its start is told. */
static int64_t first_bad(const struct disk_source *source, void *buffer, int64_t offset,
                         size_t length, int64_t until_ms)
{
    while (length > source->block && clock_monotonic_ms() < until_ms) {
        size_t half = length / 2 / source->block * source->block;

        if (half == 0)
            half = source->block;
        if (readable(source, buffer, offset, half)) {
            offset += (int64_t)half;
            length -= half;
        } else {
            length = half;
        }
    }
    return offset / source->block;
}

static void take_sample(struct disk_scan *scan, const struct disk_source *source, void *buffer,
                        int64_t offset, size_t length, int64_t until_ms)
{
    int64_t start_ms = clock_monotonic_ms(), took_ms;
    int good = readable(source, buffer, offset, length);

    took_ms = clock_monotonic_ms() - start_ms;
    if (took_ms > scan->slowest_ms)
        scan->slowest_ms = took_ms;
    scan->done++;
    if (good)
        scan->bytes += (int64_t)length;
    else
        scan->bad_lba[scan->errors++] = first_bad(source, buffer, offset, length, until_ms);
}

void disk_scan_run(struct disk_scan *scan, const struct disk_source *source, unsigned samples,
                   int64_t until_ms, void *buffer)
{
    int64_t size = source->size / source->block * source->block, start_ms = clock_monotonic_ms();
    size_t length = size < DISK_SAMPLE ? (size_t)size : DISK_SAMPLE;
    int64_t places = length ? (size + (int64_t)length - 1) / (int64_t)length : 0, span;

    memset(scan, 0, sizeof(*scan));
    scan->planned = places < samples ? (unsigned)places : samples;
    span = size - (int64_t)length; /* where the last sample starts */
    for (unsigned i = 0; i < scan->planned && scan->errors < DISK_ERRORS_MAX; i++) {
        int64_t offset = 0;

        if (clock_monotonic_ms() >= until_ms)
            break;
        if (scan->planned > 1) /* in two parts: span * i would overflow on a large disk */
            offset = span / (scan->planned - 1) * i +
                     span % (scan->planned - 1) * i / (scan->planned - 1);
        offset = offset / source->block * source->block;
        take_sample(scan, source, buffer, offset, length, until_ms);
    }
    scan->elapsed_ms = clock_monotonic_ms() - start_ms;
}
