/* migrate.h - the schema's migrations, compiled in from migrations/NNNN_name.sql: each in one
 * transaction, under one lock, once. `musterd migrate` applies them with the owner's credential;
 * the daemon only compares.
 */
#pragma once

struct conf_map;
struct db;
struct error;

/* Applies what is missing; 'applied' (may be NULL) hears of each. Returns how many, or -1. Refuses
 * when a migration that is in the database reads otherwise here, or is not known here and does not
 * serve this program. A migration says in a line of its own, `-- serves from: NNNN`, the last one
 * that the oldest program knows which still works with it; without it that is the migration itself.
 */
int migrate_apply(const struct conf_map *owner, void (*applied)(int number, const char *name),
                  struct error *err);

/* 0: the schema is this program's, or a later one that says it serves this program. -1: it is not,
 * the error names the remedy (ERROR_CONFLICT), or the database is away (ERROR_UNAVAILABLE). */
int migrate_check(struct db *db, struct error *err);
