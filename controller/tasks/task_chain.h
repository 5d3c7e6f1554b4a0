/* task_chain.h - the digest over a task's fact records as they came, which the agent's RESULT signs
 * for (docs/wire-format.md, facts_digest). Read and written with the facts, in one transaction.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct db;
struct error;
struct task_fact;

/* The chains of one transaction. Zeroed: none. */
struct task_chain {
    struct uuid tenant, task;
    uint8_t digest[32];
    bool grown;
};
struct task_chains {
    struct task_chain *items;
    size_t count, room;
};

/* The fact's task's, as far as records of 'journal' are in; the transaction names its tenant.
 * Borrowed until the next call; NULL: 'err'. */
struct task_chain *task_chains_of(struct task_chains *chains, struct db *db,
                                  const struct task_fact *fact, const struct uuid *journal,
                                  struct error *err);
int task_chain_grow(struct task_chain *chain, const void *record, size_t length, struct error *err);
/* What has grown is written; leaves the transaction naming any tenant. */
int task_chains_save(struct task_chains *chains, struct db *db, const struct uuid *journal,
                     struct error *err);
void task_chains_clear(struct task_chains *chains);

/* A RESULT took effect: does it sign for what came? What differs is noted and audited, and stands:
 * the outcome is the agent's signed word. */
int task_chain_judge(struct db *db, const struct task_fact *fact, bool agrees, const char *who,
                     struct error *err);
