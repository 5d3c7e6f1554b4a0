/* ticket_view.c - see ticket_view.h. */
#include "controller/decide/ticket_view.h"

#include <stdio.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/decide/ticket_view.sql.h"

struct db_rows *ticket_view_list(struct db *db, const struct ticket_filter *filter,
                                 struct error *err)
{
    return db_query(db, SQL_TICKET_VIEW_LIST, err, "uussui", &filter->tenant, filter->before,
                    filter->state, filter->queue, filter->machine, filter->limit);
}

struct db_rows *ticket_view_find(struct db *db, const struct uuid *tenant, const char *prefix,
                                 struct error *err)
{
    char pattern[UUID_TEXT_SIZE + 1];

    snprintf(pattern, sizeof(pattern), "%.*s%%", UUID_TEXT_SIZE - 1, prefix);
    return db_query(db, SQL_TICKET_VIEW_FIND, err, "us", tenant, pattern);
}

struct db_rows *ticket_view_show(struct db *db, const struct uuid *tenant,
                                 const struct uuid *ticket, struct error *err)
{
    return db_query(db, SQL_TICKET_VIEW_SHOW, err, "uu", tenant, ticket);
}

int ticket_view_close(struct db *db, const struct uuid *tenant, const struct uuid *ticket,
                      const char *who, const char *reason, struct error *err)
{
    return db_execute(db, SQL_TICKET_VIEW_CLOSE, err, "uuss", tenant, ticket, who, reason);
}
