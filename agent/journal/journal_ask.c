/* journal_ask.c - see task_journal.h, journal_write.h: what is asked of the journal, each a job of
 * its thread. Invariant: an answer sees every batch that was handed over before.
 */
#include "agent/journal/journal_job.h"

static int run_identity(struct job *job, struct journal_store *store, struct error *err)
{
    (void)err;
    *(struct journal_identity *)job->ret = *journal_store_identity(store);
    return 0;
}

int task_journal_identity(struct task_journal *journal, struct journal_identity *ret,
                          struct error *err)
{
    return journal_job_call(journal, &(struct job){.run = run_identity, .ret = ret}, err);
}

static int run_read(struct job *job, struct journal_store *store, struct error *err)
{
    return journal_store_read(store, job->stream, job->number, job->count, job->bytes, job->ret,
                              err);
}

int task_journal_read(struct task_journal *journal, enum journal_stream stream, uint64_t first,
                      size_t count, size_t bytes, struct journal_records *ret, struct error *err)
{
    return journal_job_call(journal,
                            &(struct job){.run = run_read,
                                          .stream = stream,
                                          .number = first,
                                          .count = count,
                                          .bytes = bytes,
                                          .ret = ret},
                            err);
}

static int run_saw_manifest(struct job *job, struct journal_store *store, struct error *err)
{
    if (journal_store_begin(store, err) < 0)
        return -1;
    if (journal_store_saw_manifest(store, job->number, err) < 0 ||
        journal_store_commit(store, err) < 0) {
        journal_store_rollback(store);
        return -1;
    }
    return 0;
}

int task_journal_saw_manifest(struct task_journal *journal, uint64_t version, struct error *err)
{
    return journal_job_call(journal, &(struct job){.run = run_saw_manifest, .number = version},
                            err);
}

static int run_find(struct job *job, struct journal_store *store, struct error *err)
{
    return journal_store_find(store, job->id, job->ret, err);
}

int task_journal_find(struct task_journal *journal, const struct uuid *task,
                      struct journal_task *ret, struct error *err)
{
    return journal_job_call(
        journal, &(struct job){.run = run_find, .strict = true, .id = task, .ret = ret}, err);
}

static int run_epoch(struct job *job, struct journal_store *store, struct error *err)
{
    return journal_store_epoch(store, job->id, job->ret, err);
}

int task_journal_epoch(struct task_journal *journal, const struct uuid *machine, uint64_t *ret,
                       struct error *err)
{
    return journal_job_call(
        journal, &(struct job){.run = run_epoch, .strict = true, .id = machine, .ret = ret}, err);
}

static int run_open_tasks(struct job *job, struct journal_store *store, struct error *err)
{
    return journal_store_open_tasks(store, job->ret, err);
}

int task_journal_open_tasks(struct task_journal *journal, struct journal_tasks *ret,
                            struct error *err)
{
    return journal_job_call(journal,
                            &(struct job){.run = run_open_tasks, .strict = true, .ret = ret}, err);
}

static int run_intents(struct job *job, struct journal_store *store, struct error *err)
{
    return journal_store_intents(store, job->id, job->ret, err);
}

int task_journal_intents(struct task_journal *journal, const struct uuid *task,
                         struct journal_intents *ret, struct error *err)
{
    return journal_job_call(
        journal, &(struct job){.run = run_intents, .strict = true, .id = task, .ret = ret}, err);
}

static int run_digest(struct job *job, struct journal_store *store, struct error *err)
{
    return journal_store_facts_digest(store, job->id, job->ret, err);
}

int task_journal_facts_digest(struct task_journal *journal, const struct uuid *task,
                              uint8_t ret_digest[32], struct error *err)
{
    return journal_job_call(
        journal, &(struct job){.run = run_digest, .strict = true, .id = task, .ret = ret_digest},
        err);
}
