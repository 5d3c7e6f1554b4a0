/* ticket_store.h - rows of table ticket that rules open: what a person must look at since no task
 * may be made. Inside the caller's transaction, for its tenant.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;

struct ticket_row {
    struct uuid machine, rule, decision, alert; /* machine nil: unknown */
    int64_t rule_version, priority;
    char *queue, *title, *reason; /* owned by the list */
};
struct ticket_rows {
    struct ticket_row *rows;
    size_t count, room;
};

/* Appends; texts are copied. */
int ticket_rows_add(struct ticket_rows *rows, const struct ticket_row *row, const char *queue,
                    const char *title, const char *reason, struct error *err);
void ticket_rows_clear(struct ticket_rows *rows);

int ticket_store(struct db *db, const struct uuid *tenant, const struct ticket_rows *rows,
                 struct error *err);
