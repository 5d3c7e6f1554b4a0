/* task_view.h - tasks as people read them: the list, one with its whole chain, its timeline, log
 * and report. Reads only; every call is inside a transaction of the tenant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

struct task_filter {
    struct uuid tenant;
    const struct uuid *before; /* NULL: from the newest; the next NULL: every */
    const char *state;         /* a state, or "open": not ended */
    const struct uuid *machine, *alert;
    int64_t limit;
};
/* One JSON document a row (column 0), newest first; column 1 is the id. */
struct db_rows *task_view_list(struct db *db, const struct task_filter *filter, struct error *err);

/* Ids that begin like this, at most two: columns id, state, event count, log size, has a report,
 * ended more than 30 s ago (its last log lines are in, or will not come). */
struct db_rows *task_view_find(struct db *db, const struct uuid *tenant, const char *prefix,
                               struct error *err);
/* One row, column 0: the document with alert, rule, decision, grants. */
struct db_rows *task_view_show(struct db *db, const struct uuid *tenant, const struct uuid *task,
                               struct error *err);
/* One JSON document a row (column 0), in the order in which they were recorded; column 1 is the id.
 */
struct db_rows *task_view_events(struct db *db, const struct uuid *tenant, const struct uuid *task,
                                 int64_t limit, struct error *err);
/* Pieces from 'offset' on, at most 'limit': columns offset, data. */
struct db_rows *task_view_log(struct db *db, const struct uuid *tenant, const struct uuid *task,
                              const char *source, int64_t offset, int64_t limit, struct error *err);
/* No row, or one: column 0 the report. */
struct db_rows *task_view_report(struct db *db, const struct uuid *tenant, const struct uuid *task,
                                 struct error *err);

/* The database's clock at the transaction's begin: what task_create() compares schedule_time with.
 */
int task_view_now(struct db *db, int64_t *ret_now_us, struct error *err);

/* An open task that asks for the same: same machine, image version, parameters and 'after', and the
 * same time
 * ('schedule_us' INT64_MIN: at once). 1 and its id, or 0. Until the transaction's end no other
 * transaction gets an answer for this machine. */
int task_view_twin(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                   const struct uuid *image_version, const char *params_json, const char *after,
                   int64_t schedule_us, struct uuid *ret_task, struct error *err);
