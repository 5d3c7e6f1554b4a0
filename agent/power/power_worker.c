/* power_worker.c - see power_worker.h.
 * Invariant, under the lock: a BMC (address and port) has at most one job that runs; jobs of one
 * BMC run in order.
 */
#include "agent/power/power_worker.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/fault_point.h"
#include "common/handover.h"

struct power_worker {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct power_job *first; /* waiting, oldest first */
    struct power_job *running;
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
    return job->action == POWER_SET || job->action == BOOT_DEVICE_SET;
}

static int command(struct power_job *job, const struct bmc_access *bmc)
{
    int rc;

    FAULT_POINT("agent_command_before");
    rc = call(job, bmc);
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

static void run(const struct power_worker *worker, struct power_job *job)
{
    uint8_t plain[SEALED_SECRET_PLAIN_MAX + 1];
    struct bmc_access bmc = {
        .address = job->target.address,
        .port = job->target.port,
        .username = job->target.username,
        .password = (const char *)plain,
        .cipher_suite = job->target.cipher_suite,
        .timeout_ms = job->target.timeout_ms,
    };

    job->rc = open_password(worker, &job->target, plain, &job->err);
    if (job->rc == 0)
        job->rc = is_command(job) ? command(job, &bmc) : call(job, &bmc);
    OPENSSL_cleanse(plain, sizeof(plain));
}

static bool same_bmc(const struct power_job *a, const struct power_job *b)
{
    return a->target.port == b->target.port && strcmp(a->target.address, b->target.address) == 0;
}

/* With the lock held: the oldest job whose BMC is free, moved to 'running'. */
static struct power_job *take(struct power_worker *worker)
{
    for (struct power_job **at = &worker->first; *at; at = &(*at)->next) {
        struct power_job *job = *at, *other = worker->running;

        while (other && !same_bmc(other, job))
            other = other->next;
        if (other)
            continue;
        *at = job->next;
        job->next = worker->running;
        worker->running = job;
        return job;
    }
    return NULL;
}

static void finished(struct power_worker *worker, struct power_job *job)
{
    struct power_job **at = &worker->running;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->next = NULL;
    pthread_cond_broadcast(&worker->wake); /* its BMC is free */
}

static void *work(void *arg)
{
    struct power_worker *worker = arg;

    pthread_mutex_lock(&worker->lock);
    while (!worker->stopping) {
        struct power_job *job = take(worker);

        if (!job) {
            pthread_cond_wait(&worker->wake, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        run(worker, job);
        pthread_mutex_lock(&worker->lock);
        finished(worker, job);
        pthread_mutex_unlock(&worker->lock);
        if (handover_send(worker->answers, job) < 0)
            power_job_destroy(job); /* nobody waits any more */
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

struct power_worker *power_worker_create(unsigned threads,
                                         const uint8_t seal_secret[SEAL_SECRET_BYTES],
                                         struct handover *answers, struct error *err)
{
    struct power_worker *worker = calloc(1, sizeof(*worker) + threads * sizeof(pthread_t));

    if (!worker) {
        error_set(err, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    worker->answers = answers;
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

void power_worker_destroy(struct power_worker *worker)
{
    struct power_job *next;

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
