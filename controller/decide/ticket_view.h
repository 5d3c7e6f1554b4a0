/* ticket_view.h - tickets for people: listed, shown, closed with a reason. Rules and tasks open
 * them (ticket_store.h, task_ticket.h); nothing else changes one.
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct db;
struct db_rows;
struct error;

/* NULL: any. */
struct ticket_filter {
    struct uuid tenant;
    const struct uuid *before, *machine;
    const char *state, *queue;
    int64_t limit;
};
/* One JSON document a row (column 0), newest first; column 1 is the id. */
struct db_rows *ticket_view_list(struct db *db, const struct ticket_filter *filter,
                                 struct error *err);
/* Rows id, state of at most two whose id begins so: 'prefix' has hex digits and '-' only. */
struct db_rows *ticket_view_find(struct db *db, const struct uuid *tenant, const char *prefix,
                                 struct error *err);
struct db_rows *ticket_view_show(struct db *db, const struct uuid *tenant,
                                 const struct uuid *ticket, struct error *err);
/* In the caller's transaction. 1: closed now; 0: it was already, or is not there. */
int ticket_view_close(struct db *db, const struct uuid *tenant, const struct uuid *ticket,
                      const char *who, const char *reason, struct error *err);
