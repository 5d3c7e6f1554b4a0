/* task_journal.c - see task_journal.h, journal_write.h. The thread: it takes all that is waiting,
 * makes it durable with one fsync, then tells whoever asked. Invariants: batches commit in the
 * order they were handed over; nobody is told before the commit returned; while the disk refuses,
 * the batches stay where they are and 'trouble' says why.
 */
#include "agent/journal/task_journal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "agent/journal/journal_job.h"
#include "agent/journal/journal_room.h"
#include "agent/journal/journal_store.h"
#include "common/clock.h"
#include "common/fault_point.h"
#include "common/handover.h"

/* The logs of about four tasks at their cap of 16 MiB; the disk of a site's box holds more, the
 * operator may say so. */
#define BULK_BUDGET ((uint64_t)64 * 1024 * 1024)
#define KEEP_US ((int64_t)35 * 24 * 3600 * 1000000)
#define FORGET_EVERY_MS (24 * 3600 * 1000LL)
#define RETRY_MS 2000
/* Bounds how long a read waits behind writes. */
#define GROUP_MAX 256

struct task_journal {
    pthread_mutex_t lock;
    pthread_cond_t wake;     /* the thread: something waits, or stop */
    pthread_cond_t answered; /* callers: a job has finished */
    pthread_t thread;
    bool started, stopping;
    struct journal_store *store; /* the thread's */
    struct journal_room *room;
    int64_t next_forget_ms; /* the thread's */
    int heads_fd;
    /* Under the lock: */
    struct journal_batch *first, **last;
    struct job *jobs, **last_job;
    uint64_t acknowledged[3]; /* by stream, to be written lazily; 0: none */
    uint64_t facts_head, bulk_head;
    uint64_t budget, commits;
    int64_t controller_time_us; /* 0: not told yet */
    bool in_trouble, is_damaged;
    bool lost[3]; /* by stream: its records lie on a damaged page */
    struct error trouble, damage;
#ifdef MUSTER_FAULTS
    uint64_t crash_after;
#endif
};

/* ---- the thread ---- */

static void show_heads(struct task_journal *journal)
{
    const struct journal_identity *now = journal_store_identity(journal->store);
    uint64_t one = 1;

    pthread_mutex_lock(&journal->lock);
    if (now->facts_head != journal->facts_head || now->bulk_head != journal->bulk_head) {
        journal->facts_head = now->facts_head;
        journal->bulk_head = now->bulk_head;
        /* Cannot fail: a counter below its maximum. */
        if (write(journal->heads_fd, &one, sizeof(one)) < 0)
            journal->in_trouble = true;
    }
    pthread_mutex_unlock(&journal->lock);
}

static void set_trouble(struct task_journal *journal, const struct error *why)
{
    pthread_mutex_lock(&journal->lock);
    journal->in_trouble = why != NULL;
    if (why)
        journal->trouble = *why;
    pthread_mutex_unlock(&journal->lock);
}

/* For good: what can still be written is written, but nothing new is begun on it. 'stream': whose
 * records were read or written, 0: none. 'before': the damages that were met before that. */
static void look_for_damage(struct task_journal *journal, int stream, unsigned before,
                            const struct error *why)
{
    uint64_t one = 1;

    if (journal_store_damages(journal->store) == before)
        return;
    pthread_mutex_lock(&journal->lock);
    if (!journal->is_damaged)
        journal->damage = *why;
    journal->is_damaged = true;
    if (stream && !journal->lost[stream]) {
        journal->lost[stream] = true;
        /* The link looks up. Cannot fail: a counter below its maximum. */
        if (write(journal->heads_fd, &one, sizeof(one)) < 0)
            journal->in_trouble = true;
    }
    pthread_mutex_unlock(&journal->lock);
}

static bool has_facts(const struct journal_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].kind == ITEM_RECORD && batch->items[i].stream == JOURNAL_FACTS)
            return true;
    return false;
}

static void answer(struct journal_batch *batch, int rc, const struct error *err)
{
    struct handover *reply = batch->reply;

    batch->rc = rc;
    if (rc < 0 && err != &batch->err)
        batch->err = *err;
    if (!reply || handover_send(reply, batch) < 0)
        journal_batch_destroy(batch); /* its owner is gone */
}

/* Takes the oldest 'count' batches off the queue. */
static void unlink_first(struct task_journal *journal, size_t count)
{
    pthread_mutex_lock(&journal->lock);
    while (count-- > 0)
        journal->first = journal->first->next;
    if (!journal->first)
        journal->last = &journal->first;
    pthread_mutex_unlock(&journal->lock);
}

static void committed(struct task_journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    journal->commits++;
#ifdef MUSTER_FAULTS
    if (journal->crash_after && journal->commits == journal->crash_after)
        kill(getpid(), SIGKILL);
#endif
    pthread_mutex_unlock(&journal->lock);
}

static size_t group_limit(const struct task_journal *journal)
{
#ifdef MUSTER_FAULTS
    if (journal->crash_after)
        return 1;
#endif
    (void)journal;
    return GROUP_MAX;
}

/* Old tasks go once a day, by the controller's clock: the box's own may be weeks ahead. */
static int forget(struct task_journal *journal, struct error *err)
{
    int64_t now_us;

    pthread_mutex_lock(&journal->lock);
    now_us = journal->controller_time_us;
    pthread_mutex_unlock(&journal->lock);
    if (!now_us || clock_monotonic_ms() < journal->next_forget_ms)
        return 0;
    journal->next_forget_ms = clock_monotonic_ms() + FORGET_EVERY_MS;
    return journal_store_forget(journal->store, now_us - KEEP_US, err);
}

/* Make the first 'count' batches from 'first' on durable. -1: none of them is, try again later.
 * Without 'durable' the transaction stays open.
 * The 'next' of the last one is not ours to read: someone may be adding behind it. */
static int write_group(struct task_journal *journal, struct journal_batch *first, size_t count,
                       uint64_t budget, bool durable, struct error *err)
{
    struct journal_store *store = journal->store;
    struct journal_batch *batch = first;

    if (journal_store_begin(store, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++, batch = i < count ? batch->next : NULL) {
        unsigned damages = journal_store_damages(store);

        batch->facts_head = 0;
        batch->rc = journal_store_apply(store, batch, err);
        if (batch->rc < 0 && err->code == ERROR_UNAVAILABLE)
            goto fail;
        if (batch->rc < 0) {
            batch->err = *err; /* refused by itself; the others go on */
            look_for_damage(journal, has_facts(batch) ? JOURNAL_FACTS : 0, damages, err);
        }
    }
    if (forget(journal, err) < 0 || journal_store_thin(store, budget, err) < 0 ||
        (durable && journal_store_commit(store, err) < 0))
        goto fail;
    return 0;
fail:
    journal_store_rollback(store);
    return -1;
}

/* The oldest batches that go into one fsync. */
static struct journal_batch *waiting(struct task_journal *journal, size_t *ret_count,
                                     uint64_t *ret_budget)
{
    struct journal_batch *first;

    pthread_mutex_lock(&journal->lock);
    first = journal->first;
    *ret_count = 0;
    for (struct journal_batch *batch = first; batch && *ret_count < group_limit(journal);
         batch = batch->next)
        ++*ret_count;
    *ret_budget = journal->budget;
    pthread_mutex_unlock(&journal->lock);
    /* A spool that may not grow makes room for new lines by thinning old ones. */
    if (!journal_room_is_enough(journal->room, NULL) &&
        journal_store_bulk_bytes(journal->store) < *ret_budget)
        *ret_budget = journal_store_bulk_bytes(journal->store);
    return first;
}

/* Of a build that answers too early: what a crash in between loses, its runs believe in. */
static int commit_late(struct task_journal *journal, struct error *err)
{
    FAULT_POINT("agent_commit_late");
    return journal_store_commit(journal->store, err);
}

/* They cannot be made durable, now or later. */
static void refuse_all(struct task_journal *journal, struct journal_batch *first, size_t count,
                       const struct error *err)
{
    struct journal_batch *next;

    /* The file as a whole: nothing is told any more. */
    look_for_damage(journal, JOURNAL_FACTS, 0, err);
    unlink_first(journal, count);
    for (; count > 0; count--, first = next) {
        next = first->next;
        answer(first, -1, err);
    }
}

/* 0: written, or refused for good. -1: in trouble. */
static int write_waiting(struct task_journal *journal)
{
    const bool durable = PROTECTION("intent_fsync");
    struct error err = {0};
    struct journal_batch *first, *next;
    uint64_t budget;
    size_t count;

    first = waiting(journal, &count, &budget);
    if (!first)
        return 0;
    if (write_group(journal, first, count, budget, durable, &err) < 0 &&
        !(journal_store_is_full(journal->store) && journal_room_give_up(journal->room) &&
          write_group(journal, first, count, budget, durable, &err) == 0)) {
        if (err.code == ERROR_UNAVAILABLE) {
            set_trouble(journal, &err);
            return -1;
        }
        refuse_all(journal, first, count, &err);
        return 0;
    }
    set_trouble(journal, NULL);
    committed(journal);
    FAULT_POINT("agent_record_committed");
    unlink_first(journal, count);
    show_heads(journal);
    for (; count > 0; count--, first = next) {
        next = first->next;
        answer(first, first->rc, &first->err);
    }
    return durable ? 0 : commit_late(journal, &err);
}

static void write_acknowledged(struct task_journal *journal, struct error *err)
{
    uint64_t upto[3];

    pthread_mutex_lock(&journal->lock);
    memcpy(upto, journal->acknowledged, sizeof(upto));
    memset(journal->acknowledged, 0, sizeof(upto));
    pthread_mutex_unlock(&journal->lock);
    if (!upto[JOURNAL_FACTS] && !upto[JOURNAL_BULK])
        return;
    if (journal_store_begin(journal->store, err) < 0)
        return;
    /* Lost to a full disk it is no harm: the controller says it again in its WELCOME. */
    if (journal_store_committed(journal->store, JOURNAL_FACTS, upto[JOURNAL_FACTS], err) < 0 ||
        journal_store_committed(journal->store, JOURNAL_BULK, upto[JOURNAL_BULK], err) < 0 ||
        journal_store_commit(journal->store, err) < 0)
        journal_store_rollback(journal->store);
}

static struct job *take_job(struct task_journal *journal, bool *ret_trouble)
{
    struct job *job;

    pthread_mutex_lock(&journal->lock);
    job = journal->jobs;
    /* What was handed over before must be written first, unless that cannot be done now. */
    if (job && job->strict && journal->first && !journal->in_trouble)
        job = NULL;
    if (job && !(journal->jobs = job->next))
        journal->last_job = &journal->jobs;
    *ret_trouble = journal->in_trouble;
    pthread_mutex_unlock(&journal->lock);
    return job;
}

static void run_jobs(struct task_journal *journal)
{
    bool trouble;
    struct job *job;

    while ((job = take_job(journal, &trouble))) {
        unsigned damages = journal_store_damages(journal->store);

        if (trouble && job->strict)
            job->rc =
                error_set_code(&job->err, ERROR_UNAVAILABLE, "%s", error_text(&journal->trouble));
        else
            job->rc = job->run(job, journal->store, &job->err);
        if (job->rc < 0)
            look_for_damage(journal, (int)job->stream, damages, &job->err);
        pthread_mutex_lock(&journal->lock);
        job->finished = true;
        pthread_cond_broadcast(&journal->answered);
        pthread_mutex_unlock(&journal->lock);
    }
}

static bool has_work(const struct task_journal *journal, bool stuck)
{
    return journal->jobs || (journal->first && !stuck) || journal->acknowledged[JOURNAL_FACTS] ||
           journal->acknowledged[JOURNAL_BULK];
}

/* False: stop. */
static bool wait_for_work(struct task_journal *journal, bool stuck)
{
    struct timespec until;
    bool go_on;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RETRY_MS / 1000;
    pthread_mutex_lock(&journal->lock);
    while (!journal->stopping && !has_work(journal, stuck)) {
        if (!stuck)
            pthread_cond_wait(&journal->wake, &journal->lock);
        else if (pthread_cond_timedwait(&journal->wake, &journal->lock, &until) == ETIMEDOUT)
            break;
    }
    go_on = !journal->stopping || (journal->first && !stuck) || journal->jobs;
    pthread_mutex_unlock(&journal->lock);
    return go_on;
}

static void *journal_thread(void *arg)
{
    struct task_journal *journal = arg;
    struct error err = {0};
    bool stuck = false;

    while (wait_for_work(journal, stuck)) {
        stuck = write_waiting(journal) < 0;
        write_acknowledged(journal, &err);
        run_jobs(journal);
    }
    return NULL;
}

/* ---- opening and closing ---- */

static void init_locks(struct task_journal *journal)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->answered, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&journal->wake, &attr);
    pthread_condattr_destroy(&attr);
}

static int try_store(struct task_journal *journal, const char *path, struct error *err)
{
    journal->store = journal_store_open(path, err);
    if (!journal->store)
        return -1;
    /* A new journal's id is kept from the start: HELLO names it. */
    if (journal_store_begin(journal->store, err) == 0 &&
        journal_store_commit(journal->store, err) == 0)
        return 0;
    journal_store_close(journal->store);
    journal->store = NULL;
    return -1;
}

/* An agent that was stopped on a full disk starts on its ballast, to finish what ran. */
static int open_store(struct task_journal *journal, const char *path, struct error *err)
{
    struct error first = {0};

    if (try_store(journal, path, &first) == 0)
        return 0;
    if (first.code == ERROR_UNAVAILABLE && journal_room_give_up(journal->room))
        return try_store(journal, path, err);
    if (err)
        *err = first;
    return -1;
}

struct task_journal *task_journal_open(const char *path, struct error *err)
{
    struct task_journal *journal = calloc(1, sizeof(*journal));
    int rc;

    if (!journal) {
        error_no_memory(err);
        return NULL;
    }
    init_locks(journal);
    journal->last = &journal->first;
    journal->last_job = &journal->jobs;
    journal->budget = BULK_BUDGET;
    journal->heads_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (journal->heads_fd < 0) {
        error_set(err, "eventfd: %s", strerror(errno));
        goto fail;
    }
    if (!(journal->room = journal_room_create(path, err)) || open_store(journal, path, err) < 0)
        goto fail;
    journal_room_is_enough(journal->room, NULL); /* makes the ballast */
    journal->facts_head = journal_store_identity(journal->store)->facts_head;
    journal->bulk_head = journal_store_identity(journal->store)->bulk_head;
    rc = pthread_create(&journal->thread, NULL, journal_thread, journal);
    if (rc != 0) {
        error_set(err, "start the journal's thread: %s", strerror(rc));
        goto fail;
    }
    journal->started = true;
    return journal;
fail:
    task_journal_close(journal);
    return NULL;
}

void task_journal_close(struct task_journal *journal)
{
    struct journal_batch *next;

    if (!journal)
        return;
    if (journal->started) {
        pthread_mutex_lock(&journal->lock);
        journal->stopping = true;
        pthread_cond_signal(&journal->wake);
        pthread_mutex_unlock(&journal->lock);
        pthread_join(journal->thread, NULL);
    }
    /* Only what a failing disk did not take. */
    for (struct journal_batch *batch = journal->first; batch; batch = next) {
        next = batch->next;
        answer(batch, -1, &journal->trouble);
    }
    journal_store_close(journal->store);
    journal_room_destroy(journal->room);
    if (journal->heads_fd >= 0)
        close(journal->heads_fd);
    pthread_cond_destroy(&journal->wake);
    pthread_cond_destroy(&journal->answered);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

/* ---- writing ---- */

void task_journal_write(struct task_journal *journal, struct journal_batch *batch,
                        struct handover *reply)
{
    batch->reply = reply;
    batch->next = NULL;
    pthread_mutex_lock(&journal->lock);
    *journal->last = batch;
    journal->last = &batch->next;
    pthread_cond_signal(&journal->wake);
    pthread_mutex_unlock(&journal->lock);
}

int task_journal_write_now(struct task_journal *journal, struct journal_batch *batch,
                           struct error *err)
{
    struct handover *reply = batch ? handover_create(1, NULL, err) : NULL;
    int rc;

    if (!batch)
        return error_no_memory(err);
    if (!reply) {
        journal_batch_destroy(batch);
        return -1;
    }
    task_journal_write(journal, batch, reply);
    batch = handover_receive(reply, -1);
    rc = batch->rc;
    if (rc < 0 && err)
        *err = batch->err;
    journal_batch_destroy(batch);
    handover_destroy(reply);
    return rc;
}

bool task_journal_trouble(struct task_journal *journal, struct error *ret_reason)
{
    bool trouble;

    pthread_mutex_lock(&journal->lock);
    trouble = journal->in_trouble;
    if (trouble && ret_reason)
        *ret_reason = journal->trouble;
    pthread_mutex_unlock(&journal->lock);
    return trouble;
}

const char *task_journal_refuses(struct task_journal *journal, struct error *ret_why)
{
    bool damaged;

    pthread_mutex_lock(&journal->lock);
    damaged = journal->is_damaged;
    if (damaged && ret_why)
        *ret_why = journal->damage;
    pthread_mutex_unlock(&journal->lock);
    if (damaged)
        return "journal_damaged";
    return journal_room_is_enough(journal->room, ret_why) ? NULL : "disk_full";
}

bool task_journal_lost(struct task_journal *journal, enum journal_stream stream,
                       struct error *ret_why)
{
    bool lost;

    pthread_mutex_lock(&journal->lock);
    lost = journal->lost[stream];
    if (lost && ret_why)
        *ret_why = journal->damage;
    pthread_mutex_unlock(&journal->lock);
    return lost;
}

void task_journal_set_low_water(struct task_journal *journal, uint64_t bytes)
{
    journal_room_set_mark(journal->room, bytes);
}

void task_journal_set_bulk_budget(struct task_journal *journal, uint64_t bytes)
{
    pthread_mutex_lock(&journal->lock);
    journal->budget = bytes;
    pthread_mutex_unlock(&journal->lock);
}

void task_journal_set_controller_time(struct task_journal *journal, int64_t now_us)
{
    pthread_mutex_lock(&journal->lock);
    journal->controller_time_us = now_us;
    pthread_mutex_unlock(&journal->lock);
}

uint64_t task_journal_commits(struct task_journal *journal)
{
    uint64_t commits;

    pthread_mutex_lock(&journal->lock);
    commits = journal->commits;
    pthread_mutex_unlock(&journal->lock);
    return commits;
}

#ifdef MUSTER_FAULTS
void task_journal_crash_after(struct task_journal *journal, uint64_t number)
{
    pthread_mutex_lock(&journal->lock);
    journal->crash_after = number;
    pthread_mutex_unlock(&journal->lock);
}
#endif

/* ---- reading ---- */

int journal_job_call(struct task_journal *journal, struct job *job, struct error *err)
{
    pthread_mutex_lock(&journal->lock);
    *journal->last_job = job;
    journal->last_job = &job->next;
    pthread_cond_signal(&journal->wake);
    while (!job->finished)
        pthread_cond_wait(&journal->answered, &journal->lock);
    pthread_mutex_unlock(&journal->lock);
    if (job->rc < 0 && err)
        *err = job->err;
    return job->rc;
}

int task_journal_heads_fd(const struct task_journal *journal)
{
    return journal->heads_fd;
}

void task_journal_heads(struct task_journal *journal, uint64_t *ret_facts, uint64_t *ret_bulk)
{
    uint64_t value;

    pthread_mutex_lock(&journal->lock);
    /* Nothing to read is fine: the caller only wanted to know. */
    if (read(journal->heads_fd, &value, sizeof(value)) < 0)
        value = 0;
    *ret_facts = journal->facts_head;
    *ret_bulk = journal->bulk_head;
    pthread_mutex_unlock(&journal->lock);
}

void task_journal_committed(struct task_journal *journal, enum journal_stream stream, uint64_t upto)
{
    pthread_mutex_lock(&journal->lock);
    if (upto > journal->acknowledged[stream])
        journal->acknowledged[stream] = upto;
    pthread_cond_signal(&journal->wake);
    pthread_mutex_unlock(&journal->lock);
}
