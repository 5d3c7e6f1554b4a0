/* task_facts.h - what an agent says has happened. Facts are recorded on task id + site + any epoch
 * of task_grant, whatever lease, session or controller; the edges for each are in
 * docs/task-states.md. All calls run inside the transaction of a book (task_book.h): the caller
 * writes the book, moves the agent's stream position and commits.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/ids.h"

struct error;
struct task_book;

/* Whose task this is, from its grant: 1 and fact->tenant;
 * 0: no grant of this task at this site (to be dropped, counted, audited by the caller). */
struct task_fact {
    struct uuid tenant, task, site, agent; /* tenant: filled by task_facts_find() */
    uint64_t epoch;
    int64_t at_us;
    uint64_t sequence;      /* of the agent's journal */
    const char *agent_name; /* borrowed */
};
int task_facts_find(struct task_book *book, struct task_fact *fact, struct error *err);

int task_facts_accepted(struct task_book *book, const struct task_fact *fact, struct error *err);
int task_facts_declined(struct task_book *book, const struct task_fact *fact, const char *code,
                        const char *text, struct error *err);
int task_facts_released(struct task_book *book, const struct task_fact *fact, const char *text,
                        struct error *err);
int task_facts_started(struct task_book *book, const struct task_fact *fact, unsigned attempt,
                       struct error *err);
int task_facts_uncertain(struct task_book *book, const struct task_fact *fact, const char *step,
                         const char *text, struct error *err);
int task_facts_not_held(struct task_book *book, const struct task_fact *fact, struct error *err);
/* An order of it was refused by the agent's verify ladder: told in the timeline. One that no
 * repetition can help (malformed, unsupported) ends the task as failed; others come again. */
int task_facts_refused(struct task_book *book, const struct task_fact *fact, const char *code,
                       const char *text, struct error *err);
/* The grant whose order had these bytes: its task and epoch in '*fact', as task_facts_find(). For a
 * refusal of what the agent could not read. */
int task_facts_find_order(struct task_book *book, struct task_fact *fact, const uint8_t sha256[32],
                          struct error *err);
int task_facts_cancel_answer(struct task_book *book, const struct task_fact *fact,
                             const char *answer, const char *text, struct error *err);

struct task_step {
    unsigned attempt;
    const char *name, *state, *detail, *evidence;
    int64_t duration_ms;
};
int task_facts_step(struct task_book *book, const struct task_fact *fact,
                    const struct task_step *step, struct error *err);

struct task_result {
    const char *outcome, *verdict, *restore, *stopped_at, *cause, *remedy;
    const uint8_t *report_sha256; /* 32 bytes or NULL */
    uint64_t log_size;
    int64_t started_at_us, ended_at_us;
};
/* The end: state, verdict, restore, machine hold or release, queue row gone. One that comes after a
 * person settled the task is kept beside what they said; its failed restore holds the machine. 1:
 * it took effect. 0: said again, or noted only. A RESULT that names a
 * report whose chunks are not whole yet: ERROR_STALE, the caller acknowledges nothing beyond it and
 * comes again when the chunks are in. */
int task_facts_result(struct task_book *book, const struct task_fact *fact,
                      const struct task_result *result, struct error *err);

int task_facts_log(struct task_book *book, const struct task_fact *fact, const char *source,
                   uint64_t offset, const void *data, size_t length, struct error *err);
int task_facts_report_chunk(struct task_book *book, const struct task_fact *fact, uint64_t offset,
                            uint64_t size, const uint8_t sha256[32], const void *data,
                            size_t length, struct error *err);
