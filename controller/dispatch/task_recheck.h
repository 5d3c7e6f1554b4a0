/* task_recheck.h - whether what a rule asked for still holds now that its task is handed out: what
 * it requires, by the machine as it is now, and that a fault that had to last is not over. Asked
 * behind the lease, before anything is signed. Rules are read once a version and kept. Of one
 * thread. Spec: docs/rule-language.md, "How a rule decides".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;
struct task_recheck;

struct task_recheck *task_recheck_create(struct error *err);
void task_recheck_destroy(struct task_recheck *recheck);

struct task_answer {
    struct uuid task;
    bool holds;    /* the answer; also of a task that no rule made */
    bool ticket;   /* it does not: the rule's `else` ticket is due */
    char why[400]; /* it does not */
};
/* All of one tenant, each named in 'answers'; a transaction of its own that only reads. -1: the
 * database or memory, and nothing is answered. */
int task_recheck_ask(struct task_recheck *recheck, struct db *db, const struct uuid *tenant,
                     int64_t now_us, struct task_answer *answers, size_t count, struct error *err);
