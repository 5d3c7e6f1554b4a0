/* task_ticket.h - the `else` ticket of a rule's task that does not run after all: it was not
 * started in time, or what its rule requires does not hold any more.
 */
#pragma once

#include <stddef.h>

struct db;
struct error;
struct uuid;

/* In the caller's transaction of the tenant; tasks whose rule has no such ticket open none. */
int task_ticket_open(struct db *db, const struct uuid *tenant, const struct uuid *tasks,
                     size_t count, const char *why, struct error *err);
