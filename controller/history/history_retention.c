/* history_retention.c - see history_retention.h. */
#include "controller/history/history_retention.h"

#include "controller/db/db.h"
#include "controller/history/history_retention.sql.h"

struct db_rows *history_retention_list(struct db *db, const char *only, struct error *err)
{
    return db_query(db, SQL_HISTORY_RETENTION_LIST, err, "s", only);
}

int history_retention_set(struct db *db, const char *name, int64_t months, struct error *err)
{
    return db_execute(db, SQL_HISTORY_RETENTION_SET, err, "si", name, months);
}
