/* journal_job.h - the inside of the journal: work that its thread does while the caller waits.
 * Shared by task_journal.c, which runs jobs, and journal_ask.c, which makes them.
 */
#pragma once

#include "agent/journal/journal_store.h"

/* A read, or a small write of the link's: run on the journal's thread, its caller waits. */
struct job {
    int (*run)(struct job *job, struct journal_store *store, struct error *err);
    bool strict; /* fails while there is trouble, for it must see what waits */
    bool finished;
    int rc;
    struct error err;
    const struct uuid *id;
    enum journal_stream stream;
    uint64_t number;
    size_t count, bytes;
    void *ret;
    struct job *next;
};

/* Waits for the thread. The job's rc, with its error. */
int journal_job_call(struct task_journal *journal, struct job *job, struct error *err);
