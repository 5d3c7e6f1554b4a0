/* audit_view.c - see audit_view.h. Reads tables audit and audit_body, never writes. */
#include "controller/audit/audit_view.h"

#include "common/error.h"
#include "controller/audit/audit_view.sql.h"
#include "controller/db/db.h"

struct db_rows *audit_view_list(struct db *db, const struct audit_filter *filter, struct error *err)
{
    return db_query(db, SQL_AUDIT_VIEW_LIST, err, "uusssui", &filter->tenant, filter->before,
                    filter->action, filter->outcome, filter->object, filter->id, filter->limit);
}
