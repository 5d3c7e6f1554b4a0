/* alert_view.c - see alert_view.h. Reads tables alert and decision, never writes. */
#include "controller/intake/alert_view.h"

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/intake/alert_view.sql.h"

struct db_rows *alert_list(struct db *db, const struct alert_filter *filter, struct error *err)
{
    return db_query(db, SQL_ALERT_LIST, err, "uusuui", &filter->tenant, filter->before,
                    filter->disposition, filter->machine, filter->id, filter->limit);
}
