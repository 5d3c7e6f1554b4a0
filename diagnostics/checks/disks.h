/* disks.h - the disks check in steps, so that its judgement is tested without disks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnostics/checks/smart.h"

struct check_result;
struct disk_scan;

struct disk {
    char name[32]; /* vda */
    char model[64];
    char serial[64];
    int64_t size; /* bytes */
    unsigned block;
    enum smart_kind smart_kind;
};

/* 1: 'ret_disk' describes /sys/block/NAME. 0: it is no disk to check (loop, RAM, CD, empty). */
int disk_describe(const char *root, const char *name, struct disk *ret_disk);
/* PCI controllers for RAID or SAS (class 0104h, 0107h) without a disk below them: they search for
 * many seconds after their driver has started. */
unsigned disk_controllers_searching(const char *root);
void disk_judge_scan(const struct disk *disk, const struct disk_scan *scan,
                     struct check_result *result);
void disk_judge_smart(const struct disk *disk, const struct smart *smart,
                      struct check_result *result);
