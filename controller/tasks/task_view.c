/* task_view.c - see task_view.h. Reads the tables of tasks, never writes. */
#include "controller/tasks/task_view.h"

#include <stdio.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_view.sql.h"

struct db_rows *task_view_list(struct db *db, const struct task_filter *filter, struct error *err)
{
    return db_query(db, SQL_TASK_VIEW_LIST, err, "uusuui", &filter->tenant, filter->before,
                    filter->state, filter->machine, filter->alert, filter->limit);
}

struct db_rows *task_view_find(struct db *db, const struct uuid *tenant, const char *prefix,
                               struct error *err)
{
    char pattern[UUID_TEXT_SIZE + 1];

    snprintf(pattern, sizeof(pattern), "%.*s%%", UUID_TEXT_SIZE - 1, prefix);
    return db_query(db, SQL_TASK_VIEW_FIND, err, "us", tenant, pattern);
}

struct db_rows *task_view_show(struct db *db, const struct uuid *tenant, const struct uuid *task,
                               struct error *err)
{
    return db_query(db, SQL_TASK_VIEW_SHOW, err, "uu", tenant, task);
}

struct db_rows *task_view_events(struct db *db, const struct uuid *tenant, const struct uuid *task,
                                 int64_t limit, struct error *err)
{
    return db_query(db, SQL_TASK_VIEW_EVENTS, err, "uui", tenant, task, limit);
}

struct db_rows *task_view_log(struct db *db, const struct uuid *tenant, const struct uuid *task,
                              const char *source, int64_t offset, int64_t limit, struct error *err)
{
    return db_query(db, SQL_TASK_VIEW_LOG, err, "uusii", tenant, task, source, offset, limit);
}

struct db_rows *task_view_report(struct db *db, const struct uuid *tenant, const struct uuid *task,
                                 struct error *err)
{
    return db_query(db, SQL_TASK_VIEW_REPORT, err, "uu", tenant, task);
}

int task_view_now(struct db *db, int64_t *ret_now_us, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_TASK_VIEW_NOW, err, "");

    if (!rows)
        return -1;
    *ret_now_us = db_time(rows, 0, 0);
    db_rows_destroy(rows);
    return 0;
}

int task_view_twin(struct db *db, const struct uuid *tenant, const struct uuid *machine,
                   const struct uuid *image_version, const char *params_json, const char *after,
                   int64_t schedule_us, struct uuid *ret_task, struct error *err)
{
    struct db_rows *rows;
    int count;

    if (db_execute(db, SQL_TASK_VIEW_LOCK, err, "u", machine) < 0 ||
        !(rows = db_query(db, SQL_TASK_VIEW_TWIN, err, "uuujst", tenant, machine, image_version,
                          params_json, after, schedule_us)))
        return -1;
    if ((count = (int)db_rows_count(rows)) > 0)
        *ret_task = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    return count;
}
