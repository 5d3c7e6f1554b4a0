/* task_lost.h - tasks whose agent has lost its journal, or a part of it, or was replaced by another
 * agent: what had been sent there and not ended may have been begun, and only a person can tell.
 */
#pragma once

struct db;
struct error;
struct uuid;

/* In the caller's transaction, which is of no tenant's behind it: each task of 'site' that was sent
 * and whose grant is open becomes `unknown`, with its grants ended, so that no word of the new
 * journal settles it; one whose machine another task has is cancelled as soon as the new journal
 * says that it does not hold it. Returns how many, or -1. */
int task_lost_at(struct db *db, const struct uuid *site, struct error *err);
