/* store_jobs.c - what the socket's thread hands over, in the order in which it came, but that bulk
 * yields to facts. Invariant: of one connection nothing overtakes another, except facts its bulk.
 */
#include "controller/dispatch/store_inside.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/handover.h"
#include "common/log.h"
#include "controller/db/db.h"
#include "controller/dispatch/agent_registry.h"
#include "controller/dispatch/dispatch_job.h"

#define RESUMED_MS 20 /* the same, after a session was resumed */
/* Between two looks for tasks that are due: an order waits for each. */
#define COMMITS_A_TURN 4
#define BUSY_RETRY_MS 3000
/* What an acceptance may have to wait for: so much bulk goes along with facts, since a report is
 * best committed with its RESULT; the rest waits, and goes in sets that end behind so many bytes,
 * one a turn. The windows of the sessions bound what waits. */
#define BULK_WITH_FACTS_BYTES (256 * 1024)
#define BULK_SET_BYTES (1024 * 1024)

static void say_busy(struct dispatch_store *store, uint64_t connection)
{
    store_reject(store, connection,
                 &(struct session_reject){"busy", "the controller's database is away",
                                          "nothing: the agent comes back", BUSY_RETRY_MS});
}

static int on_job(struct dispatch_store *store, struct dispatch_job *job, struct error *err)
{
    struct live *live;
    int64_t soon;

    switch (job->kind) {
    case JOB_HELLO:
    case JOB_RECORDS:
    case JOB_CLOSED:
        break; /* on_set() */
    case JOB_RESUMED:
        live = live_sessions_of_connection(store->sessions, job->connection);
        if (live)
            live->resumed = true;
        else
            store_end_unknown(store, job->connection);
        /* Something may have waited for it; a crowd that resumes is looked after together. */
        soon = clock_monotonic_ms() - STORE_POLL_MS + RESUMED_MS;
        store->polled_ms = soon < store->polled_ms ? soon : store->polled_ms;
        return 0;
    case JOB_CLONED:
        return agent_registry_quarantine(
            store->db, &job->agent, "two live agents say they are this site's: a copied disk", err);
    case JOB_POSED:
        return agent_registry_posed(store->db, &job->agent, err);
    }
    return 0;
}

void store_fail_job(struct dispatch_store *store, const struct dispatch_job *job,
                    const struct error *err)
{
    struct live *live = live_sessions_of_connection(store->sessions, job->connection);

    log_warn(STORE_ROOM, "job failed", "connection=%" PRIu64 " reason=%s", job->connection,
             log_quote(error_text(err)));
    if (live)
        store_forget(store, live);
    if (job->kind == JOB_HELLO || job->kind == JOB_RESUMED || job->kind == JOB_RECORDS)
        say_busy(store, job->connection);
}

static bool is_away(struct dispatch_store *store, const struct dispatch_job *job)
{
    struct error err = {0};

    if (store->db && db_alive(store->db))
        return false;
    error_set_code(&err, ERROR_UNAVAILABLE, "the database is away");
    store_fail_job(store, job, &err);
    return true;
}

static void on_set(struct dispatch_store *store, struct dispatch_job **jobs, size_t count)
{
    struct error err = {0};

    if (jobs[0]->kind == JOB_RECORDS)
        store_on_records(store, jobs, count);
    else if (jobs[0]->kind == JOB_HELLO)
        store_on_hellos(store, jobs, count);
    else if (store_on_closed(store, jobs, count, &err) < 0) {
        db_rollback(store->db);
        store_fail_job(store, jobs[0], &err);
    }
}

/* Of one kind; frees them. */
static void take_set(struct dispatch_store *store, struct dispatch_job **jobs, size_t *count)
{
    size_t there = 0;

    for (size_t i = 0; i < *count; i++) {
        if (is_away(store, jobs[i]))
            dispatch_job_free(jobs[i]);
        else
            jobs[there++] = jobs[i];
    }
    if (there > 0)
        on_set(store, jobs, there);
    for (size_t i = 0; i < there; i++)
        dispatch_job_free(jobs[i]);
    *count = 0;
}

static void take_job(struct dispatch_store *store, struct dispatch_job *job)
{
    struct error err = {0};

    if (!is_away(store, job) && on_job(store, job, &err) < 0) {
        db_rollback(store->db);
        store_fail_job(store, job, &err);
    }
    dispatch_job_free(job);
}

static bool goes_in_sets(const struct dispatch_job *job)
{
    return job->kind == JOB_RECORDS || job->kind == JOB_HELLO || job->kind == JOB_CLOSED;
}

static bool is_bulk(const struct dispatch_job *job)
{
    return job->kind == JOB_RECORDS && job->batch->stream == MUSTER__STREAM__BULK;
}

/* Of what waits, the oldest. */
static void take_bulk(struct dispatch_store *store)
{
    struct dispatch_job *set[STORE_SET_MAX];
    size_t count = 0, bytes = 0;

    while (count < STORE_SET_MAX && bytes < BULK_SET_BYTES &&
           (set[count] = handover_try_receive(store->bulk)))
        bytes += set[count++]->batch->bytes;
    store->bulk_waiting -= count;
    take_set(store, set, &count);
}

/* True: 'job' waits for its turn. Bulk of a session that waits keeps back all that comes behind it.
 */
static bool puts_off(struct dispatch_store *store, struct dispatch_job *job, size_t *bytes)
{
    if (!is_bulk(job))
        return false;
    if (store->bulk_waiting == 0 && *bytes + job->batch->bytes <= BULK_WITH_FACTS_BYTES) {
        *bytes += job->batch->bytes;
        return false;
    }
    if (handover_try_send(store->bulk, job) != 0)
        return false;
    store->bulk_waiting++;
    return true;
}

/* RECORDS, HELLOs, or ends, that follow each other are one commit, whosever they are. RESUMED asks
 * nothing of the database, and comes behind a WELCOME and in front of records: it divides none. */
void store_take_jobs(struct dispatch_store *store)
{
    struct dispatch_job *set[STORE_SET_MAX], *job;
    size_t count = 0, bulk_bytes = 0;
    int commits = 0;

    while (commits < COMMITS_A_TURN && store->bulk_waiting < STORE_BULK_JOBS &&
           (job = handover_try_receive(store->jobs))) {
        if (puts_off(store, job, &bulk_bytes))
            continue;
        if (count > 0 && job->kind != JOB_RESUMED &&
            (job->kind != set[0]->kind || count == STORE_SET_MAX)) {
            take_set(store, set, &count);
            bulk_bytes = is_bulk(job) ? job->batch->bytes : 0;
            commits++;
        }
        if (goes_in_sets(job)) {
            set[count++] = job;
        } else {
            commits += job->kind != JOB_RESUMED;
            take_job(store, job);
        }
    }
    take_set(store, set, &count);
    take_bulk(store);
    store->behind = commits >= COMMITS_A_TURN || store->bulk_waiting > 0;
}
