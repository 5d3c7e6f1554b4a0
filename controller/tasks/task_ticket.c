/* task_ticket.c - see task_ticket.h. */
#include "controller/tasks/task_ticket.h"

#include <stdlib.h>

#include "common/error.h"
#include "common/ids.h"
#include "controller/db/db.h"
#include "controller/tasks/task_ticket.sql.h"

int task_ticket_open(struct db *db, const struct uuid *tenant, const struct uuid *tasks,
                     size_t count, const char *why, struct error *err)
{
    struct uuid *ids = calloc(count + 1, sizeof(*ids));
    int rc;

    if (!ids)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        ids[i] = uuid_make();
    rc = db_execute(db, SQL_TASK_TICKET_OPEN, err, "uUUs", tenant, count, tasks, count, ids, why);
    free(ids);
    return rc < 0 ? -1 : 0;
}
