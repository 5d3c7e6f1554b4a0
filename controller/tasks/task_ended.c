/* task_ended.c - see task_ended.h. */
#include "controller/tasks/task_ended.h"

#include <string.h>

#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_ended.sql.h"

int task_ended(struct db *db, const struct uuid *tenant, const struct uuid *tasks, size_t count,
               struct task_end *ret, struct db_rows **ret_rows, struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_TASK_ENDED, err, "uU", tenant, count, tasks);

    if (!rows)
        return -1;
    memset(ret, 0, count * sizeof(*ret));
    for (size_t i = 0; i < db_rows_count(rows); i++)
        ret[db_int(rows, i, 0)] = (struct task_end){.ended = !db_is_null(rows, i, 1),
                                                    .at_us = db_time(rows, i, 1),
                                                    .state = db_text(rows, i, 2),
                                                    .image = db_text(rows, i, 3)};
    *ret_rows = rows;
    return 0;
}
