/* history_retention.h - how many whole months each history table is kept (table history_retention);
 * what is older is dropped by the timers, a month at a time. The audit is kept for ever: its rows
 * may go only behind an exported checkpoint, and nothing exports one yet.
 */
#pragma once

#include <stdint.h>

struct db;
struct db_rows;
struct error;

/* One JSON document a row (column 0) by name; column 1 is the name. 'only' NULL: all. */
struct db_rows *history_retention_list(struct db *db, const char *only, struct error *err);
/* 'months' 0: for ever. 1: set; 0: there is no such history; -1: ERROR_CONFLICT for the audit. */
int history_retention_set(struct db *db, const char *name, int64_t months, struct error *err);
