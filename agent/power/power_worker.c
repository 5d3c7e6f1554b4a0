/* power_worker.c - see power_worker.h.
 * Invariant, under the lock: a BMC (address and port) has at most one job that runs; jobs of one
 * BMC run in order, and none before its budget allows it. A job goes through the queue once for
 * each of its commands, so that all of them are spaced.
 */
#include "agent/power/power_worker.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agent/power/bmc_budget.h"
#include "common/clock.h"
#include "common/fault_point.h"
#include "common/handover.h"
#include "common/log.h"

/* After it did not say what it is; doubled each time. Its quirks are none until it does. */
#define ASK_PAUSE_MS 30000
#define ASK_PAUSE_MAX_MS 3600000

/* A BMC that was reached in this life: as many as the site has, never freed before the worker. */
struct bmc {
    char *address;
    uint16_t port;
    bool busy;
    const struct bmc_quirks *quirks; /* NULL: not known yet */
    int64_t ask_at_ms;               /* not before: it did not say what it is */
    int ask_pause_ms;
    struct bmc_budget budget;
    struct bmc *next;
};

struct power_worker {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct power_job *first;   /* waiting, oldest first */
    struct power_job *running; /* a command of each is being carried out */
    struct bmc *bmcs;
    int spacing_ms;
    bool unbounded;
    int64_t (*now_ms)(void); /* what jobs are late by */
    bool stopping;
    struct handover *answers; /* borrowed */
    uint8_t seal_secret[SEAL_SECRET_BYTES];
    unsigned count;
    pthread_t threads[];
};

struct power_job *power_job_create(enum power_action action, const struct power_target *target)
{
    struct power_job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->action = action;
    job->target = *target;
    job->target.address = strdup(target->address);
    job->target.username = strdup(target->username);
    job->target.sealed_password =
        target->sealed_password ? malloc(target->sealed_length + 1) : NULL;
    if (!job->target.address || !job->target.username ||
        (target->sealed_password && !job->target.sealed_password)) {
        power_job_destroy(job);
        return NULL;
    }
    if (target->sealed_password)
        memcpy(job->target.sealed_password, target->sealed_password, target->sealed_length);
    return job;
}

void power_job_destroy(struct power_job *job)
{
    if (!job)
        return;
    free(job->target.address);
    free(job->target.username);
    free(job->target.sealed_password);
    free(job);
}

static int call(struct power_job *job, const struct bmc_access *bmc)
{
    const struct power_driver *driver = job->target.driver;

    switch (job->action) {
    case POWER_GET:
        return driver->get_power(bmc, &job->power, &job->err);
    case POWER_SET:
        return driver->set_power(bmc, job->power, &job->err);
    case BOOT_DEVICE_GET:
        return driver->get_boot_device(bmc, &job->device, &job->err);
    case BOOT_DEVICE_SET:
        return driver->set_boot_device(bmc, job->device, job->uefi, &job->err);
    case BMC_RESET:
        return driver->reset_bmc(bmc, &job->err);
    }
    return error_set(&job->err, "no such power action");
}

static bool is_command(const struct power_job *job)
{
    return job->action == POWER_SET || job->action == BOOT_DEVICE_SET || job->action == BMC_RESET;
}

/* Whoever slept while it waited for its turn, the runner too, may hear of its end only behind it.
 */
static int refuse_late(const struct power_worker *worker, struct power_job *job)
{
    if (!is_command(job) || !job->not_after_ms || worker->now_ms() < job->not_after_ms)
        return 0;
    return error_set_code(&job->err, ERROR_STALE, "its time was over before it was given");
}

static int command(const struct power_worker *worker, struct power_job *job,
                   const struct bmc_access *bmc)
{
    int rc;

    FAULT_POINT("agent_command_before");
    rc = refuse_late(worker, job) < 0 ? -1 : call(job, bmc);
    FAULT_POINT("agent_command_after");
    return rc;
}

static int open_password(const struct power_worker *worker, const struct power_target *target,
                         uint8_t plain[SEALED_SECRET_PLAIN_MAX + 1], struct error *err)
{
    size_t length = 0;

    plain[0] = '\0';
    if (!target->sealed_password)
        return 0;
    if (target->sealed_length > SEALED_SECRET_PLAIN_MAX + SEALED_SECRET_OVERHEAD ||
        sealed_secret_open(worker->seal_secret, &target->place, target->sealed_password,
                           target->sealed_length, plain, &length, err) < 0)
        return error_prefix(err, "the BMC's password cannot be opened with this agent's key");
    plain[length] = '\0';
    return 0;
}

/* Once in a life, before the first change; what it is not known to be has no quirks. */
static int identify(struct bmc *known, const struct power_job *job, const struct bmc_access *bmc,
                    struct error *err)
{
    struct bmc_identity identity;

    if (job->target.driver->identify(bmc, &identity, err) == 0) {
        known->quirks = bmc_quirks_of(&identity);
        log_info("power", "a BMC is known",
                 "address=%s manufacturer=%u product=%u firmware=%u quirks=%s",
                 log_quote(bmc->address), identity.manufacturer, identity.product,
                 identity.firmware, known->quirks->name[0] ? known->quirks->name : "none");
        return 0;
    }
    known->ask_pause_ms = known->ask_pause_ms ? 2 * known->ask_pause_ms : ASK_PAUSE_MS;
    if (known->ask_pause_ms > ASK_PAUSE_MAX_MS)
        known->ask_pause_ms = ASK_PAUSE_MAX_MS;
    known->ask_at_ms = clock_monotonic_ms() + known->ask_pause_ms;
    log_warn("power", "a BMC does not say what it is; its commands go on without",
             "err=%s asked_again_s=%d", log_quote(error_text(err)), known->ask_pause_ms / 1000);
    return -1;
}

static bool wants_identity(const struct power_job *job, const struct bmc *known)
{
    return known && is_command(job) && !job->asked && job->target.driver->identify &&
           !known->quirks && clock_monotonic_ms() >= known->ask_at_ms;
}

static bool wants_to_keep(const struct power_job *job, const struct bmc *known)
{
    return job->action == BOOT_DEVICE_SET && job->device != BOOT_DEVICE_NONE && !job->kept &&
           job->target.driver->keep_boot_device &&
           !(known && known->quirks && known->quirks->keeps_boot_options);
}

/* One command of the job; 'known' is its alone meanwhile. 1: that was its last, and its answer
 * stands in it. 0: it has more. *ret_silent: the BMC did not answer in time. */
static int run(const struct power_worker *worker, struct power_job *job, struct bmc *known,
               bool *ret_silent)
{
    uint8_t plain[SEALED_SECRET_PLAIN_MAX + 1];
    struct bmc_access bmc = {
        .address = job->target.address,
        .port = job->target.port,
        .username = job->target.username,
        .password = (const char *)plain,
        .cipher_suite = job->target.cipher_suite,
        .timeout_ms = job->target.timeout_ms,
        .quirks = known ? known->quirks : NULL,
    };
    struct error err = {0};
    int last = 0;

    job->rc = open_password(worker, &job->target, plain, &job->err);
    if (job->rc == 0)
        job->rc = refuse_late(worker, job);
    if (job->rc < 0) {
        last = 1;
    } else if (wants_identity(job, known)) {
        job->asked = true;
        identify(known, job, &bmc, &err);
    } else if (wants_to_keep(job, known)) {
        job->kept = true;
        job->target.driver->keep_boot_device(&bmc, &err);
    } else {
        last = 1;
        job->rc = is_command(job) ? command(worker, job, &bmc) : call(job, &bmc);
    }
    *ret_silent = err.code == ERROR_TIMEOUT || (job->rc < 0 && job->err.code == ERROR_TIMEOUT);
    OPENSSL_cleanse(plain, sizeof(plain));
    return last;
}

/* With the lock held. NULL: out of memory. */
static struct bmc *find_bmc(struct power_worker *worker, const struct power_job *job)
{
    struct bmc *bmc = worker->bmcs;

    while (bmc && (bmc->port != job->target.port || strcmp(bmc->address, job->target.address) != 0))
        bmc = bmc->next;
    if (bmc)
        return bmc;
    bmc = calloc(1, sizeof(*bmc));
    if (!bmc || !(bmc->address = strdup(job->target.address))) {
        free(bmc);
        return NULL;
    }
    bmc->port = job->target.port;
    bmc->next = worker->bmcs;
    worker->bmcs = bmc;
    return bmc;
}

/* With the lock held: the oldest job whose BMC is free and may be asked now. *ret_next_ms: when one
 * may be that is not yet; INT64_MAX: none is. */
static struct power_job *take(struct power_worker *worker, struct bmc **ret_bmc,
                              int64_t *ret_next_ms)
{
    int64_t now_ms = clock_monotonic_ms(), next_ms;

    *ret_next_ms = INT64_MAX;
    for (struct power_job **at = &worker->first; *at; at = &(*at)->next) {
        struct power_job *job = *at;
        struct bmc *bmc = find_bmc(worker, job);

        if (bmc && bmc->busy)
            continue;
        next_ms = bmc && !worker->unbounded ? bmc_budget_next_ms(&bmc->budget, now_ms) : now_ms;
        if (next_ms > now_ms) {
            *ret_next_ms = next_ms < *ret_next_ms ? next_ms : *ret_next_ms;
            continue;
        }
        *at = job->next;
        job->next = NULL;
        if (bmc) {
            bmc->busy = true;
            bmc_budget_take(&bmc->budget, now_ms);
        }
        *ret_bmc = bmc;
        return job;
    }
    return NULL;
}

/* With the lock held: a command has ended. */
static void finished(struct power_worker *worker, struct bmc *bmc, bool silent)
{
    if (!bmc)
        return;
    bmc->busy = false;
    bmc->budget.spacing_ms = worker->spacing_ms;
    if (bmc->quirks && bmc->quirks->spacing_ms > worker->spacing_ms)
        bmc->budget.spacing_ms = bmc->quirks->spacing_ms;
    bmc_budget_ended(&bmc->budget, !silent, clock_monotonic_ms());
    pthread_cond_broadcast(&worker->wake);
}

/* With the lock held; until something changes, or a BMC may be asked again. */
static void wait_for_work(struct power_worker *worker, int64_t next_ms)
{
    struct timespec until = {.tv_sec = next_ms / 1000, .tv_nsec = next_ms % 1000 * 1000000};

    if (next_ms == INT64_MAX)
        pthread_cond_wait(&worker->wake, &worker->lock);
    else
        pthread_cond_timedwait(&worker->wake, &worker->lock, &until);
}

/* With the lock held. */
static void end_running(struct power_worker *worker, struct power_job *job)
{
    struct power_job **at = &worker->running;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
}

/* With the lock held, which is let go while the command runs. */
static void work_on(struct power_worker *worker, struct power_job *job, struct bmc *bmc)
{
    bool silent = false;
    int last;

    job->next = worker->running;
    worker->running = job;
    pthread_mutex_unlock(&worker->lock);
    last = run(worker, job, bmc, &silent);
    pthread_mutex_lock(&worker->lock);
    end_running(worker, job);
    finished(worker, bmc, silent);
    if (!last && !job->withdrawn) { /* in front of all others of this BMC */
        job->next = worker->first;
        worker->first = job;
        return;
    }
    pthread_mutex_unlock(&worker->lock);
    if (!last || handover_send(worker->answers, job) < 0)
        power_job_destroy(job); /* nobody waits any more */
    pthread_mutex_lock(&worker->lock);
}

static void *work(void *arg)
{
    struct power_worker *worker = arg;
    int64_t next_ms;

    pthread_mutex_lock(&worker->lock);
    while (!worker->stopping) {
        struct bmc *bmc = NULL;
        struct power_job *job = take(worker, &bmc, &next_ms);

        if (job)
            work_on(worker, job, bmc);
        else
            wait_for_work(worker, next_ms);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

struct power_worker *power_worker_create(unsigned threads,
                                         const uint8_t seal_secret[SEAL_SECRET_BYTES],
                                         struct handover *answers, struct error *err)
{
    struct power_worker *worker = calloc(1, sizeof(*worker) + threads * sizeof(pthread_t));
    pthread_condattr_t attr;

    if (!worker) {
        error_no_memory(err);
        return NULL;
    }
    pthread_mutex_init(&worker->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->wake, &attr);
    pthread_condattr_destroy(&attr);
    worker->answers = answers;
    worker->now_ms = clock_boottime_ms;
    memcpy(worker->seal_secret, seal_secret, SEAL_SECRET_BYTES);
    for (; worker->count < threads; worker->count++) {
        int rc = pthread_create(&worker->threads[worker->count], NULL, work, worker);

        if (rc != 0) {
            error_set(err, "start a power worker: %s", strerror(rc));
            power_worker_destroy(worker);
            return NULL;
        }
    }
    return worker;
}

void power_worker_set_spacing(struct power_worker *worker, int spacing_ms)
{
    pthread_mutex_lock(&worker->lock);
    worker->spacing_ms = spacing_ms;
    pthread_mutex_unlock(&worker->lock);
}

void power_worker_set_unbounded(struct power_worker *worker, int64_t (*now_ms)(void))
{
    pthread_mutex_lock(&worker->lock);
    worker->unbounded = true;
    worker->now_ms = now_ms;
    pthread_mutex_unlock(&worker->lock);
}

void power_worker_destroy(struct power_worker *worker)
{
    struct power_job *next;
    struct bmc *after;

    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_broadcast(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    for (unsigned i = 0; i < worker->count; i++)
        pthread_join(worker->threads[i], NULL);
    for (struct power_job *job = worker->first; job; job = next) {
        next = job->next;
        power_job_destroy(job);
    }
    for (struct bmc *bmc = worker->bmcs; bmc; bmc = after) {
        after = bmc->next;
        free(bmc->address);
        free(bmc);
    }
    OPENSSL_cleanse(worker->seal_secret, sizeof(worker->seal_secret));
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

void power_worker_give(struct power_worker *worker, struct power_job *job)
{
    struct power_job **last;

    pthread_mutex_lock(&worker->lock);
    for (last = &worker->first; *last; last = &(*last)->next)
        ;
    job->next = NULL;
    *last = job;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
}

static struct power_job **find_ticket(struct power_job **at, uint64_t ticket)
{
    while (*at && (*at)->ticket != ticket)
        at = &(*at)->next;
    return at;
}

bool power_worker_withdraw(struct power_worker *worker, uint64_t ticket)
{
    struct power_job *job, *under_way, **at;

    pthread_mutex_lock(&worker->lock);
    at = find_ticket(&worker->first, ticket);
    job = *at;
    if (job)
        *at = job->next;
    under_way = *find_ticket(&worker->running, ticket);
    if (under_way)
        under_way->withdrawn = true;
    pthread_mutex_unlock(&worker->lock);
    power_job_destroy(job);
    return job != NULL;
}
