/* task_chain.h - the digest over a task's fact records as they came, which the agent's RESULT signs
 * for (docs/wire-format.md, facts_digest). Read and written with the task's page, in one
 * transaction.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct task_book;
struct task_fact;
struct task_page;
struct uuid;

/* As far as records of 'journal' are in. */
void task_chain_read(const struct task_page *page, const struct uuid *journal, uint8_t ret[32]);
int task_chain_grow(struct task_page *page, const struct uuid *journal, const void *record,
                    size_t length, struct error *err);

/* A RESULT took effect: does it sign for what came? What differs is noted and audited, and stands:
 * the outcome is the agent's signed word. */
int task_chain_judge(struct task_book *book, const struct task_fact *fact, bool agrees,
                     struct error *err);
