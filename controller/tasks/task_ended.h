/* task_ended.h - whether a rule's tasks have ended and how they stand, for what waits for their
 * end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

struct task_end {
    bool ended;
    int64_t at_us;
    const char *state, *image; /* borrowed from the rows; NULL: there is no such task */
};

/* In the caller's transaction, for its tenant: ret[i] is of tasks[i]; one that is not there has not
 * ended. *ret_rows, the caller's, holds the texts. */
int task_ended(struct db *db, const struct uuid *tenant, const struct uuid *tasks, size_t count,
               struct task_end *ret, struct db_rows **ret_rows, struct error *err);
