/* disks.c - disks: can they be read, and what do they say of themselves. Nothing is ever written:
 * disks are opened read-only.
 */
#include "diagnostics/checks/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "diagnostics/check.h"
#include "diagnostics/checks/disk_scan.h"
#include "diagnostics/tree_file.h"

#define SAMPLES_DEFAULT 256 /* 16 MiB; about three seconds of seeking on a slow disk */
#define SAMPLES_MAX 99999
#define DISK_MS 20000        /* for one disk, and less when many share the check's time */
#define STOP_EARLY_MS 5000   /* before the check would be killed */
#define CONTROLLERS_MS 30000 /* how long a controller may search for its disks */
#define LOOK_AGAIN_MS 250
#define ALIGNMENT 4096
#define REALLOCATED_MAX 9 /* a few at birth are usual */
#define WEAR_MAX 95

#define REPLACE_REMEDY "Replace the disk; its data may be incomplete, so restore from elsewhere."

static const char *const NOT_DISKS[] = {"loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"};

/* SPC-4, 7.8.13: four bytes of header, then the serial number. */
static void read_scsi_serial(const char *root, const char *name, char *out, size_t size)
{
    char path[128];
    size_t length, at = 4;
    char *page;

    snprintf(path, sizeof(path), "/sys/block/%.31s/device/vpd_pg80", name);
    page = tree_file_load(root, path, 512, &length);
    if (page && length > 4) {
        while (at < length && page[at] == ' ')
            at++;
        snprintf(out, size, "%.*s", (int)(length - at), page + at);
    }
    free(page);
}

static enum smart_kind smart_kind(const char *root, const char *name)
{
    char vendor[32];

    if (strncmp(name, "nvme", 4) == 0)
        return SMART_NVME;
    if (strncmp(name, "sd", 2) != 0)
        return SMART_NONE;
    tree_file_read(root, vendor, sizeof(vendor), "/sys/block/%s/device/vendor", name);
    return strcmp(vendor, "ATA") == 0 ? SMART_ATA : SMART_SCSI;
}

static void trim(char *text)
{
    size_t length = strlen(text);

    while (length && text[length - 1] == ' ')
        text[--length] = '\0';
}

int disk_describe(const char *root, const char *name, struct disk *ret_disk)
{
    struct disk disk = {.block = 512};
    int64_t sectors;

    for (unsigned i = 0; i < sizeof(NOT_DISKS) / sizeof(NOT_DISKS[0]); i++)
        if (strncmp(name, NOT_DISKS[i], strlen(NOT_DISKS[i])) == 0)
            return 0;
    sectors = tree_file_integer(root, 0, "/sys/block/%s/size", name);
    if (strlen(name) >= sizeof(disk.name) || sectors <= 0 || sectors > INT64_MAX / 512)
        return 0;
    snprintf(disk.name, sizeof(disk.name), "%s", name);
    disk.size = sectors * 512;
    sectors = tree_file_integer(root, 512, "/sys/block/%s/queue/logical_block_size", name);
    if (sectors >= 512 && sectors <= ALIGNMENT)
        disk.block = (unsigned)sectors;
    tree_file_read(root, disk.model, sizeof(disk.model), "/sys/block/%s/device/model", name);
    if (!tree_file_read(root, disk.serial, sizeof(disk.serial), "/sys/block/%s/serial", name) &&
        !tree_file_read(root, disk.serial, sizeof(disk.serial), "/sys/block/%s/device/serial",
                        name))
        read_scsi_serial(root, name, disk.serial, sizeof(disk.serial));
    trim(disk.serial);
    trim(disk.model);
    disk.smart_kind = smart_kind(root, name);
    *ret_disk = disk;
    return 1;
}

/* Whether the device of /sys/block/NAME hangs below the PCI device 'address'. */
static bool is_below(const char *root, const char *name, const char *address)
{
    char path[PATH_MAX], target[PATH_MAX], part[64];
    ssize_t length;

    snprintf(path, sizeof(path), "%s/sys/block/%s", root, name);
    length = readlink(path, target, sizeof(target) - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    snprintf(part, sizeof(part), "/%.32s/", address);
    return strstr(target, part) != NULL;
}

static bool has_disk(const char *root, const struct tree_names *disks, const char *address)
{
    for (size_t i = 0; i < disks->count; i++)
        if (is_below(root, disks->names[i], address))
            return true;
    return false;
}

unsigned disk_controllers_searching(const char *root)
{
    struct tree_names devices, disks;
    unsigned count = 0;

    tree_names_read(&devices, root, "/sys/bus/pci/devices");
    tree_names_read(&disks, root, "/sys/block");
    for (size_t i = 0; i < devices.count; i++) {
        int64_t class =
            tree_file_integer(root, 0, "/sys/bus/pci/devices/%s/class", devices.names[i]) >> 8;

        if ((class == 0x0104 || class == 0x0107) && !has_disk(root, &disks, devices.names[i]))
            count++;
    }
    tree_names_clear(&disks);
    tree_names_clear(&devices);
    return count;
}

static void wait_for_controllers(const struct check_context *context, struct check_result *result)
{
    int64_t until_ms = clock_monotonic_ms() + CONTROLLERS_MS;
    unsigned searching;

    if (until_ms > context->until_ms - STOP_EARLY_MS)
        until_ms = context->until_ms - STOP_EARLY_MS;
    while ((searching = disk_controllers_searching(context->root)) &&
           clock_monotonic_ms() < until_ms)
        poll(NULL, 0, LOOK_AGAIN_MS);
    json_out_integer(&result->evidence, "controllers_without_disk", searching);
}

static const char *serial_of(const struct disk *disk)
{
    return disk->serial[0] ? disk->serial : "not reported";
}

void disk_judge_scan(const struct disk *disk, const struct disk_scan *scan,
                     struct check_result *result)
{
    json_out_integer(&result->evidence, "samples_planned", scan->planned);
    json_out_integer(&result->evidence, "samples", scan->done);
    json_out_integer(&result->evidence, "bytes_read", scan->bytes);
    json_out_integer(&result->evidence, "read_ms", scan->elapsed_ms);
    json_out_integer(&result->evidence, "slowest_ms", scan->slowest_ms);
    json_out_integer(&result->evidence, "read_errors", scan->errors);
    json_out_open(&result->evidence, "bad_lba", '[');
    for (unsigned i = 0; i < scan->errors; i++)
        json_out_integer(&result->evidence, NULL, scan->bad_lba[i]);
    json_out_close(&result->evidence, ']');
    if (scan->errors)
        check_finding(result, CHECK_DEGRADED, REPLACE_REMEDY,
                      "disk %s (serial %s) cannot be read at LBA %lld; %u of %u samples failed",
                      disk->name, serial_of(disk), (long long)scan->bad_lba[0], scan->errors,
                      scan->done);
}

static void warn(const struct disk *disk, struct check_result *result, const char *what,
                 int64_t count)
{
    check_finding(result, CHECK_DEGRADED, REPLACE_REMEDY, "disk %s (serial %s): %s (%lld)",
                  disk->name, serial_of(disk), what, (long long)count);
}

static void put(struct check_result *result, const char *name, int64_t value)
{
    if (value >= 0)
        json_out_integer(&result->evidence, name, value);
}

void disk_judge_smart(const struct disk *disk, const struct smart *smart,
                      struct check_result *result)
{
    json_out_open(&result->evidence, "smart", '{');
    json_out_bool(&result->evidence, "failing", smart->failing);
    put(result, "critical_warning", smart->critical_warning);
    put(result, "reallocated", smart->reallocated);
    put(result, "pending", smart->pending);
    put(result, "uncorrectable", smart->uncorrectable);
    put(result, "media_errors", smart->media_errors);
    put(result, "wear_percent", smart->wear_percent);
    put(result, "spare_percent", smart->spare_percent);
    put(result, "spare_threshold", smart->spare_threshold);
    put(result, "temperature_c", smart->temperature_c);
    put(result, "hours", smart->hours);
    put(result, "crc_errors", smart->crc_errors);
    json_out_close(&result->evidence, '}');
    if (smart->failing)
        warn(disk, result, "it says itself that it is failing; critical warning",
             smart->critical_warning);
    if (smart->pending > 0)
        warn(disk, result, "sectors wait to be reallocated", smart->pending);
    if (smart->uncorrectable > 0)
        warn(disk, result, "sectors are lost", smart->uncorrectable);
    if (smart->media_errors > 0)
        warn(disk, result, "reads have failed in its past", smart->media_errors);
    if (smart->reallocated > REALLOCATED_MAX)
        warn(disk, result, "sectors were reallocated", smart->reallocated);
    if (smart->wear_percent > WEAR_MAX)
        warn(disk, result, "its flash is worn out, in percent of its life", smart->wear_percent);
}

static ssize_t read_fd(void *handle, void *bytes, size_t length, int64_t offset)
{
    return pread(*(int *)handle, bytes, length, offset);
}

static void look_into(const struct check_context *context, const struct disk *disk, int fd,
                      void *buffer, int64_t until_ms, struct check_result *result)
{
    unsigned samples = (unsigned)grant_param_integer(
        context->params, context->param_count, "disk_samples", SAMPLES_DEFAULT, 1, SAMPLES_MAX);
    struct disk_source source = {read_fd, &fd, disk->size, disk->block};
    struct disk_scan scan;
    struct smart smart;
    const char *why;

    disk_scan_run(&scan, &source, samples, until_ms, buffer);
    disk_judge_scan(disk, &scan, result);
    check_log(context, "%s: %u samples, %u errors, %lld ms", disk->name, scan.done, scan.errors,
              (long long)scan.elapsed_ms);
    if (smart_read(fd, disk->smart_kind, &smart, &why) == 0)
        disk_judge_smart(disk, &smart, result);
    else
        json_out_string(&result->evidence, "smart_not_run", why);
}

static void check_one(const struct check_context *context, const struct disk *disk, void *buffer,
                      int64_t until_ms, struct check_result *result)
{
    char path[64];
    int fd;

    json_out_open(&result->evidence, NULL, '{');
    json_out_string(&result->evidence, "name", disk->name);
    json_out_string(&result->evidence, "model", disk->model);
    json_out_string(&result->evidence, "serial", disk->serial);
    json_out_integer(&result->evidence, "bytes", disk->size);
    snprintf(path, sizeof(path), "/dev/%s", disk->name);
    fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0) {
        check_finding(result, CHECK_DEGRADED, REPLACE_REMEDY,
                      "disk %s (serial %s) cannot be opened: %s", disk->name, serial_of(disk),
                      strerror(errno));
    } else {
        look_into(context, disk, fd, buffer, until_ms, result);
        close(fd);
    }
    json_out_close(&result->evidence, '}');
}

static size_t find_disks(const struct check_context *context, const struct tree_names *names,
                         struct disk *disks)
{
    size_t count = 0;

    for (size_t i = 0; i < names->count; i++)
        count += (size_t)disk_describe(context->root, names->names[i], &disks[count]);
    return count;
}

void check_disks(const struct check_context *context, struct check_result *result)
{
    struct tree_names names;
    struct disk *disks = NULL;
    void *buffer = NULL;
    size_t count = 0;

    wait_for_controllers(context, result);
    tree_names_read(&names, context->root, "/sys/block");
    disks = calloc(names.count + 1, sizeof(*disks));
    if (disks && posix_memalign(&buffer, ALIGNMENT, DISK_SAMPLE) == 0)
        count = find_disks(context, &names, disks);
    json_out_open(&result->evidence, "disks", '[');
    for (size_t i = 0; i < count; i++) {
        int64_t now = clock_monotonic_ms();
        int64_t share = (context->until_ms - STOP_EARLY_MS - now) / (int64_t)(count - i);

        check_one(context, &disks[i], buffer, now + (share < DISK_MS ? share : DISK_MS), result);
    }
    json_out_close(&result->evidence, ']');
    if (count == 0)
        check_not_run(result, "None, for a machine without disks; else look at its controller.",
                      "the machine shows no disk");
    else
        check_passed(result, "%zu disks, every sample was read", count);
    free(buffer);
    free(disks);
    tree_names_clear(&names);
}
